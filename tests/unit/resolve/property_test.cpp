// What must hold for every recipe and every data, on thousands of random small worlds: same seeds, same worlds.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <envforge/resolve/explain.hpp>

#include "small_world.hpp"
#include "solver.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using testing::Dice;
using testing::Exhaustive;
using testing::Pythons;
using versions::Version;
using versions::VersionRange;

// Remedies are searched by solving again and again: fewer worlds for those.
constexpr unsigned kWorlds = 180;
constexpr unsigned kRemedyWorlds = 12;
constexpr int kRecipes = 10;

std::string short_answer(const Outcome& outcome) {
  const auto* solution = std::get_if<Solution>(&outcome);
  if (solution == nullptr) return "conflict";
  return solution->platforms[0].torch + " " + solution->platforms[0].cuda_variant + " " + solution->base + " " +
         solution->platforms[0].python;
}

template <class Body>
void for_each_recipe(unsigned worlds, Body&& body) {
  for (unsigned world = 0; world < worlds && !::testing::Test::HasFailure(); ++world) {
    const compat::Knowledge knowledge = testing::small_world(world);
    const Pythons pythons = testing::small_pythons(world);
    Dice dice(world + 100000);
    for (int i = 0; i < kRecipes; ++i) {
      SCOPED_TRACE("world " + std::to_string(world) + ", recipe " + std::to_string(i));
      body(knowledge, pythons, testing::small_recipe(dice).spec());
    }
  }
}

// The change as its text says it, made without the resolver.
void apply(ImageSpec& spec, const Change& change) {
  const auto erase = [&](auto& list) {
    const auto item = std::find_if(list.begin(), list.end(), [&](const auto& v) { return v.value == change.from; });
    ASSERT_NE(item, list.end()) << change.key;
    list.erase(item);
  };
  if (change.key == "torch.version") {
    spec.torch.version.value = *VersionRange::parse(change.to);
  } else if (change.key == "torch.cuda") {
    spec.torch.cuda.value = change.to;
  } else if (change.key == "python") {
    spec.python.value = change.to;
  } else if (change.key == "base") {
    spec.base.value = change.to;
  } else if (change.key == "exclude_newer") {
    spec.exclude_newer = change.to;
  } else if (change.key == "target") {
    EXPECT_EQ(std::erase_if(spec.pools, [&](const auto& pool) { return pool.name == change.from; }), 1U);
  } else if (change.key == "torch.include") {
    erase(spec.torch.include);
  } else if (change.key == "capabilities") {
    erase(spec.capabilities);
  } else if (change.key == "packages") {
    erase(spec.pip);
  } else if (change.key == "torch.cudnn" || change.key == "torch.nccl" || change.key == "torch.cublas" ||
             change.key == "torch.triton") {
    EXPECT_EQ(std::erase_if(spec.torch.libraries, [&](const auto& l) { return "torch." + l.name == change.key; }), 1U);
  } else if (change.key == "variant") {
    spec.variant.value = change.to;
  } else if (change.key == "packages.build.ops.pools") {
    auto& pools = spec.build.at(0).pools;
    if (change.to == "[]") {
      pools.emplace();
    } else {
      std::erase(*pools, change.from);
    }
  } else if (change.key == "platforms") {
    const auto item = std::find(spec.platforms.begin(), spec.platforms.end(), change.from);
    ASSERT_NE(item, spec.platforms.end());
    if (change.to.empty()) {
      spec.platforms.erase(item);
    } else {
      *item = change.to;
    }
  } else {
    const auto pool = std::find_if(spec.pools.begin(), spec.pools.end(), [&](const auto& p) {
      const std::string name = "target." + p.name;
      return change.key == name + ".driver" || change.key == name + ".gpus" || change.key == name + ".forward_compat";
    });
    ASSERT_NE(pool, spec.pools.end()) << change.key;
    if (change.key == "target." + pool->name + ".driver") {
      // A branch stands for its newest driver.
      pool->driver->value = Version::of(change.to[0] == 'R' ? change.to.substr(1) + ".999999" : change.to);
      return;
    }
    if (change.key == "target." + pool->name + ".forward_compat") {
      EXPECT_EQ(change.to, "true");
      pool->forward_compat = true;
      return;
    }
    erase(pool->gpus);
    EXPECT_FALSE(pool->gpus.empty()) << "a pool without GPUs is left out as a whole";
  }
}

