// What is known of versions, as questions. Used by resolve, app and cli; knows no recipe. nullptr or "" is "not known
// to the data", never "does not exist".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <envforge/compat/rows.hpp>
#include <envforge/versions/version.hpp>

namespace envforge::compat {

struct ImageName {
  std::string repository;  // nvidia/cuda, without Docker Hub's own name
  std::string tag;         // latest where none is named
};
/// Reads "nvidia/cuda:12.4.1-base-ubuntu22.04" or "debian:12"; nullopt for what is no name of an image with a
/// repository or a tag, such as "conda".
std::optional<ImageName> image_name(const std::string& text);

class Knowledge {
 public:
  /// `storage` keeps alive what the views of `tables` point into; empty for constants.
  explicit Knowledge(Tables tables, std::shared_ptr<const void> storage = nullptr);

  std::string as_of() const { return std::string(tables_.as_of); }
  std::string digest() const { return std::string(tables_.digest); }
  const Tables& tables() const { return tables_; }

  const Release* release(std::string_view version) const;
  const Base* base(std::string_view name) const;
  const Architecture* architecture(std::string_view cc) const;
  const CudaMajor* cuda_major(const versions::Version& cuda) const;
  const CompilerWheels* compiler(const versions::Version& cuda) const;
  const Toolkit* toolkit(const versions::Version& cuda) const;
  const NotPublished* not_published(const versions::Version& cuda) const;
  /// The branch of "535.183.06" is R535.
  const DriverBranch* branch(const versions::Version& driver) const;
  /// What cuda-compat does for a toolkit.
  const ForwardCompat* forward_compat(const versions::Version& cuda) const;
  /// The cuDNN row that leaves GPUs of `cc` without code, if there is one.
  const CudnnFloor* cudnn_without(std::string_view cudnn, const versions::Version& cc) const;
  /// The topics that answer `text`, whatever its case; none: not known to the data.
  std::vector<const Topic*> topics_about(const std::string& text) const;
  /// The row that has the image's tag; the first where several do: the surest one.
  const ImageTags* image_tags(const ImageName& image) const;
  /// The index that serves a build on a platform: "" is PyPI.
  std::string index_url(const Build& build, const BuildPlatform& platform) const;

 private:
  Tables tables_;
  std::shared_ptr<const void> storage_;
};

/// How the rows were checked (how_checked()); machine code of a platform counts as a row where it has sources of its
/// own.
struct RowsByCheck {
  std::size_t artifact = 0, document = 0;
  std::size_t inferred = 0;  // of both: rows with a field that is inferred
};
RowsByCheck rows_by_check(const Tables& tables);

/// The rows that the program was built with. Costs nothing at start: they are constants.
Knowledge embedded();

struct DataFile {
  std::string name;  // pytorch.json
  std::string text;
};
/// The files that make the data, in the order of the digest.
const std::vector<std::string>& data_file_names();
/// The same rows from files, through the same checks. Throws Error{kDataMalformed, kDataReference, kDataTooNew}.
Knowledge parse_knowledge(const std::vector<DataFile>& files);
/// The text of `folder`/pytorch.json and its neighbours. Throws Error{kFileUnreadable}.
std::vector<DataFile> read_data_folder(const std::string& folder);
/// The rows of such a folder. Throws as the two above, with the folder in the place.
Knowledge load_knowledge(const std::string& folder);

}  // namespace envforge::compat
