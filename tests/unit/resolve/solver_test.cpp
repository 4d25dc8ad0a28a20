// The resolver against a search that tries everything, on random recipes and random parts of the data: the same answer,
// always.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include <envforge/compat/gpu_names.hpp>
#include <envforge/compat/machine_code.hpp>
#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/resolve.hpp>

#include "problem.hpp"
#include "solver.hpp"
#include "support/compat_data.hpp"
#include "support/dice.hpp"
#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using compat::Knowledge;
using documents::ImageSpec;
using testing::DataJson;
using testing::Dice;
using testing::SpecBuilder;
using versions::Version;

// ---- The rules again, written from the design and from nothing of the resolver.

bool code_runs(const std::string& target, const std::string& cc) {
  const auto dot = cc.find('.');
  const int major = std::stoi(cc.substr(0, dot)), minor = std::stoi(cc.substr(dot + 1));
  const bool ptx = target[0] == 'c';
  std::string digits = target.substr(ptx ? 8 : 3);
  const char suffix = std::isdigit(digits.back()) != 0 ? ' ' : digits.back();
  if (suffix != ' ') digits.pop_back();
  const int code_major = std::stoi(digits.substr(0, digits.size() - 1)), code_minor = digits.back() - '0';
  const auto tegra = [](int a, int b) {
    return (a == 5 && b == 3) || (a == 6 && b == 2) || (a == 7 && b == 2) || (a == 8 && b == 7) ||
           (a == 10 && b == 1) || a == 11;
  };
  if (suffix == 'a') return code_major == major && code_minor == minor;
  if (ptx && suffix == ' ') return code_major * 10 + code_minor <= major * 10 + minor;
  return code_major == major && code_minor <= minor && tegra(code_major, code_minor) == tegra(major, minor);
}

bool unsure(const nlohmann::json& row, const std::string& field) {
  if (!row.contains("unverified")) return false;
  const auto& names = row["unverified"];
  return std::find(names.begin(), names.end(), field) != names.end();
}

class BruteForce {
 public:
  BruteForce(const DataJson& data, const ImageSpec& spec) : data_(data), spec_(spec) {}

  /// "2.6.0 cu124 debian:12" of the best, or "conflict".
  std::string answer() {
    std::vector<std::tuple<int, Version, int, Version, int, std::string>> fitting;
    for (const auto& release : data_.at("pytorch.json")["releases"]) {
      for (const auto& build : release["builds"]) {
        for (const auto& base : data_.at("bases.json")["bases"]) {
          const int doubt = fits(release, build, base);
          if (doubt > 1) continue;
          int pypi = 0;
          for (const auto& platform : spec_.platforms) pypi += build["platforms"][platform]["pypi"].get<bool>() ? 1 : 0;
          fitting.emplace_back(-doubt, Version::of(release["version"].get<std::string>()), pypi,
                               Version::of(build["cuda"].get<std::string>()), 0,
                               release["version"].get<std::string>() + " " + build["cuda_variant"].get<std::string>() +
                                   " " + base["name"].get<std::string>());
        }
      }
    }
    return fitting.empty() ? "conflict" : std::get<5>(*std::max_element(fitting.begin(), fitting.end()));
  }

