// A file by its address and its hash: an archive of Python.
#pragma once

#include <map>
#include <string>

namespace envforge::packages {

struct FileRequest {
  std::string what;  // for messages: "Python 3.13.5t"
  std::string url;   // https, or http from this machine
  std::string sha256;
  // Site settings.
  std::string ca_bundle;                       // "" = none
  std::map<std::string, std::string> proxies;  // http_proxy, https_proxy, no_proxy
};

class FileSource {
 public:
  virtual ~FileSource() = default;
  /// The path of the file in `cache_dir`, fetched if it is not there. Throws Error{kPythonFetch} if the address gives
  /// none, Error{kPythonDigest} for other bytes, which are not kept, Error{kProgramMissing} without curl.
  virtual std::string fetch(const FileRequest& request, const std::string& cache_dir) = 0;
};

}  // namespace envforge::packages
