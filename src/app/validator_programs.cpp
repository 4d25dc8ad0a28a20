#include <envforge/app/validator_programs.hpp>

#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "torch_group_files.hpp"
#include "validator_programs_files.hpp"

namespace envforge::app {
namespace {

std::vector<ValidatorFile> files_of(const std::vector<embedded::File>& files) {
  std::vector<ValidatorFile> out;
  for (const auto& file : files) out.push_back({std::string(file.path), file.content});
  return out;
}

}  // namespace

std::vector<ValidatorFile> validator_programs(const std::string& architecture) {
  // They lie in a folder with the compiler's word for the platform that Docker calls amd64 or arm64.
  const std::string folder = (architecture == "amd64"   ? "x86_64"
                              : architecture == "arm64" ? "aarch64"
                                                        : architecture) +
                             "/";
  std::vector<ValidatorFile> out;
  for (auto& file : files_of(embedded::validator_programs())) {
    if (support::starts_with(file.name, folder)) out.push_back({file.name.substr(folder.size()), file.content});
  }
  return out;
}

std::vector<ValidatorFile> torch_group_sources() {
  return files_of(embedded::torch_group());
}

render::TorchGroupSources torch_group_build() {
  return {"src/validator/checks/torch/build.sh"};
}

std::string torch_group_sources_digest() {
  support::Sha256 hash;
  for (const auto& file : torch_group_sources()) {
    hash.update(std::to_string(file.name.size()) + ":" + file.name + std::to_string(file.content.size()) + ":");
    hash.update(file.content);
  }
  const auto digest = hash.finish();
  return support::to_hex(digest.data(), digest.size());
}

}  // namespace envforge::app