 private:
  /// 0 fits, 1 may fit, 2 does not.
  int fits(const nlohmann::json& release, const nlohmann::json& build, const nlohmann::json& base) {
    const auto python = base["python"].get<std::string>();
    const auto& wheels = build["python"];
    if (base["name"] != spec_.base.value || std::find(wheels.begin(), wheels.end(), python) == wheels.end()) return 2;
    if (spec_.python.value != "auto" && spec_.python.value != python) return 2;
    if (!spec_.torch.version.value.contains(Version::of(release["version"].get<std::string>()))) return 2;
    const auto cuda = build["cuda"].get<std::string>();
    const bool named = spec_.torch.cuda.value != "auto";
    if (named && spec_.torch.cuda.value != cuda && build["cuda_variant"] != spec_.torch.cuda.value) return 2;
    for (const auto& part : spec_.torch.include) {
      if (release[part.value].is_null()) return 2;
      const std::string list = part.value + "_python";
      if (release.contains(list) &&
          std::find(release[list].begin(), release[list].end(), python) == release[list].end())
        return 2;
    }
    int doubt = 0;
    const auto with_audio = [](const auto& part) { return part.value == "torchaudio"; };
    if (release.contains("torchaudio_cuda") &&
        std::any_of(spec_.torch.include.begin(), spec_.torch.include.end(), with_audio)) {
      const auto& built = release["torchaudio_cuda"];
      const bool known = std::find(built.begin(), built.end(), cuda) != built.end();
      for (const auto& row : build["platforms"]) {
        if (!known && row["pypi"].get<bool>()) return 2;
      }
      if (!known) doubt = came_for(release["torchaudio"].get<std::string>(), cuda);
      if (doubt == 2) return 2;
    }
    for (const auto& platform : spec_.platforms) {
      if (!build["platforms"].contains(platform)) return 2;
      const auto& row = build["platforms"][platform];
      if (unsure(row, "platform")) doubt = 1;
      if (Version::of(row["min_glibc"].get<std::string>()) > Version::of(base["glibc"].get<std::string>())) return 2;
      for (const auto& pool : spec_.pools) {
        for (const auto& gpu : pool.gpus) doubt = std::max(doubt, machine(build, row, gpu.value, pool, cuda));
      }
    }
    if (documents::is_devel(spec_)) doubt = std::max(doubt, compiler(cuda, base));
    if (doubt == 1 && !named) return 2;
    return doubt;
  }

  int compiler(const std::string& cuda, const nlohmann::json& base) {
    int doubt = 1;
    for (const auto& row : data_.at("cuda.json")["compilers"]) {
      if (std::to_string(row["major"].get<int>()) == cuda.substr(0, cuda.find('.')))
        doubt = row["wheels"].empty() ? 2 : 0;
    }
    for (const auto& toolkit : data_.at("cuda.json")["toolkits"]) {
      if (toolkit["version"] != cuda || toolkit["host_gcc_max"].is_null() || base["gcc"].is_null()) continue;
      const bool takes =
          Version::of(base["gcc"].get<std::string>()) <= Version::of(toolkit["host_gcc_max"].get<std::string>());
      return takes ? doubt : std::max(doubt, unsure(base, "gcc") ? 1 : 2);
    }
    return std::max(doubt, 1);
  }

  // Whether the toolkit makes code of the capability, or of a smaller one of its major (all GPUs here are discrete).
  bool makes_code(const std::string& cuda, const std::string& cc) {
    for (const auto& row : data_.at("cuda.json")["architectures"]) {
      const auto of = Version::of(row["cc"].get<std::string>());
      const bool runs = !row["tegra"].get<bool>() && of.major() == Version::of(cc).major() && of <= Version::of(cc);
      if (runs && (unsure(row, "first_cuda") || Version::of(row["first_cuda"].get<std::string>()) <= Version::of(cuda)))
        return true;
    }
    return false;
  }

