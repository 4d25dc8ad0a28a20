// Files by curl. Used by cli's main (to build it) and the contract tests.
#pragma once

#include <chrono>

#include <envforge/packages/file_source.hpp>
#include <envforge/process/process.hpp>

namespace envforge::packages {

class CurlFileSource : public FileSource {
 public:
  /// `runner` must outlive the source.
  explicit CurlFileSource(process::ProcessRunner& runner, std::chrono::milliseconds deadline = std::chrono::minutes(10))
      : runner_(runner), deadline_(deadline) {}
  std::string fetch(const FileRequest& request, const std::string& cache_dir) override;

 private:
  process::ProcessRunner& runner_;
  std::chrono::milliseconds deadline_;
};

}  // namespace envforge::packages
