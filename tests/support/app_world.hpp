// A whole world of twins for tests of app's use cases: a folder with a recipe, an index with the wheels that the
// shipped data pins, a mirror with a few .debs, and an engine that "builds" what the lock says unless a test says
// otherwise.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe.hpp>

#include "support/fake_base_builder.hpp"
#include "support/fake_deb_source.hpp"
#include "support/fake_engine.hpp"
#include "support/fake_file_source.hpp"
#include "support/fake_process.hpp"
#include "support/fake_python_resolver.hpp"

namespace envforge::testing {

class RecordedEvents : public app::Events {
 public:
  void step(const std::string& what) override { steps.push_back(what); }
  void progress(const std::string&) override {}
  void note(const std::string& line) override { notes.push_back(line); }
  void warn(const std::string& line) override { notes.push_back(line); }

  std::vector<std::string> steps, notes;
};

/// The wheels of torch 2.6 and 2.7 as the shipped data pins them, uv, jupyterlab, and numpy 2.1.0 and 2.2.0.
FakeUniverse shipped_torch_universe();
/// What a base, a foundation, torch_compile and the torch group need, and git and tmux.
std::vector<FakeDeb> small_mirror();

/// Words of a recipe on Debian 12 for one H100 pool; what a test adds comes behind.
std::string recipe_text(const std::string& torch, const std::string& more = {});

class AppWorld {
 public:
  AppWorld();

  /// Writes FOLDER/env.yaml and reads it as the CLI does.
  documents::Recipe recipe(const std::string& text) const;
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  app::World& world() { return world_; }
  documents::Lock written_lock() const;  // FOLDER/env.lock
  bool tagged(const std::string& tag) { return engine.inspect_image(tag).has_value(); }
  /// Every file below the folder that holds recipe, lock and cache.
  std::vector<std::string> files() const;

  FakeEngine engine;
  FakePythonResolver python{shipped_torch_universe()};
  FakeDebSource debs{small_mirror()};
  FakeFileSource downloads;
  FakeBaseBuilder bases;
  ScriptedProcessRunner processes;
  documents::SiteConfig site;
  RecordedEvents events;

  // What the engine's builds do.
  std::function<void(nlohmann::json& installed)> change_installed;  // what the check stage reads from inside
  std::map<std::string, engine::BuildResult> build_results;         // by target, instead of a build that works
  std::uint64_t image_bytes = 5'000'000'000;

 private:
  engine::BuildResult build(const engine::BuildRequest& request);

  support::TempDir folder_;
  compat::Knowledge knowledge_{compat::embedded()};
  int made_ = 0;
  app::World world_;
};

}  // namespace envforge::testing