  int machine(const nlohmann::json& build, const nlohmann::json& row, const std::string& gpu,
              const documents::Pool& pool, const std::string& cuda) {
    std::string cc;
    nlohmann::json covered;
    for (const auto& model : data_.at("gpus.json")["gpus"]) {
      if (model["name"] != gpu) continue;
      cc = model["cc"].get<std::string>();
      covered = model["forward_compat"];
    }
    nlohmann::json architecture;
    for (const auto& candidate : data_.at("cuda.json")["architectures"]) {
      if (candidate["cc"] == cc) architecture = candidate;
    }
    const auto& last = architecture["last_cuda"];
    if (!last.is_null() && Version::of(cuda) > Version::of(last.get<std::string>())) return 2;
    if (!build["cudnn"].is_null() && !unsure(build, "cudnn") && Version::of(cc) < Version::of("7.5") &&
        Version::of(build["cudnn"].get<std::string>()) >= Version::of("9.11")) {
      return 2;
    }
    int doubt = 0;
    bool from_ptx = false;
    const auto any = [&](const char* list) {
      return row.contains(list) && std::any_of(row[list].begin(), row[list].end(), [&](const nlohmann::json& name) {
               return code_runs(name.get<std::string>(), cc);
             });
    };
    if (!any("sass")) {
      from_ptx = any("ptx") && !unsure(row, "ptx");
      const bool known = row.contains("sass") && !row["sass"].is_null() && !unsure(row, "sass");
      const bool listed = row.contains("sass") && !row["sass"].is_null();
      if (!any("ptx")) doubt = known || (listed && !makes_code(cuda, cc)) ? 2 : 1;
    }
    if (doubt == 2 || !pool.driver) return doubt;
    const Version& driver = pool.driver->value;
    const std::string floor = cuda.substr(0, 2) == "11" ? "450.80.02" : cuda.substr(0, 2) == "12" ? "525.60.13" : "580";
    const int carried = pool.forward_compat ? forward(covered, cuda, driver) : 2;
    if (driver < Version::of(floor)) doubt = std::max(doubt, carried);
    if (doubt == 2) return 2;
    if (architecture["name"] == "Kepler" && driver.major() > 470) return 2;
    const bool until580 =
        architecture["name"] == "Maxwell" || architecture["name"] == "Pascal" || architecture["name"] == "Volta";
    if (until580 && driver.major() > 580) return 2;
    doubt = std::max(doubt, listed(cc, driver));
    if (!from_ptx) return doubt;
    for (const auto& branch : data_.at("drivers.json")["branches"]) {
      if (branch["branch"] != "R" + std::to_string(driver.major())) continue;
      return Version::of(branch["max_cuda"].get<std::string>()) >= Version::of(cuda) ? doubt : std::max(doubt, carried);
    }
    return std::max(doubt, 1);
  }

  // 1 for a branch without a row, for one before all that list a model of the compute capability, and where none does
  // for one that reports an older CUDA than the first for it.
  int listed(const std::string& cc, const Version& driver) {
    const std::string branch = "R" + std::to_string(driver.major());
    std::string oldest;
    for (const auto& model : data_.at("gpus.json")["gpus"]) {
      if (model["cc"] != cc) continue;
      for (const auto& entry : model["first_listed"].items())
        oldest = std::min(oldest.empty() ? "S" : oldest, entry.key());
    }
    for (const auto& row : data_.at("drivers.json")["branches"]) {
      if (row["branch"] != branch) continue;
      if (!oldest.empty()) return branch < oldest ? 1 : 0;
      for (const auto& kind : data_.at("cuda.json")["architectures"]) {
        if (kind["cc"] != cc) continue;
        const auto doubts = kind.value("unverified", nlohmann::json::array());
        const bool sure = std::find(doubts.begin(), doubts.end(), "first_cuda") == doubts.end();
        const auto version = [](const nlohmann::json& text) { return Version::of(text.get<std::string>()); };
        return sure && version(row["max_cuda"]) < version(kind["first_cuda"]) ? 1 : 0;
      }
      return 0;
    }
    return 1;
  }

  // 1 if the torch that this torchaudio came with has such a build, or is not known; 2 if it has none.
  int came_for(const std::string& torchaudio, const std::string& cuda) {
    for (const auto& release : data_.at("pytorch.json")["releases"]) {
      if (release["version"] != torchaudio) continue;
      for (const auto& build : release["builds"]) {
        if (build["cuda"] == cuda) return 1;
      }
      return 2;
    }
    return 1;
  }

  // With the toolkit's cuda-compat in the container.
  int forward(const nlohmann::json& covered, const std::string& cuda, const Version& driver) {
    if (covered.is_boolean() && !covered.get<bool>()) return 2;
    const std::string branch = "R" + std::to_string(driver.major());
    const auto& branches = data_.at("drivers.json")["branches"];
    const bool known =
        std::any_of(branches.begin(), branches.end(), [&](const auto& b) { return b["branch"] == branch; });
    for (const auto& row : data_.at("drivers.json")["forward_compat"]) {
      if (row["cuda"] != cuda || !known) continue;
      const auto& listed = row["branches"];
      if (std::find(listed.begin(), listed.end(), branch) == listed.end()) return 2;
      return covered.is_null() ? 1 : 0;
    }
    return 1;
  }