// A version that the data names, or a branch with a row.
void expect_known_driver(const compat::Knowledge& knowledge, const std::string& driver) {
  const compat::Tables& tables = knowledge.tables();
  const bool known = std::any_of(tables.branches.begin(), tables.branches.end(),
                                 [&](const auto& row) { return row.branch == driver; }) ||
                     std::any_of(tables.majors.begin(), tables.majors.end(),
                                 [&](const auto& row) { return row.driver_floor == driver; }) ||
                     std::any_of(tables.toolkits.begin(), tables.toolkits.end(),
                                 [&](const auto& row) { return row.bundled_driver == driver; });
  EXPECT_TRUE(known) << driver;
}

// Every other value of one wish, by the key that a remedy names.
std::map<std::string, std::vector<ImageSpec>> other_values(const compat::Knowledge& knowledge, const ImageSpec& spec) {
  std::map<std::string, std::vector<ImageSpec>> out;
  const auto with = [&](const std::string& key, auto&& change) {
    ImageSpec other = spec;
    change(other);
    out[key].push_back(std::move(other));
  };
  for (const auto& release : knowledge.tables().releases) {
    with("torch.version",
         [&](ImageSpec& s) { s.torch.version.value = VersionRange::exactly(Version::of(release.version)); });
    if (!spec.exclude_newer.empty()) with("exclude_newer", [&](ImageSpec& s) { s.exclude_newer = release.date; });
  }
  if (spec.torch.cuda.value != "auto") {
    for (const char* cuda : {"11.8", "12.4", "12.8", "13.0"})
      with("torch.cuda", [&](ImageSpec& s) { s.torch.cuda.value = cuda; });
  }
  for (const auto& base : knowledge.tables().bases) {
    with("base", [&](ImageSpec& s) { s.base.value = base.name; });
    if (spec.python.value != "auto") with("python", [&](ImageSpec& s) { s.python.value = base.python; });
  }
  for (const char* python : {"3.10", "3.11", "3.12", "3.13"}) {  // of an archive too
    if (spec.python.value != "auto") with("python", [&](ImageSpec& s) { s.python.value = python; });
  }
  for (std::size_t i = 0; i < spec.pools.size(); ++i) {
    if (!spec.pools[i].driver) continue;
    for (const char* driver : {"450.80.02", "470.0", "525.60.13", "535.0", "570.0", "580.0", "580.65.06", "590.0"}) {
      with("target." + spec.pools[i].name + ".driver",
           [&](ImageSpec& s) { s.pools[i].driver->value = Version::of(driver); });
    }
  }
  for (std::size_t i = 0; i < spec.pools.size(); ++i) {
    if (spec.pools[i].driver && !spec.pools[i].forward_compat)
      with("target." + spec.pools[i].name + ".forward_compat", [&](ImageSpec& s) { s.pools[i].forward_compat = true; });
  }
  for (std::size_t i = 0; i < spec.torch.include.size(); ++i) {
    with("torch.include", [&](ImageSpec& s) { s.torch.include.erase(s.torch.include.begin() + static_cast<int>(i)); });
  }
  if (!spec.capabilities.empty()) with("capabilities", [&](ImageSpec& s) { s.capabilities.clear(); });
  for (const auto& library : spec.torch.libraries)
    with("torch." + library.name, [&](ImageSpec& s) { s.torch.libraries.clear(); });
  if (!spec.pip.empty()) with("packages", [&](ImageSpec& s) { s.pip.clear(); });
  if (documents::is_devel(spec)) with("variant", [&](ImageSpec& s) { s.variant.value = "runtime"; });
  if (!compiled_builds(spec).empty())
    with("packages.build.ops.pools", [&](ImageSpec& s) { s.build.at(0).pools.emplace(); });
  return out;
}

TEST(SmallWorld, TheAnswerIsThatOfASearchThatTriesEverything) {
  int conflicts = 0, solutions = 0;
  for_each_recipe(kWorlds, [&](const compat::Knowledge& knowledge, const Pythons& pythons, const ImageSpec& spec) {
    const Problem problem = make_problem(spec, std::make_shared<Offers>(knowledge, pythons));
    const auto best = Search(problem, std::nullopt).best();
    const std::string answer = best ? problem.option(*best).torch.text() + " " +
                                          std::string(problem.option(*best).build->cuda_variant) + " " +
                                          std::string(best->base->name) + " " + std::string(best->python)
                                    : "conflict";
    ASSERT_EQ(answer, Exhaustive(knowledge, pythons, spec).answer()) << explain(resolve(spec, knowledge, pythons));
    ++(answer == "conflict" ? conflicts : solutions);
  });
  EXPECT_GT(conflicts, 500);
  EXPECT_GT(solutions, 75);
}

