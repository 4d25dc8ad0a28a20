// A base out of Debian packages by mmdebstrap, without a network: as root, or as any user with user namespaces. Used by
// cli's main (to build it) and the contract tests; knows nothing of mirrors, recipes or engines.
#pragma once

#include <chrono>
#include <string>

#include <envforge/bases/base_builder.hpp>
#include <envforge/process/process.hpp>

namespace envforge::bases {

struct MmdebstrapSettings {
  std::chrono::milliseconds deadline = std::chrono::minutes(15);
};

class MmdebstrapBuilder : public BaseBuilder {
 public:
  /// `runner` must outlive the builder.
  explicit MmdebstrapBuilder(process::ProcessRunner& runner, MmdebstrapSettings settings = {})
      : runner_(runner), settings_(settings) {}
  void build(const BaseRequest& request, const std::string& tar_path) override;

 private:
  process::ProcessRunner& runner_;
  MmdebstrapSettings settings_;
};

}  // namespace envforge::bases