  const DataJson& data_;
  const ImageSpec& spec_;
};

// ---- Random recipes.

SpecBuilder random_spec(Dice& dice) {
  using Words = std::vector<std::string>;
  static const Words kTorch = {"2.6", "2.7", ">=2.5", "2.10.0", "<2.4", ">=2.8,<2.12", "2.15", "2.99", "~=2.9.0"};
  static const Words kCuda = {"11.8", "12.4", "cu126", "12.8", "cu129", "13.0", "cu132", "12.1", "12.7"};
  static const Words kGpus = {
      "V100", "P40", "T4", "RTX A6000", "L4", "B200", "B300", "GeForce RTX 5090", "H200", "GeForce RTX 4090"};
  static const Words kDrivers = {"450.80.02", "470.82.01", "525.60.13", "535.183.06", "550.90.07",
                                 "570.86.15", "580.65.06", "580.95.05", "590.44.01",  "700.1"};
  SpecBuilder spec;
  if (dice.chance(70)) spec.torch(dice.one_of(kTorch));
  if (dice.chance(40)) spec.cuda(dice.one_of(kCuda));
  if (dice.chance(30)) spec.include("torchaudio");
  if (dice.chance(20)) spec.include("torchvision");
  if (dice.chance(60))
    spec.base(dice.one_of(Words{"debian:12", "debian:13", "ubuntu:22.04", "ubuntu:24.04", "ubuntu:99.04"}));
  if (dice.chance(25)) spec.python(dice.one_of(Words{"3.10", "3.11", "3.12", "3.13", "3.9"}));
  if (dice.chance(12)) spec.devel();
  if (dice.chance(25)) spec.platforms(dice.chance(50) ? Words{"linux/arm64"} : Words{"linux/amd64", "linux/arm64"});
  for (int pools = dice.chance(50) ? 1 : 3; pools > 0; --pools) {
    Words gpus{dice.one_of(kGpus)};
    if (dice.chance(30)) gpus.push_back(dice.one_of(kGpus));
    const bool driver = dice.chance(70);
    spec.pool(gpus, driver ? dice.one_of(kDrivers) : "");
    if (driver && dice.chance(40)) spec.forward();
  }
  return spec;
}

// A part of the data, its rows in another order.
DataJson random_data(Dice& dice) {
  DataJson data = testing::shipped_data();
  auto& releases = data["pytorch.json"]["releases"];
  for (std::size_t i = releases.size(); i-- > 0;) {
    if (releases.size() > 4 && dice.chance(50)) releases.erase(i);
  }
  for (auto& release : releases) {
    auto& builds = release["builds"];
    for (std::size_t i = builds.size(); i-- > 0;) {
      if (builds.size() > 1 && dice.chance(30)) builds.erase(i);
    }
    dice.shuffle(builds);
  }
  dice.shuffle(releases);
  for (auto& toolkit : data["cuda.json"]["toolkits"]) {
    if (dice.chance(25)) toolkit["host_gcc_max"] = dice.chance(30) ? nlohmann::json() : "12";
  }
  if (dice.chance(20)) data["cuda.json"]["compilers"].erase(dice.one_of(std::vector<std::size_t>{0, 1, 2}));
  dice.shuffle(data["bases.json"]["bases"]);
  dice.shuffle(data["gpus.json"]["gpus"]);
  dice.shuffle(data["cuda.json"]["architectures"]);
  dice.shuffle(data["drivers.json"]["branches"]);
  dice.shuffle(data["drivers.json"]["forward_compat"]);
  return data;
}

std::string short_answer(const Outcome& outcome) {
  const auto* solution = std::get_if<Solution>(&outcome);
  if (solution == nullptr) return "conflict";
  return solution->platforms[0].torch + " " + solution->platforms[0].cuda_variant + " " + solution->base;
}