TEST(SmallWorld, EveryConstraintIsJudgedAlikeForEveryCandidate) {
  std::map<int, int> answers, compilers, codes, parts, marked;
  for_each_recipe(kWorlds / 3, [&](const compat::Knowledge& knowledge, const Pythons& pythons, const ImageSpec& spec) {
    const Problem problem = make_problem(spec, std::make_shared<Offers>(knowledge, pythons));
    const Exhaustive all(knowledge, pythons, spec);
    for (const Constraint& constraint : problem.constraints) {
      for (const Candidate& candidate : problem.candidates) {
        const int expected = all.judge(problem, constraint, candidate);
        ASSERT_EQ(static_cast<int>(check(problem, constraint, candidate)), expected)
            << "constraint of kind " << static_cast<int>(constraint.kind) << ": "
            << why_not(problem, constraint, candidate).text;
        if (problem.forward_compat(constraint) && constraint.kind == ConstraintKind::kDriverFloor) ++answers[expected];
        if (constraint.kind == ConstraintKind::kCudaCompiler) ++compilers[expected];
        if (constraint.kind == ConstraintKind::kCompiledCode) ++codes[expected];
        if (constraint.kind == ConstraintKind::kPart) ++parts[expected];
        const auto& part = problem.wishes[constraint.wishes[0]].part;
        if (part && part->marker) ++marked[expected];
      }
    }
  });
  for (const int fit : {0, 1, 2}) {
    EXPECT_GT(answers[fit], 20) << "forward compatibility, answer " << fit;
    EXPECT_GT(compilers[fit], 20) << "a compiler, answer " << fit;
    EXPECT_GT(codes[fit], 20) << "compiled code, answer " << fit;
    EXPECT_GT(parts[fit], 20) << "a part of the build, answer " << fit;
    EXPECT_GT(marked[fit], 20) << "a part by its marker, answer " << fit;
  }
}

TEST(SmallWorld, AConflictIsOneAndNoneWithoutAnyOfItsConstraints) {
  int conflicts = 0;
  for_each_recipe(kWorlds, [&](const compat::Knowledge& knowledge, const Pythons& pythons, const ImageSpec& spec) {
    const Problem problem = make_problem(spec, std::make_shared<Offers>(knowledge, pythons));
    const Search search(problem, std::nullopt);
    if (search.best()) return;
    ++conflicts;
    const Exhaustive all(knowledge, pythons, spec);
    const auto core = search.minimal_conflict();
    EXPECT_FALSE(all.solvable(problem, core));
    for (std::size_t i = 0; i < core.size(); ++i) {
      auto rest = core;
      rest.erase(rest.begin() + static_cast<int>(i));
      EXPECT_TRUE(all.solvable(problem, rest)) << "superfluous: " << i;
    }
  });
  EXPECT_GT(conflicts, 500);
}

TEST(SmallWorld, EveryRemedySolvesWhenItIsApplied) {
  int remedies = 0;
  for_each_recipe(kRemedyWorlds, [&](const compat::Knowledge& knowledge, const Pythons& pythons,
                                     const ImageSpec& spec) {
    const Outcome outcome = resolve(spec, knowledge, pythons);
    const auto* conflict = std::get_if<Conflict>(&outcome);
    if (conflict == nullptr) return;
    const std::string text = explain(*conflict);
    for (const Remedy& remedy : conflict->remedies) {
      ++remedies;
      ImageSpec changed = spec;
      std::set<std::string> pools;  // of which something changes
      for (const Change& change : remedy.changes) {
        apply(changed, change);
        if (change.key.ends_with(".driver")) expect_known_driver(knowledge, change.to);
        if (change.key == "target") pools.insert("target." + change.from + ".");
      }
      for (const Change& change : remedy.changes)
        EXPECT_EQ(pools.count(change.key.substr(0, change.key.rfind('.') + 1)), 0U) << "of a pool that goes: " << text;
      // What is not known stands apart, and an answer is doubtful exactly if the second set of rules says so.
      const auto at = text.find(std::to_string(&remedy - conflict->remedies.data() + 1) + ". " + remedy.changes[0].key);
      EXPECT_EQ(text.find("What may work") < at, remedy.solution.doubtful) << text;
      EXPECT_EQ(Exhaustive(knowledge, pythons, changed).is_certain(), !remedy.solution.doubtful) << text;
      EXPECT_EQ(Exhaustive(knowledge, pythons, changed).answer(), short_answer(remedy.solution)) << explain(*conflict);
      EXPECT_EQ(short_answer(resolve(changed, knowledge, pythons)), short_answer(remedy.solution))
          << explain(*conflict);
    }
  });
  EXPECT_GT(remedies, 50);
}

