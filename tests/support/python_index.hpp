// Python packages of our own and a package index on the loopback address that serves them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/loopback_server.hpp"

namespace envforge::testing {

struct PackageFile {
  std::string filename;
  std::string bytes;
};

struct WheelSpec {
  std::string name, version;
  std::string tag = "py3-none-any";
  std::vector<std::string> requires_dist = {};
  std::vector<std::pair<std::string, std::string>> files = {};  // beside a module, empty if not here
};

PackageFile make_wheel(const WheelSpec& spec);
/// A source distribution whose build runs `code`; its metadata says that only a build can tell its needs.
PackageFile make_sdist(const std::string& name, const std::string& version, const std::string& code);

/// /INDEX/NAME/ lists the files of a package with hashes and sizes (the JSON form of PEP 691 and 700), /INDEX/files/F
/// serves one.
class PythonIndexServer {
 public:
  using Indexes = std::map<std::string, std::vector<PackageFile>>;
  /// `upload_time` "" gives none, as the PyTorch index does.
  explicit PythonIndexServer(Indexes indexes, std::string upload_time = "2025-01-01T00:00:00Z");
  std::string url(const std::string& index) const { return server_->url() + "/" + index; }
  std::vector<std::string> requests() const { return server_->requests(); }

 private:
  HttpAnswer answer(const std::string& path) const;

  Indexes indexes_;
  std::string upload_time_;
  std::unique_ptr<LoopbackServer> server_;
};

}  // namespace envforge::testing
