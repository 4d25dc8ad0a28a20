#include "engine_build.hpp"

#include <envforge/app/site_requests.hpp>
#include <envforge/render/render.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {

using support::Error;
using support::ErrorCode;

engine::BuildResult build_or_throw(World& world, const engine::BuildRequest& request, const std::string& step) {
  world.events.step(step);
  auto result = world.engine.build(request, [&](const engine::BuildEvent& event) {
    if (event.kind == engine::BuildEvent::Kind::kStepStarted || event.kind == engine::BuildEvent::Kind::kOutput)
      world.events.progress(event.text);
  });
  if (result.interrupted) throw Error(ErrorCode::kInterrupted, "the build was interrupted; nothing was tagged");
  if (result.ok) return result;
  const std::string hint = result.cache_damaged ? "the engine's build cache is damaged: `docker builder prune` removes "
                                                  "what is not in use (--all: everything), then build again"
                                                : "";
  const std::string said = support::printable(result.message);
  Error error(ErrorCode::kBuildFailed,
              "the build failed" +
                  (result.failed_step.empty() ? ": " + said : " in: " + support::printable(result.failed_step)),
              std::nullopt, hint);
  for (const auto& line : result.last_lines) error.note(support::printable(line));
  if (!result.failed_step.empty() && !said.empty()) error.note("the engine said: " + said);
  throw error;
}

std::map<std::string, std::string> site_secrets(const World& world, const documents::LockedPlatform& locked,
                                                const std::filesystem::path& folder) {
  std::map<std::string, std::string> secrets;
  const auto& site = world.site;
  if (!site.ca_bundle.value.empty()) secrets[std::string(render::kCaBundleSecret)] = site.ca_bundle.value;
  const std::string network = render::site_secret(site_network(world, locked));
  if (network.empty()) return secrets;
  const auto file = folder / "site";
  support::write_file_atomically(file, network, 0600);
  secrets[std::string(render::kSiteSecret)] = file.string();
  return secrets;
}

}  // namespace envforge::app
