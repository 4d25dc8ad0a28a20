#include <nlohmann/json.hpp>

#include <envforge/app/build_image.hpp>
#include <envforge/app/load_recipe.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"
#include "commands/lock_options.hpp"

namespace envforge::cli {
namespace {

struct BuildArguments {
  LockArguments lock;
  std::string output;
  app::BuildOptions build;
  bool no_torch_group = false;
};

std::string build_text(const app::BuildReport& report) {
  using support::human_bytes;
  std::string text;
  text += "built " + support::join(report.tags, ", ") + "\n";
  text += "  image     " + report.image_id + "\n";
  for (const auto& place : report.published) {
    text += "  manifest  " + place.manifest_digest + " in " + support::printable(place.where) + "\n";
    if (!place.index_digest.empty()) text += "  index     " + place.index_digest + " over it\n";
  }
  text += "  lock      " + report.lock_digest + "\n";
  text += "  installed == locked: " + std::to_string(report.wheels_checked) + " wheels; Python " + report.python +
          ", torch " + report.torch + ", CUDA " + report.torch_cuda + ", cuDNN " + report.cudnn + ", NCCL " +
          report.nccl + ", read from inside\n";
  text += "  size      " + human_bytes(report.image_bytes) + "\n";
  for (const auto& layer : report.layers) {
    std::string size = human_bytes(layer.bytes);
    size.insert(0, size.size() < 10 ? 10 - size.size() : 0, ' ');
    text += "    " + size + "  " + support::printable(layer.created_by).substr(0, 64) + "\n";
  }
  text += "  largest packages\n";
  for (const auto& package : report.largest) {
    std::string size = human_bytes(package.bytes);
    size.insert(0, size.size() < 10 ? 10 - size.size() : 0, ' ');
    text += "    " + size + "  " + package.name + " " + package.version + "\n";
  }
  for (const auto& note : report.notes) text += "  note: " + note + "\n";
  return text;
}

std::string oci_directory(const std::string& output) {
  if (output.empty()) return {};
  constexpr std::string_view kPrefix = "oci-dir:";
  if (!support::starts_with(output, kPrefix) || output.size() == kPrefix.size()) {
    throw support::Error(support::ErrorCode::kUsage, "--output does not know '" + support::printable(output) + "'",
                         std::nullopt, "write --output oci-dir:PATH");
  }
  return output.substr(kPrefix.size());
}

}  // namespace

Action declare_build(CLI::App& command) {
  auto arguments = std::make_shared<BuildArguments>();
  add_lock_arguments(command, arguments->lock);
  command.add_flag("--push", arguments->build.push, "push the tags to their registry");
  command.add_option("--output", arguments->output, "oci-dir:PATH also writes an OCI image layout");
  command.add_option("--platform", arguments->build.platform,
                     "linux/amd64 or linux/arm64; the engine's own if left out");
  command.add_flag("--no-cache", arguments->build.no_cache, "build every step anew");
  command.add_flag("--no-torch-group", arguments->no_torch_group,
                   "do not compile the validator's torch group for verify");
  return [arguments](Session& session) {
    const auto recipe = app::load_recipe(arguments->lock.recipe, session.site());
    auto options = arguments->build;
    options.lock = lock_options(arguments->lock);
    options.oci_dir = oci_directory(arguments->output);
    options.torch_group = !arguments->no_torch_group;
    const auto report = app::build_image(session.world(), recipe, options);
    session.events().finish();
    print_out(session.options().json ? support::readable_json(app::to_json(report)) : build_text(report));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
