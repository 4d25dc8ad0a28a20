#include <envforge/app/init_recipe.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include <nlohmann/json.hpp>

#include <envforge/app/gpu_selection.hpp>
#include <envforge/app/site_requests.hpp>
#include <envforge/compat/base_names.hpp>
#include <envforge/compat/gpu_names.hpp>
#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/resolve/explain.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/python_name.hpp>

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using documents::Imported;
using documents::ImportNote;
using support::Error;
using support::ErrorCode;

// A double-quoted text of YAML: JSON's are among them.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump();
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  for (const auto& text : texts) parts.push_back(quoted(text));
  return "[" + support::join(parts, ", ") + "]";
}

// "My Env" -> my-env: what an image may be named; "" for a name without letters or digits.
std::string image_name(const std::string& name) {
  std::string out;
  for (const char c : support::to_lower(name)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

std::string first_of(const std::string& wish, const std::string& imported, const std::string& otherwise) {
  return !wish.empty() ? wish : !imported.empty() ? imported : otherwise;
}

struct Distribution {
  std::string base, python;        // python "": the base's own
  std::optional<ImportNote> note;  // of a base that is not the usual one
};

// The bases whose own Python is one that is asked for, the usual one first; that one alone where the Python cannot
// help.
std::vector<Distribution> choose_bases(const World& world, const InitWishes& wishes, const std::string& python) {
  constexpr const char* kUsual = "debian:12";
  if (!wishes.base.empty()) return {{wishes.base, wishes.python, std::nullopt}};
  const auto range = versions::VersionRange::parse(python);
  if (!python.empty() && !range) return {{kUsual, wishes.python, std::nullopt}};
  std::vector<Distribution> bases;
  for (const auto& base : world.knowledge.tables().bases) {
    const std::string name(base.name), own(base.python);
    if (!python.empty() && !range->contains(versions::Version::of(own))) continue;
    if (name == kUsual) {
      bases.insert(bases.begin(), {name, "", std::nullopt});
      continue;
    }
    const ImportNote note =
        python.empty() ? ImportNote{"base", {}, "is " + name + ": no version set was found for " + kUsual, false}
                       : ImportNote{"python " + python, {}, "became base: " + name + ", whose Python is " + own, false};
    bases.push_back({name, "", note});
  }
  if (!bases.empty()) return bases;
  for (const auto& archive : site_pythons(world.site)) {
    const std::string series = versions::python_series(archive.version);
    if (versions::is_free_threaded(series) || !range->contains(versions::Version::of(archive.version))) continue;
    return {{kUsual, series,
             ImportNote{"python " + python,
                        {},
                        "became python: \"" + series + "\", of which the site configuration has an archive",
                        false}}};
  }
  return {{kUsual, "",
           ImportNote{"python " + python,
                      {},
                      "no base that envforge knows has it, and the site configuration has no archive of it (`pythons`)",
                      true}}};
}

std::string torch_line(const InitWishes& wishes, const Imported& imported) {
  const std::string version = first_of(wishes.torch, imported.torch, "auto");
  const std::string cuda = first_of(wishes.cuda, imported.cuda, "");
  if (cuda.empty() && imported.include.empty()) return "torch: " + quoted(version) + "\n";
  std::string line = "torch: {version: " + quoted(version);
  if (!cuda.empty()) line += ", cuda: " + quoted(cuda);
  if (!imported.include.empty()) line += ", include: " + quoted_list(imported.include);
  return line + "}\n";
}

std::string packages_lines(const InitWishes& wishes, const Imported& imported) {
  std::vector<std::string> pip = imported.pip;
  pip.insert(pip.end(), wishes.pip.begin(), wishes.pip.end());
  // A list of a recipe has nothing twice.
  std::set<std::string> seen;
  std::string lines;
  for (const auto& requirement : pip) {
    if (seen.insert(requirement).second) lines += "    - " + quoted(requirement) + "\n";
  }
  if (!lines.empty()) lines = "  pip:\n" + lines;
  std::vector<std::string> apt;
  for (const auto& name : imported.apt) {
    if (std::find(apt.begin(), apt.end(), name) == apt.end()) apt.push_back(name);
  }
  if (!apt.empty()) lines = "  apt: " + quoted_list(apt) + "\n" + lines;
  if (!imported.build.empty()) lines += "  build: " + quoted_list(imported.build) + "\n";
  return lines.empty() ? "" : "packages:\n" + lines;
}

// Nobody can run linux/amd64 on GPUs that all come with an Arm CPU.
bool all_on_arm(const World& world, const std::vector<std::string>& gpus) {
  return std::all_of(gpus.begin(), gpus.end(), [&](const std::string& name) {
    const auto found = compat::find_gpu(world.knowledge, name);
    const auto* match = std::get_if<compat::GpuMatch>(&found);
    return match != nullptr && needs_arm_host(*match);
  });
}

Imported read_from(const std::string& file) {
  constexpr std::uint64_t kMaxBytes = 1 << 20;  // the readers' own cap is lower and says so
  return documents::import_environment(support::read_file(file, kMaxBytes), file);
}

void refuse_what_cannot_begin(const InitWishes& wishes) {
  std::error_code error;
  if (fs::exists(wishes.file, error)) {
    throw Error(ErrorCode::kUsage, "'" + support::printable(wishes.file) + "' is there already and is not overwritten",
                std::nullopt, "name another file: envforge init FILE");
  }
  if (wishes.gpus.empty()) {
    throw Error(ErrorCode::kUsage, "which GPUs must the image run on?", std::nullopt,
                "name them: --gpu H100, --gpu \"RTX 5090\"; what this machine has is never taken unasked");
  }
}

struct WishRow {
  Wish wish;
  const char* flag;
  const char* before;  // the recipe's words around the value
  const char* after;
};
constexpr std::array<WishRow, 8> kWishes = {
    {{Wish::kGpu, "--gpu", "target: [{name: gpus, gpus: ", "}]\n"},
     {Wish::kDriver, "--driver", "target: [{name: gpus, gpus: sm_90, driver: ", "}]\n"},
     {Wish::kTorch, "--torch", "torch: ", "\n"},
     {Wish::kCuda, "--cuda", "torch: {version: auto, cuda: ", "}\n"},
     {Wish::kPython, "--python", "python: ", "\n"},
     {Wish::kBase, "--base", "base: ", "\n"},
     {Wish::kImage, "--image", "image: ", "\n"},
     {Wish::kPip, "--pip", "packages: {pip: [", "]}\n"}}};

// The least recipe that says this one thing.
std::string recipe_about(const WishRow& row, const std::string& value) {
  const std::string words = row.before + quoted(value) + row.after;
  std::string text = "schema: envforge/recipe/v1\n" + words;
  for (const char* needed : {"image: x\n", "target: [{name: gpus, gpus: sm_90}]\n", "torch: auto\n"}) {
    const std::string line = needed;
    const std::string key = line.substr(0, line.find(':') + 1);
    if (!support::starts_with(words, key)) text += line;
  }
  return text;
}

[[noreturn]] void throw_at(const Error& error, const std::string& place) {
  Error moved(error.code(), error.message(), support::Where{place, 0, 0, {}}, error.hint());
  for (const auto& note : error.notes()) moved.note(note);
  throw moved;
}

void refuse_unknown_base(const World& world, const std::string& base) {
  const auto none = compat::other_base(world.knowledge, base);
  if (!none) return;
  throw Error(ErrorCode::kWrongValue, none->text + (none->source.empty() ? "" : " [" + none->source + "]"),
              std::nullopt, none->hint);
}

void check_wishes(const World& world, const InitWishes& wishes) {
  for (const auto& gpu : wishes.gpus) check_wish(world, Wish::kGpu, gpu);
  for (const auto& requirement : wishes.pip) check_wish(world, Wish::kPip, requirement);
  const std::vector<std::pair<Wish, std::string>> single = {
      {Wish::kDriver, wishes.driver}, {Wish::kTorch, wishes.torch}, {Wish::kCuda, wishes.cuda},
      {Wish::kPython, wishes.python}, {Wish::kBase, wishes.base},   {Wish::kImage, wishes.image}};
  for (const auto& [wish, value] : single) {
    if (!value.empty()) check_wish(world, wish, value);
  }
}

// The releases of torch that these go with, oldest first.
std::vector<std::string> releases_with(const World& world, const std::vector<documents::ImportedPartner>& partners) {
  std::vector<std::string> versions;
  for (const auto& release : world.knowledge.tables().releases) {
    const bool all = std::all_of(partners.begin(), partners.end(), [&](const documents::ImportedPartner& partner) {
      const auto own =
          versions::Version::parse(partner.name == "torchvision" ? release.torchvision : release.torchaudio);
      return own && versions::VersionRange::parse(partner.specifier)->contains(*own);
    });
    if (all) versions.emplace(versions.begin(), release.version);
  }
  return versions;
}

std::string span(const std::vector<std::string>& versions) {
  return versions.front() + (versions.size() > 1 ? " to " + versions.back() : "");
}

// A torchvision that is named with its version says which torch is meant, or contradicts the one that is named.
void add_partners(const World& world, const InitWishes& wishes, Imported& imported) {
  if (imported.partners.empty()) return;
  const std::string stated = first_of(wishes.torch, imported.torch, "");
  const auto torch = versions::VersionRange::parse(stated);
  auto fit = releases_with(world, imported.partners);
  if (!stated.empty() && torch)
    std::erase_if(fit, [&](const std::string& version) { return !torch->contains(versions::Version::of(version)); });
  for (const auto& partner : imported.partners) {
    const std::string what = partner.name + partner.specifier;
    const auto own = releases_with(world, {partner});
    if (own.empty()) {
      imported.notes.push_back({what, partner.where, "left out: the data knows no torch that it goes with", true});
    } else if (fit.empty()) {
      imported.notes.push_back({what, partner.where,
                                "left out: it goes with torch " + span(own) + ", not with what else is asked for",
                                true});
    } else if (stated.empty()) {
      imported.notes.push_back({what, partner.where, "became torch " + span(fit) + ", with which it goes", false});
    }
  }
  if (stated.empty() && !fit.empty())
    imported.torch = fit.size() == 1 ? fit.front() : ">=" + fit.front() + ",<=" + fit.back();
}

std::string recipe_text(const World& world, const InitWishes& wishes, const Imported& imported,
                        const Distribution& distribution) {
  const std::string pool = "  - {name: gpus, gpus: " + quoted_list(wishes.gpus) +
                           (wishes.driver.empty() ? "" : ", driver: " + quoted(wishes.driver)) + "}\n";
  std::string text =
      "# Every word: docs/recipe.md. `envforge lock` solves it, `envforge build` makes the image.\n"
      "schema: envforge/recipe/v1\n"
      "image: " +
      quoted(first_of(wishes.image, image_name(imported.name), "pytorch-cuda")) +
      "\n"
      "target:\n" +
      pool + torch_line(wishes, imported) + "base: " + quoted(distribution.base) + "\n";
  if (!distribution.python.empty()) text += "python: " + quoted(distribution.python) + "\n";
  if (!wishes.platforms.empty()) {
    text += "platforms: [" + support::join(wishes.platforms, ", ") + "]\n";
  } else if (all_on_arm(world, wishes.gpus)) {
    text += "platforms: [linux/arm64]\n";
  }
  if (imported.devel) text += "variant: devel\n";
  return text + packages_lines(wishes, imported) + "tags: [\"{torch}-cuda{cuda}\"]\n";
}

// What is wrong now comes of the import: the flags were looked at one by one.
resolve::Outcome solve(const World& world, const InitWishes& wishes, const std::string& text) {
  try {
    return resolve::resolve(documents::read_recipe(text, wishes.file).spec, world.knowledge, site_pythons(world.site));
  } catch (const Error& error) {
    if (wishes.from.empty() || !error.where() || error.where()->file != wishes.file) throw;
    throw_at(error, wishes.from);
  }
}

}  // namespace

void check_wish(const World& world, Wish wish, const std::string& value) {
  const auto& row = *std::find_if(kWishes.begin(), kWishes.end(), [&](const WishRow& one) { return one.wish == wish; });
  try {
    const auto recipe = documents::read_recipe(recipe_about(row, value), row.flag);
    if (wish == Wish::kBase) refuse_unknown_base(world, value);
    if (wish == Wish::kGpu) resolve::resolve(recipe.spec, world.knowledge);
  } catch (const Error& error) {
    throw_at(error, row.flag);
  }
}

NewRecipe make_recipe(World& world, const InitWishes& wishes) {
  refuse_what_cannot_begin(wishes);
  check_wishes(world, wishes);
  Imported imported;
  if (!wishes.from.empty()) imported = read_from(wishes.from);
  add_partners(world, wishes, imported);
  std::optional<NewRecipe> first;
  for (const auto& base : choose_bases(world, wishes, first_of(wishes.python, imported.python, ""))) {
    NewRecipe recipe;
    recipe.text = recipe_text(world, wishes, imported, base);
    recipe.notes = imported.notes;
    if (base.note) recipe.notes.push_back(*base.note);
    const auto outcome = solve(world, wishes, recipe.text);
    recipe.solved = std::holds_alternative<resolve::Solution>(outcome);
    recipe.answer = resolve::explain(outcome);
    if (recipe.solved) return recipe;
    if (!first) first = std::move(recipe);
  }
  return first.value();
}

std::optional<HostTarget> propose_target(World& world) {
  const auto host = host_gpus(world.processes);
  if (host.gpus.empty()) return std::nullopt;
  return HostTarget{host.gpus.front().name, host.driver};
}

}  // namespace envforge::app
