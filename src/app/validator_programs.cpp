#include <envforge/app/validator_programs.hpp>

#include <envforge/support/sha256.hpp>

#include "torch_group_files.hpp"
#include "validator_programs_files.hpp"

namespace envforge::app {
namespace {

// Docker's word for the platform that this envforge was built for.
std::string built_for() {
  const std::string processor = ENVFORGE_PROCESSOR;
  return processor == "x86_64" ? "amd64" : processor == "aarch64" ? "arm64" : processor;
}

std::vector<ValidatorFile> files_of(const std::vector<embedded::File>& files) {
  std::vector<ValidatorFile> out;
  for (const auto& file : files) out.push_back({std::string(file.path), file.content});
  return out;
}

}  // namespace

std::vector<ValidatorFile> validator_programs(const std::string& architecture) {
  return architecture == built_for() ? files_of(embedded::validator_programs()) : std::vector<ValidatorFile>{};
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
