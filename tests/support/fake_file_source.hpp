// The test twin of CurlFileSource: a handful of addresses. For tests of app; the contract suite holds it to what
// CurlFileSource does with the same files on a real server.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <envforge/packages/file_source.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>

namespace envforge::testing {

class FakeFileSource : public packages::FileSource {
 public:
  std::string fetch(const packages::FileRequest& request, const std::string& cache_dir) override {
    const auto kept = std::filesystem::path(cache_dir) / request.sha256;
    if (std::filesystem::exists(kept) && support::sha256_file_hex(kept.string()) == request.sha256)
      return kept.string();
    requests.push_back(request);
    const auto file = files.find(request.url);
    if (file == files.end())
      throw support::Error(support::ErrorCode::kPythonFetch, request.what + " cannot be fetched from " + request.url);
    const std::string digest = support::sha256_hex(file->second);
    if (digest != request.sha256)
      throw support::Error(support::ErrorCode::kPythonDigest, request.url + " has sha256 " + digest + ", expected " +
                                                                  request.sha256 + " for " + request.what);
    support::write_file_atomically(kept, file->second);
    return kept.string();
  }

  std::map<std::string, std::string> files;     // by address
  std::vector<packages::FileRequest> requests;  // what was really asked for
};

}  // namespace envforge::testing
