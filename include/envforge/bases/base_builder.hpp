// A base image out of Debian packages, for places where no registry answers.
#pragma once

#include <string>
#include <vector>

namespace envforge::bases {

struct BaseRequest {
  std::string base;                    // debian:12
  std::string architecture;            // amd64
  std::vector<std::string> deb_files;  // exactly these, already fetched and checked
  long source_date_epoch = 0;
};

class BaseBuilder {
 public:
  virtual ~BaseBuilder() = default;
  /// Writes the root file system as one uncompressed tar to `tar_path`: the same request gives the same bytes.
  /// Throws Error{kProgramMissing} without mmdebstrap, Error{kBaseBuild} with its last lines, Error{kDebTool} for a
  /// file that is no .deb.
  virtual void build(const BaseRequest& request, const std::string& tar_path) = 0;
};

}  // namespace envforge::bases
