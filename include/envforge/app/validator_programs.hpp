// The validator as it travels inside envforge: driver and portable groups for each platform, and the sources of the
// torch group, which is compiled against the image's own torch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <envforge/render/render.hpp>

namespace envforge::app {

struct ValidatorFile {
  std::string
      name;  // "envforge-driver", "envforge-group-cublas"; of a source: its path, "src/validator/harness/check.hpp"
  std::string_view content;
};

/// For "amd64" or "arm64"; empty when this build has none for it: without zig it has none at all.
std::vector<ValidatorFile> validator_programs(const std::string& architecture);
std::vector<ValidatorFile> torch_group_sources();
/// How render compiles them.
render::TorchGroupSources torch_group_build();
/// sha256 hex over names and contents of torch_group_sources(): part of the key under which a compiled group is kept.
std::string torch_group_sources_digest();

}  // namespace envforge::app
