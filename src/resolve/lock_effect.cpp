#include <envforge/resolve/lock_effect.hpp>

#include <algorithm>

#include <envforge/support/text.hpp>
#include <envforge/versions/driver.hpp>

#include "answer.hpp"
#include "text_lines.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using documents::Pool;
using support::Error;
using support::ErrorCode;
using versions::Version;

constexpr unsigned kLowestDriver = 100;  // compute capabilities are lower, driver branches higher

struct Judged {
  Fit fit = Fit::kYes;
  std::vector<std::string> reasons;
};

void add_fact(std::vector<std::string>& reasons, std::string text, const std::string& source) {
  text += source.empty() ? "" : " [" + source + "]";
  if (std::find(reasons.begin(), reasons.end(), text) == reasons.end()) reasons.push_back(text);
}

// A wheel of packages.build has machine code for what it was locked for, and no PTX.
void judge_built_wheels(const documents::Lock& lock, const std::string& file, const std::string& pool,
                        const Problem& problem, Judged& judged) {
  for (const auto& [platform, locked] : lock.platforms) {
    for (const documents::LockedBuild& build : locked.builds) {
      const auto is_it = [&](const documents::BuildWish& wish) { return wish.source.value == build.source; };
      const auto wish = std::find_if(lock.spec.build.begin(), lock.spec.build.end(), is_it);
      if (wish == lock.spec.build.end() || !is_compiled_for(*wish, pool)) continue;
      const std::vector<std::string_view> code(build.architectures.begin(), build.architectures.end());
      compat::BuildPlatform wheel;
      wheel.sass = {true, true, code};
      for (const PoolGpu& gpu : problem.gpus) {
        if (gpu.arm_host && platform != "linux/arm64") continue;
        const compat::Architecture& architecture = *gpu.match.architecture;
        if (coverage(wheel, architecture, *problem.knowledge) == compat::Coverage::kMachineCode) continue;
        judged.fit = Fit::kNo;
        add_fact(judged.reasons,
                 "the wheel of " + build.name + " is built with machine code for " +
                     (build.architectures.empty() ? "no GPU" : support::join(build.architectures, ", ")) + "; " +
                     describe_gpu(gpu) + " needs " + needed_code(*problem.knowledge, architecture),
                 file.empty() ? "the lock" : file);
      }
    }
  }
}

// Whether the locked build runs on one pool.
Judged judge(const documents::Lock& lock, const std::string& file, const Pool& pool, const std::string& built_for,
             const compat::Knowledge& knowledge) {
  ImageSpec spec = lock.spec;
  spec.pools = {pool};
  spec.platforms.clear();
  for (const auto& entry : lock.platforms) spec.platforms.push_back(entry.first);
  const Problem problem = make_problem(spec, knowledge);
  const documents::LockedPlatform& locked = lock.platforms.begin()->second;
  const auto option = std::find_if(problem.options().begin(), problem.options().end(), [&](const BuildOption& row) {
    return row.release->version == locked.torch && row.build->cuda_variant == locked.cuda_variant;
  });
  if (option == problem.options().end()) {
    return {
        Fit::kUnknown,
        {"torch " + locked.torch + " " + locked.cuda_variant + " is not known to the data of " + knowledge.as_of()}};
  }
  const Candidate candidate{static_cast<std::size_t>(option - problem.options().begin()),
                            &knowledge.tables().bases.front(), locked.python};
  Judged judged;
  for (const Constraint& constraint : problem.constraints) {
    if (!constraint.pool) continue;
    const Fit fit = check(problem, constraint, candidate);
    if (fit == Fit::kYes) continue;
    judged.fit = std::max(judged.fit, fit);
    const Fact fact = why_not(problem, constraint, candidate);
    add_fact(judged.reasons, fact.text, fact.source);
  }
  judge_built_wheels(lock, file, built_for, problem, judged);
  if (judged.fit != Fit::kYes) return judged;
  for (const std::string& platform : spec.platforms) {
    if (platform_of(*option->build, platform) == nullptr) return judged;  // the warnings need its row
  }
  for (const Warning& warning : make_warnings(problem, candidate))
    add_fact(judged.reasons, warning.text, warning.source);
  return judged;
}

Pool changed(const Pool* now, const PoolChange& change) {
  Pool pool = now != nullptr ? *now : Pool{};
  pool.name = change.name;
  if (!change.gpus.empty()) pool.gpus.clear();
  for (const auto& gpu : change.gpus) pool.gpus.push_back({gpu, {}});
  if (!change.driver.empty()) {
    pool.driver = documents::Located<Version>{versions::parse_driver(change.driver).value(), {}};
  }
  return pool;
}