TEST(Resolver, AnswersAsASearchThatTriesEverything) {
  int conflicts = 0, solutions = 0;
  for (unsigned round = 0; round < 25; ++round) {
    Dice dice(round);
    const DataJson data = random_data(dice);
    const Knowledge knowledge = testing::knowledge_of(data);
    for (int i = 0; i < 40; ++i) {
      const SpecBuilder spec = random_spec(dice);
      const std::string answer = short_answer(resolve(spec.spec(), knowledge));
      ASSERT_EQ(answer, BruteForce(data, spec.spec()).answer()) << "round " << round << ", recipe " << i;
      ++(answer == "conflict" ? conflicts : solutions);
    }
  }
  EXPECT_GT(conflicts, 100);
  EXPECT_GT(solutions, 100);
}

TEST(Resolver, AnswersTheSameForAnyOrderOfRows) {
  Dice dice(7);
  DataJson data = testing::shipped_data();
  const Knowledge first = testing::knowledge_of(data);
  for (auto* rows :
       {&data["pytorch.json"]["releases"], &data["bases.json"]["bases"], &data["gpus.json"]["gpus"],
        &data["cuda.json"]["architectures"], &data["cuda.json"]["toolkits"], &data["drivers.json"]["branches"]}) {
    dice.shuffle(*rows);
  }
  for (auto& release : data["pytorch.json"]["releases"]) dice.shuffle(release["builds"]);
  const Knowledge second = testing::knowledge_of(data);
  for (int i = 0; i < 100; ++i) {
    const SpecBuilder spec = random_spec(dice);
    ASSERT_EQ(explain(resolve(spec.spec(), first)), explain(resolve(spec.spec(), second))) << "recipe " << i;
  }
}

TEST(Resolver, NoPartOfAConflictIsAConflict) {
  Dice dice(11);
  const Knowledge knowledge = compat::embedded();
  int conflicts = 0;
  for (int i = 0; i < 250; ++i) {
    const SpecBuilder spec = random_spec(dice);
    const Problem problem = make_problem(spec.spec(), knowledge);
    const Search search(problem, std::nullopt);
    if (search.best()) continue;
    ++conflicts;
    const auto core = search.minimal_conflict();
    const auto without = [&](std::size_t left_out) {
      return search.best([&](std::size_t constraint) {
        return constraint != left_out && std::find(core.begin(), core.end(), constraint) != core.end();
      });
    };
    ASSERT_FALSE(core.empty());
    EXPECT_FALSE(without(problem.constraints.size())) << "recipe " << i << ": the core itself is no conflict";
    for (const std::size_t constraint : core) EXPECT_TRUE(without(constraint)) << "recipe " << i;
  }
  EXPECT_GT(conflicts, 50);
}

TEST(Resolver, EveryRemedyAndEveryImageOfASplitIsASolution) {
  Dice dice(13);
  const Knowledge knowledge = compat::embedded();
  int remedies = 0, splits = 0;
  for (int i = 0; i < 200; ++i) {
    const SpecBuilder spec = random_spec(dice);
    const Outcome outcome = resolve(spec.spec(), knowledge);
    const auto* conflict = std::get_if<Conflict>(&outcome);
    if (conflict == nullptr) continue;
    for (std::size_t r = 0; r < conflict->remedies.size(); ++r) {
      ++remedies;
      EXPECT_FALSE(conflict->remedies[r].changes.empty());
      EXPECT_FALSE(conflict->remedies[r].solution.platforms.empty());
      const auto place = [](const Remedy& remedy) { return std::pair(remedy.solution.doubtful, remedy.cost); };
      EXPECT_LE(place(conflict->remedies[r == 0 ? 0 : r - 1]), place(conflict->remedies[r]));
    }
    std::set<std::string> served;
    for (const SplitImage& image : conflict->split) served.insert(image.pools.begin(), image.pools.end());
    if (conflict->split.empty()) continue;
    ++splits;
    EXPECT_EQ(served.size() + conflict->unserved.size(), spec.spec().pools.size());
    EXPECT_GE(conflict->split.size() + conflict->unserved.size(), 2U);
  }
  EXPECT_GT(remedies, 100);
  EXPECT_GT(splits, 0);
}

}  // namespace
}  // namespace envforge::resolve
