// Reads and checks the JSON files of the compatibility data. Runs at build time (compile_data) and for `--data DIR`:
// one set of checks, so what compiles also loads.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/compat/knowledge.hpp>

namespace envforge::compat {

/// Owns what the views of its tables point into. Not copied: the views would point into the original.
struct OwnedTables {
  OwnedTables() = default;
  OwnedTables(const OwnedTables&) = delete;
  OwnedTables& operator=(const OwnedTables&) = delete;

  Tables tables;
  std::deque<std::string> texts;
  std::deque<std::vector<std::string_view>> names;
  std::deque<std::vector<SourceText>> sources;
  std::deque<std::vector<BuildPlatform>> platforms;
  std::deque<std::vector<Requirement>> pins;
  std::deque<std::vector<FirstListed>> first_listed;
  std::deque<std::vector<Build>> builds;
  std::vector<Release> releases;
  std::vector<CudaMajor> majors;
  std::vector<CompilerWheels> compilers;
  std::vector<Toolkit> toolkits;
  std::vector<NotPublished> not_published;
  std::vector<Architecture> architectures;
  std::vector<DriverBranch> branches;
  std::vector<ForwardCompat> forward_compat;
  std::vector<Gpu> gpus;
  std::vector<CudnnFloor> cudnn_floors;
  std::vector<Base> bases;
  std::vector<WithoutGlibc> without_glibc;
  std::vector<KnownBad> known_bad;
  std::vector<Topic> topics;
  std::vector<ImageTags> image_tags;
};

/// Throws Error{kDataMalformed, kDataReference, kDataTooNew} with file and JSON pointer.
std::shared_ptr<const OwnedTables> read_tables(const std::vector<DataFile>& files);
/// The same of files that are parsed, by name.
std::shared_ptr<const OwnedTables> read_tables(const std::map<std::string, nlohmann::json>& parsed);

}  // namespace envforge::compat
