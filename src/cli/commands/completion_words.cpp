#include "commands/completion_words.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include <envforge/app/load_recipe.hpp>
#include <envforge/compat/machine_code.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/protocol/check_ids.hpp>
#include <envforge/resolve/what_if.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/glob.hpp>
#include <envforge/support/text.hpp>

namespace envforge::cli {
namespace {

namespace fs = std::filesystem;
using compat::Tables;

/// An engine that hangs must not hang the prompt.
constexpr std::chrono::milliseconds kEngineDeadline{1000};

// As people write them: "RTX 5090", for vendor words do not count.
Words gpus(const Tables& tables) {
  constexpr std::string_view kVendor = "GeForce ";
  Words out;
  for (const auto& gpu : tables.gpus)
    out.emplace_back(support::starts_with(gpu.name, kVendor) ? gpu.name.substr(kVendor.size()) : gpu.name);
  for (const auto& architecture : tables.architectures) out.push_back(compat::sm_name(architecture.cc));
  return out;
}

Words torch_versions(const Tables& tables) {
  Words out{"auto"};
  for (const auto& release : tables.releases) out.emplace_back(release.version);
  return out;
}

Words driver_branches(const Tables& tables) {
  Words out;
  for (const auto& branch : tables.branches) out.emplace_back(branch.branch.substr(1));
  return out;
}

// Each value once, in the order of the rows.
void add_once(Words& out, std::string_view value) {
  if (!value.empty() && std::find(out.begin(), out.end(), value) == out.end()) out.emplace_back(value);
}

template <class Of>
Words of_bases(const Tables& tables, const Of& of) {
  Words out;
  for (const auto& base : tables.bases) add_once(out, of(base));
  return out;
}

template <class AddOf>
Words of_builds(const Tables& tables, const AddOf& add_of) {
  Words out;
  for (const auto& release : tables.releases) {
    for (const auto& build : release.builds) add_of(out, release, build);
  }
  return out;
}

// The values of a part of the version set, in the order of the data: its newest first.
std::optional<Words> values_of_part(const std::string& part, const Tables& tables) {
  using compat::Build;
  using compat::Release;
  if (part == "torch") return torch_versions(tables);
  if (part == "gpu") return gpus(tables);
  if (part == "driver") return driver_branches(tables);
  if (part == "platform") return Words{"linux/amd64", "linux/arm64"};
  if (part == "variant") return Words{"runtime", "devel"};
  if (part == "base") return of_bases(tables, [](const auto& base) { return base.name; });
  if (part == "glibc") return of_bases(tables, [](const auto& base) { return base.glibc; });
  if (part == "cuda") {
    return of_builds(tables, [](Words& out, const Release&, const Build& build) {
      add_once(out, build.cuda_variant);
      add_once(out, build.cuda);
    });
  }
  if (part == "python") {
    return of_builds(tables, [](Words& out, const Release&, const Build& build) {
      for (const auto& python : build.python) add_once(out, python);
      for (const auto& python : build.free_threaded) add_once(out, python);
    });
  }
  static const std::map<std::string, std::string_view (*)(const Release&, const Build&)> kOne = {
      {"cudnn", [](const Release&, const Build& build) { return build.cudnn; }},
      {"nccl", [](const Release&, const Build& build) { return build.nccl; }},
      {"cublas", [](const Release&, const Build& build) { return build.cublas; }},
      {"triton", [](const Release& release, const Build&) { return release.triton; }},
      {"torchvision", [](const Release& release, const Build&) { return release.torchvision; }},
      {"torchaudio", [](const Release& release, const Build&) { return release.torchaudio; }}};
  const auto one = kOne.find(part);
  if (one == kOne.end()) return std::nullopt;
  return of_builds(tables, [&](Words& out, const Release& release, const Build& build) {
    add_once(out, one->second(release, build));
  });
}

Words checks() {
  Words out = protocol::known_checks();
  const auto& groups = protocol::known_groups();
  out.insert(out.end(), groups.begin(), groups.end());
  return out;
}

bool is_yaml(const fs::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

bool is_recipe(const fs::path& file) {
  constexpr std::uint64_t kMaxBytes = 1 << 18;
  try {
    return support::read_file(file, kMaxBytes).find("schema: envforge/recipe/") != std::string::npos;
  } catch (const support::Error&) {
    return false;
  }
}

/// Recipes and locks here and in recipes/; `locks` too where a command takes both.
Words files_here(bool recipes, bool locks) {
  Words out;
  for (const char* folder : {".", "recipes"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const bool recipe = recipes && is_yaml(entry.path()) && is_recipe(entry.path());
      if (recipe || (locks && entry.path().extension() == ".lock"))
        out.push_back(entry.path().lexically_normal().string());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<documents::Lock> lock_in(const fs::path& file) {
  try {
    return documents::read_lock(support::read_file(file), file.string());
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

// What `lock --upgrade=` can forget: the packages of the recipe's lock, Python's and Debian's.
Words locked_packages(const Words& line) {
  documents::Recipe recipe;
  recipe.file = app::kDefaultRecipe;
  for (const auto& word : line) {
    if (is_yaml(word)) recipe.file = word;
  }
  std::set<std::string> names;
  if (const auto lock = lock_in(app::lock_path(recipe))) {
    for (const auto& [platform, locked] : lock->platforms) {
      for (const auto& wheel : locked.wheels) names.insert(wheel.name);
      for (const auto& deb : locked.debs) names.insert(deb.name);
    }
  }
  return {names.begin(), names.end()};
}

// The pools of the locks that the line names.
Words pools_of_locks(const Words& line) {
  std::set<std::string> names;
  for (const auto& word : line) {
    const std::string pattern = support::starts_with(word, "--locks=") ? word.substr(word.find('=') + 1) : word;
    if (!support::ends_with(pattern, ".lock")) continue;
    for (const auto& file : support::is_glob(pattern) ? support::files_matching(pattern) : Words{pattern}) {
      if (const auto lock = lock_in(file)) {
        for (const auto& pool : lock->spec.pools) names.insert(pool.name);
      }
    }
  }
  return {names.begin(), names.end()};
}

// NAME= for each name; behind one of them its values.
Words assigned(const Words& names, const std::string& typed, const std::function<Words(const std::string&)>& values) {
  Words out;
  const auto equals = typed.find('=');
  if (equals == std::string::npos) {
    for (const auto& name : names) out.push_back(name + "=");
    return out;
  }
  const std::string name = typed.substr(0, equals);
  for (const auto& value : values(name)) out.push_back(name + "=" + value);
  return out;
}

Words drivers_and_gpus(const Tables& tables) {
  Words out = driver_branches(tables);
  for (auto& gpu : gpus(tables)) out.push_back(std::move(gpu));
  return out;
}

}  // namespace

std::optional<Words> values_at(const ValuePlace& place, Session& session) {
  const std::string& option = place.option;
  const auto tables = [&]() -> const Tables& { return session.knowledge().tables(); };
  if (place.command == "explain" && (option == "--why-not" || option == "--upgrade")) {
    return assigned(resolve::question_parts(), place.typed,
                    [&](const std::string& part) { return values_of_part(part, tables()).value_or(Words()); });
  }
  if (option == "--upgrade" || option == "--upgrade-package") return locked_packages(place.line);
  if (option == "--pool") {
    return assigned(pools_of_locks(place.line), place.typed,
                    [&](const std::string&) { return drivers_and_gpus(tables()); });
  }
  if (option == "--suite") return Words{"quick", "standard", "soak"};
  if (option == "--only" || option == "--skip" || option == "--require") return checks();
  if (option == "--gpus") return Words{"all", "idle", "none"};
  if (option == "--color") return Words{"auto", "always", "never"};
  if (option == "--locks") return files_here(false, true);
  return support::starts_with(option, "--") ? values_of_part(option.substr(2), tables()) : std::nullopt;
}

Words arguments_of(const std::string& command, Session& session) {
  static const std::set<std::string> kWithRecipe = {"lock", "build", "render", "run", "explain", "verify", "diff"};
  if (kWithRecipe.count(command) == 0) return {};
  Words out = files_here(true, command == "diff");
  if (command == "verify" || command == "diff") {
    for (auto& image : session.world().engine.image_names(kEngineDeadline)) out.push_back(std::move(image));
  }
  return out;
}

}  // namespace envforge::cli