Verdict verdict_of(bool was_there, Fit before, Fit after) {
  if (after == Fit::kUnknown) return Verdict::kUnknown;
  const bool ran = was_there && before == Fit::kYes;
  if (after == Fit::kYes) return ran ? Verdict::kKeeps : Verdict::kGains;
  return ran || (was_there && before == Fit::kUnknown) ? Verdict::kLoses : Verdict::kNever;
}

LockEffect effect_of(const documents::Lock& lock, const std::string& file, const PoolChange& change,
                     const compat::Knowledge& knowledge) {
  const documents::LockedPlatform& locked = lock.platforms.begin()->second;
  LockEffect effect{file, "torch " + locked.torch + " " + locked.cuda_variant, change.name, Verdict::kUnknown, false,
                    {}};
  const auto& pools = lock.spec.pools;
  const auto now = std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) { return pool.name == change.name; });
  if (now == pools.end() && change.gpus.empty()) {
    effect.verdict = Verdict::kNotConcerned;
    effect.reasons.push_back("the lock has no pool '" + change.name + "'");
    return effect;
  }
  const bool was_there = now != pools.end();
  const Pool then = changed(was_there ? &*now : nullptr, change);
  const std::string& built_for = change.built_for.empty() ? change.name : change.built_for;
  const Judged before = was_there ? judge(lock, file, *now, built_for, knowledge) : Judged{Fit::kNo, {}};
  const Judged after = judge(lock, file, then, built_for, knowledge);
  effect.verdict = verdict_of(was_there, before.fit, after.fit);
  effect.reasons = after.reasons;
  if (effect.verdict != Verdict::kKeeps && effect.verdict != Verdict::kGains) return effect;
  const auto same = [](const auto& a, const auto& b) { return a.value == b.value; };
  const bool same_gpus =
      was_there && std::equal(then.gpus.begin(), then.gpus.end(), now->gpus.begin(), now->gpus.end(), same);
  const bool same_driver = was_there && now->driver.has_value() == then.driver.has_value() &&
                           (!then.driver || now->driver->value == then.driver->value);
  effect.verify_again = !same_gpus || !same_driver;
  if (!was_there) {
    effect.reasons.insert(effect.reasons.begin(), "a pool that the lock was not made for");
  } else if (!same_driver) {
    effect.reasons.insert(effect.reasons.begin(), "the driver changes from " +
                                                      (now->driver ? versions::driver_text(now->driver->value)
                                                                   : std::string("one that is not stated")) +
                                                      " to " + versions::driver_text(then.driver->value));
  } else if (!same_gpus) {
    effect.reasons.insert(effect.reasons.begin(), "the GPUs change");
  }
  return effect;
}

}  // namespace

void add_pool_change(std::vector<PoolChange>& changes, const std::string& text) {
  const auto equals = text.find('=');
  const std::string name = support::trim(text.substr(0, equals));
  const std::string value = equals == std::string::npos ? "" : support::trim(text.substr(equals + 1));
  if (name.empty() || value.empty()) {
    throw Error(ErrorCode::kUsage, "--pool '" + support::printable(text) +
                                       "': expected NAME=DRIVER or NAME=GPU, such as rtx=590 or \"rtx=RTX 5090\"");
  }
  auto change = std::find_if(changes.begin(), changes.end(), [&](const PoolChange& c) { return c.name == name; });
  if (change == changes.end()) change = changes.insert(change, PoolChange{name, {}, {}, {}});
  const auto version = versions::parse_driver(value);
  if (!version || version->major() < kLowestDriver) {
    change->gpus.push_back(value);
  } else if (change->driver.empty()) {
    change->driver = value;
  } else {
    throw Error(ErrorCode::kUsage, "--pool gives '" + support::printable(name) + "' two drivers");
  }
}

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kKeeps:
      return "keeps";
    case Verdict::kLoses:
      return "loses";
    case Verdict::kGains:
      return "gains";
    case Verdict::kNever:
      return "does not run";
    case Verdict::kUnknown:
      return "not known";
    case Verdict::kNotConcerned:
      return "not concerned";
  }
  return "";
}

std::vector<LockEffect> lock_effects(const documents::Lock& lock, const std::string& file,
                                     const std::vector<PoolChange>& changes, const compat::Knowledge& knowledge) {
  std::vector<LockEffect> effects;
  for (const PoolChange& change : changes) effects.push_back(effect_of(lock, file, change, knowledge));
  return effects;
}

std::string explain(const std::vector<LockEffect>& effects, bool for_terminal) {
  std::vector<std::string> lines;
  for (const LockEffect& effect : effects) {
    const std::string head = effect.lock + " (" + effect.image + "), pool " + effect.pool + ": " +
                             word(effect.verdict) + (effect.verify_again ? ", must be verified again" : "");
    lines.push_back(for_terminal ? support::wrap(head, 0, 4) : head);
    for (const std::string& reason : effect.reasons) add_wrapped(lines, reason, "      ");
  }
  return text_of(lines);
}

}  // namespace envforge::resolve
