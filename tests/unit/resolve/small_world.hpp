// Random small worlds for tests of the solver: a few releases, GPUs, drivers and bases with every kind of gap, and a
// second set of rules, written from the documents and from nothing of the resolver, that tries everything.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <envforge/compat/knowledge.hpp>

#include "problem.hpp"
#include "rules.hpp"
#include "support/dice.hpp"
#include "support/spec_builder.hpp"

namespace envforge::testing {

/// The same seed gives the same world.
compat::Knowledge small_world(unsigned seed);
using Pythons = std::vector<documents::PythonArchive>;
/// What a site may have: often nothing; several patches, one platform only, too new a C library, without a GIL.
Pythons small_pythons(unsigned seed);
SpecBuilder small_recipe(Dice& dice);
/// Those that its packages may have.
const std::vector<std::string>& markers();

/// Tries everything.
class Exhaustive {
 public:
  Exhaustive(const compat::Knowledge& knowledge, const Pythons& pythons, const documents::ImageSpec& spec)
      : tables_(knowledge.tables()), pythons_(pythons), spec_(spec) {}

  /// "2.6.0 cu124 debian:12 3.11" of the best, or "conflict".
  std::string answer() const;
  /// Whether something is known to fit.
  bool is_certain() const;
  /// Whether anything satisfies these constraints together.
  bool solvable(const resolve::Problem& problem, const std::vector<std::size_t>& constraints) const;
  /// 0 fits, 1 nobody can say, 2 does not.
  int judge(const resolve::Problem& problem, const resolve::Constraint& constraint,
            const resolve::Candidate& candidate) const;

 private:
  struct Choice {
    const compat::Release* release;
    const compat::Build* build;
    const compat::Base* base;
    std::string python;
    bool own;  // the base's
  };
  // 0 fits, 1 nobody can say, 2 does not.
  int everything(const Choice& choice) const;
  int one(const resolve::Problem& problem, const resolve::Constraint& constraint, const Choice& choice) const;
  int code(const Choice& choice, const std::string& platform, const std::string& gpu) const;
  bool before_its_time(const compat::Build& build, const compat::Architecture& chip) const;
  bool nowhere(const compat::Architecture& chip) const;
  int floor(const Choice& choice, const versions::Version& driver) const;
  int carried(const Choice& choice, const versions::Version& driver, const std::string& gpu) const;
  int supported(const versions::Version& driver, const std::string& gpu) const;
  int from_ptx(const Choice& choice, const versions::Version& driver, const std::string& gpu) const;
  int part(const Choice& choice, const std::string& name) const;
  int triton(const Choice& choice) const;
  int compiler(const Choice& choice) const;
  int compiled(const Choice& choice, const std::string& gpu) const;
  int compiled_packages(const Choice& choice) const;
  int library(const Choice& choice, const std::string& name, const versions::VersionRange& range,
              const std::string& package) const;
  int package(const Choice& choice, const std::string& requirement) const;
  int other_wheel(const Choice& choice, const std::string& name, const versions::VersionRange& range) const;
  int marked(const Choice& choice, const std::string& platform, const std::string& marker) const;
  int cuda(const Choice& choice) const;
  bool exists(const Choice& choice) const;
  bool has_archives(const Choice& choice) const;
  const compat::BuildPlatform* platform(const Choice& choice, const std::string& name) const;
  const compat::Gpu& gpu(const std::string& name) const;
  const compat::Architecture& architecture(const std::string& gpu_name) const;
  bool arm_only(const std::string& name) const { return gpu(name).kind == "superchip" || gpu(name).kind == "jetson"; }
  std::vector<Choice> choices() const;

  const compat::Tables& tables_;
  const Pythons& pythons_;
  const documents::ImageSpec& spec_;
};

}  // namespace envforge::testing
