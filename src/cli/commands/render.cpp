#include <nlohmann/json.hpp>

#include <envforge/app/build_image.hpp>
#include <envforge/app/load_recipe.hpp>
#include <envforge/support/canonical_json.hpp>

#include "command_table.hpp"
#include "commands/lock_options.hpp"

namespace envforge::cli {
namespace {

struct RenderArguments {
  LockArguments lock;
  std::string directory;
  std::string platform;
};

}  // namespace

Action declare_render(CLI::App& command) {
  auto arguments = std::make_shared<RenderArguments>();
  add_lock_arguments(command, arguments->lock);
  command.add_option("-o,--output", arguments->directory, "the folder to write")->required();
  command.add_option("--platform", arguments->platform, "linux/amd64 or linux/arm64; the recipe's first if left out");
  return [arguments](Session& session) {
    const auto recipe = app::load_recipe(arguments->lock.recipe, session.site());
    const auto files = app::render_recipe(session.world(), recipe, lock_options(arguments->lock), arguments->platform,
                                          arguments->directory);
    session.events().finish();
    if (session.options().json) {
      print_out(support::readable_json({{"directory", arguments->directory}, {"files", files}}));
    } else {
      print_out("wrote " + std::to_string(files.size()) + " files to " + arguments->directory + "; `docker build " +
                arguments->directory + "` builds the image\n");
    }
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