TEST(SmallWorld, AWishThatSolvesWithAnotherValueHasARemedy) {
  for_each_recipe(kRemedyWorlds, [&](const compat::Knowledge& knowledge, const Pythons& pythons,
                                     const ImageSpec& spec) {
    const Outcome outcome = resolve(spec, knowledge, pythons);
    const auto* conflict = std::get_if<Conflict>(&outcome);
    if (conflict == nullptr) return;
    for (const auto& [key, others] : other_values(knowledge, spec)) {
      const bool helps = std::any_of(others.begin(), others.end(), [&](const ImageSpec& other) {
        return Exhaustive(knowledge, pythons, other).answer() != "conflict";
      });
      const bool told = std::any_of(conflict->remedies.begin(), conflict->remedies.end(), [&](const Remedy& remedy) {
        return remedy.changes.size() == 1 && remedy.changes[0].key == key;
      });
      EXPECT_TRUE(told || !helps) << key << "\n" << explain(*conflict);
    }
  });
}

// The recipe for some of its pools, on some platforms.
ImageSpec part_of(const ImageSpec& spec, const std::vector<std::string>& pools, std::vector<std::string> platforms) {
  ImageSpec part = spec;
  std::erase_if(part.pools,
                [&](const auto& pool) { return std::find(pools.begin(), pools.end(), pool.name) == pools.end(); });
  part.platforms = std::move(platforms);
  return part;
}

TEST(SmallWorld, EveryImageOfASplitServesItsPoolsAndNoImageServesTheOthers) {
  int images = 0, unserved = 0, fewer = 0;
  for_each_recipe(2 * kWorlds, [&](const compat::Knowledge& knowledge, const Pythons& pythons, const ImageSpec& spec) {
    const Outcome outcome = resolve(spec, knowledge, pythons);
    const auto* conflict = std::get_if<Conflict>(&outcome);
    if (conflict == nullptr || conflict->split.empty()) return;
    const auto answer = [&](const std::vector<std::string>& pools, const std::vector<std::string>& platforms) {
      const ImageSpec part = part_of(spec, pools, platforms);
      return Exhaustive(knowledge, pythons, part).answer();
    };
    std::map<std::string, std::vector<std::string>> served;  // pool -> its platforms
    for (const SplitImage& image : conflict->split) {
      ++images;
      fewer += image.platforms.empty() ? 0 : 1;
      const auto platforms = image.platforms.empty() ? spec.platforms : image.platforms;
      EXPECT_EQ(answer(image.pools, platforms), short_answer(image.solution)) << explain(*conflict);
      for (const auto& pool : image.pools) served[pool].insert(served[pool].end(), platforms.begin(), platforms.end());
    }
    for (const auto& pool : conflict->unserved) {
      ++unserved;
      EXPECT_EQ(served.count(pool.pool), 0U);
      for (const auto& platform : spec.platforms)
        EXPECT_EQ(answer({pool.pool}, {platform}), "conflict") << explain(*conflict);
    }
    for (const auto& pool : spec.pools) {
      for (const auto& platform : spec.platforms) {
        const auto& of_pool = served[pool.name];
        const bool is_served = std::find(of_pool.begin(), of_pool.end(), platform) != of_pool.end();
        EXPECT_TRUE(is_served || answer({pool.name}, {platform}) == "conflict") << pool.name << " " << platform;
      }
    }
  });
  EXPECT_GT(images, 25);
  EXPECT_GT(unserved, 10);
  EXPECT_GT(fewer, 5);
}

}  // namespace
}  // namespace envforge::resolve
