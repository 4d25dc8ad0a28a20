#include "lock_diff.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <envforge/compat/gpu_names.hpp>
#include <envforge/compat/machine_code.hpp>
#include <envforge/resolve/lock_effect.hpp>
#include <envforge/resolve/matrix.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/driver.hpp>
#include <envforge/versions/package_name.hpp>

namespace envforge::app {
namespace {

using documents::Lock;
using documents::LockedDeb;
using documents::LockedPlatform;
using documents::LockedWheel;
using resolve::PoolChange;

// --- packages

struct Row {
  std::string group, name, version, file;
  std::uint64_t bytes = 0;
};

constexpr const char* kHeavy = "torch and CUDA's libraries";
constexpr const char* kToolkit = "CUDA toolkit and what builds with it";
constexpr const char* kDirect = "asked for";
constexpr const char* kNeeded = "needed by those";
constexpr const char* kTools = "installer";
constexpr const char* kBaseDebs = "Debian packages of the base";
constexpr const char* kDebs = "Debian packages";
constexpr const char* kBuilderDebs = "Debian packages of the validator's build stage";
constexpr const char* kGroups[] = {kHeavy, kToolkit, kDirect, kNeeded, kTools, kBaseDebs, kDebs, kBuilderDebs};

template <class Package>
Row row_of(const Package& package, const std::string& group) {
  constexpr std::size_t kShortDigest = 12;
  return {group, package.name, package.version, package.filename + " " + package.sha256.substr(0, kShortDigest),
          package.size};
}

std::vector<Row> rows_of(const LockedPlatform& platform) {
  std::vector<Row> rows;
  for (const LockedWheel& wheel : platform.wheels)
    rows.push_back(row_of(wheel, wheel.heavy ? kHeavy : wheel.toolkit ? kToolkit : wheel.direct ? kDirect : kNeeded));
  for (const LockedWheel& tool : platform.tools) rows.push_back(row_of(tool, kTools));
  for (const LockedDeb& deb : platform.base.debs) rows.push_back(row_of(deb, kBaseDebs));
  for (const LockedDeb& deb : platform.debs) rows.push_back(row_of(deb, kDebs));
  for (const LockedDeb& deb : platform.builder_debs) rows.push_back(row_of(deb, kBuilderDebs));
  return rows;
}

struct Pair {
  const Row *before = nullptr, *after = nullptr;
};

// A library of NVIDIA's keeps its key when its wheel's name loses CUDA's major.
std::string key_of(const std::string& wheel) {
  const std::string library = versions::nvidia_library(wheel);
  return library.empty() ? wheel : "nvidia-" + library;
}

// A wheel that is asked for now and was only needed before is one package, in its later group.
using Pairs = std::map<std::string, Pair>;
void put(Pairs& pairs, const std::vector<Row>& rows, const Row* Pair::*side) {
  for (const Row& row : rows) {
    const bool wheel = row.group == kHeavy || row.group == kDirect || row.group == kNeeded;
    const Row*& slot = pairs[wheel ? key_of(row.name) : row.group + " " + row.name].*side;
    // Two CUDA majors in one image: then each keeps its whole name.
    if (slot != nullptr) {
      pairs[row.name].*side = &row;
    } else {
      slot = &row;
    }
  }
}

PackageChange change_of(const Row* old, const Row* now) {
  PackageChange change{(now != nullptr ? now : old)->name, "", "", 0, 0};
  if (old != nullptr) {
    change.before = old->version;
    change.bytes_before = old->bytes;
    if (old->name != change.name) change.before += " (" + old->name + ")";
  }
  if (now != nullptr) {
    change.after = now->version;
    change.bytes_after = now->bytes;
  }
  if (old != nullptr && now != nullptr && change.before == change.after && old->file != now->file) {
    change.before += " " + old->file;
    change.after += " " + now->file;
  }
  return change;
}

std::vector<PackageGroup> groups_of(const std::vector<Row>& before, const std::vector<Row>& after) {
  Pairs pairs;
  put(pairs, before, &Pair::before);
  put(pairs, after, &Pair::after);
  std::vector<PackageGroup> out;
  for (const char* title : kGroups) {
    PackageGroup group{title, {}, 0};
    for (const auto& [key, pair] : pairs) {
      const auto& [old, now] = pair;
      if ((now != nullptr ? now : old)->group != title) continue;
      auto change = change_of(old, now);
      if (change.before == change.after) {
        ++group.same;
      } else {
        group.changed.push_back(std::move(change));
      }
    }
    if (!group.changed.empty() || group.same > 0) out.push_back(std::move(group));
  }
  return out;
}

BytesOf bytes_of(const std::vector<Row>& rows, bool wheels) {
  BytesOf sum;
  for (const Row& row : rows) {
    const bool is_deb = row.group == kBaseDebs || row.group == kDebs;
    if (row.group == kBuilderDebs || row.group == kTools || is_deb == wheels) continue;
    sum.bytes += row.bytes;
    ++sum.packages;
    if (row.bytes == 0) ++sum.silent;
  }
  return sum;
}

// --- one platform

std::optional<resolve::MatrixRow> build_row(const LockedPlatform& locked, const std::string& platform,
                                            const compat::Knowledge& knowledge) {
  resolve::MatrixFilter filter;
  filter.torch = "==" + locked.torch;
  filter.cuda = locked.cuda_variant;
  filter.platform = platform;
  try {
    const auto rows = resolve::matrix(knowledge, filter);
    if (!rows.empty()) return rows.front();
  } catch (const support::Error&) {  // an image's label is any text
  }
  return std::nullopt;
}

PlatformDiff diff_platform(const std::string& name, const LockedPlatform& old, const LockedPlatform& now,
                           const compat::Knowledge& knowledge) {
  PlatformDiff diff;
  diff.platform = name;
  diff.versions = documents::version_changes(old, now);
  const auto a = build_row(old, name, knowledge), b = build_row(now, name, knowledge);
  diff.driver_floor_before = a ? a->driver_floor : "";
  diff.driver_floor_after = b ? b->driver_floor : "";
  diff.code_known = a && b && !a->code.empty() && !b->code.empty();
  if (diff.code_known) {
    const auto missing = [](const std::vector<std::string>& from, const std::vector<std::string>& in) {
      std::vector<std::string> out;
      for (const auto& code : from) {
        if (std::find(in.begin(), in.end(), code) == in.end()) out.push_back(code);
      }
      return out;
    };
    diff.code_removed = missing(a->code, b->code);
    diff.code_added = missing(b->code, a->code);
  }
  const auto before = rows_of(old), after = rows_of(now);
  diff.groups = groups_of(before, after);
  diff.wheels_before = bytes_of(before, true);
  diff.wheels_after = bytes_of(after, true);
  diff.debs_before = bytes_of(before, false);
  diff.debs_after = bytes_of(after, false);
  return diff;
}

// --- for whom

struct Answer {
  Runs runs = Runs::kUnknown;
  std::vector<std::string> reasons;
};

struct Machines {
  std::vector<std::string> gpus;
  std::string driver, pool = {};  // "" = not stated; no pool's own
};

// Whether a locked build runs on machines, be they a pool of its or not.
Answer ask(const Lock& lock, const Machines& asked, const compat::Knowledge& knowledge) {
  // No pool can have this name, so nothing is taken over from the lock's own pools.
  const PoolChange machines{"these machines", asked.gpus, asked.driver, asked.pool};
  try {
    auto effect = resolve::lock_effects(lock, "", {machines}, knowledge).front();
    if (effect.verdict == resolve::Verdict::kUnknown) return {Runs::kUnknown, std::move(effect.reasons)};
    if (effect.verdict != resolve::Verdict::kGains) return {Runs::kNo, std::move(effect.reasons)};
    effect.reasons.erase(effect.reasons.begin());  // that the lock was not made for them
    return {Runs::kYes, std::move(effect.reasons)};
  } catch (const support::Error& error) {  // a GPU that this data does not know
    return {Runs::kUnknown, {error.message()}};
  }
}

MachineDiff compare(std::string name, std::string what, const Machines& machines, const Lock& a, const Lock& b,
                    const compat::Knowledge& knowledge) {
  const Answer before = ask(a, machines, knowledge);
  Answer after = ask(b, machines, knowledge);
  MachineDiff row{std::move(name), std::move(what), before.runs, after.runs, {}};
  if (row.before != row.after && after.runs == Runs::kYes && !before.reasons.empty()) {
    row.reasons = before.reasons;  // what stood against it
    return row;
  }
  for (auto& reason : after.reasons) {
    // What is said of one build names it: only what it says counts.
    const auto said = [&](const std::string& other) {
      return reason.substr(0, reason.find(" [")) == other.substr(0, other.find(" ["));
    };
    const bool old = std::any_of(before.reasons.begin(), before.reasons.end(), said);
    if (row.before != row.after || !old) row.reasons.push_back(std::move(reason));
  }
  return row;
}

std::string describe(const documents::Pool& pool) {
  std::vector<std::string> words;
  for (const auto& gpu : pool.gpus) words.push_back(gpu.value);
  if (pool.driver) words.push_back("driver " + versions::driver_text(pool.driver->value));
  return support::join(words, ", ");
}

// Pools of B as B states them, and those that only A has.
std::vector<MachineDiff> diff_pools(const Lock& a, const Lock& b, const compat::Knowledge& knowledge) {
  std::vector<documents::Pool> pools = b.spec.pools;
  for (const auto& pool : a.spec.pools) {
    if (std::none_of(pools.begin(), pools.end(), [&](const auto& known) { return known.name == pool.name; }))
      pools.push_back(pool);
  }
  std::vector<MachineDiff> out;
  for (const auto& pool : pools) {
    Machines machines{{}, pool.driver ? versions::driver_text(pool.driver->value) : "", pool.name};
    for (const auto& gpu : pool.gpus) machines.gpus.push_back(gpu.value);
    out.push_back(compare(pool.name, describe(pool), machines, a, b, knowledge));
  }
  return out;
}

// The models that an image of the platforms can meet.
std::string models_of(const std::string_view cc, bool arm64, const compat::Knowledge& knowledge) {
  constexpr std::size_t kNamed = 4;
  std::vector<std::string> names;
  std::size_t more = 0;
  for (const auto& gpu : knowledge.tables().gpus) {
    if (gpu.cc != cc || (compat::sold_with_arm(gpu) && !arm64)) continue;
    if (names.size() < kNamed) {
      names.emplace_back(gpu.name);
    } else {
      ++more;
    }
  }
  return support::join(names, ", ") + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

// Every compute capability that the data knows; `both` becomes the newest on which both run.
std::vector<MachineDiff> diff_gpus(const Lock& a, const Lock& b, const compat::Knowledge& knowledge,
                                   std::string& both) {
  std::vector<MachineDiff> out;
  std::optional<versions::Version> newest;
  const bool arm64 = a.platforms.count("linux/arm64") + b.platforms.count("linux/arm64") > 0;
  for (const auto& architecture : knowledge.tables().architectures) {
    const std::string models = models_of(architecture.cc, arm64, knowledge);
    if (models.empty()) continue;
    const std::string name = compat::sm_name(architecture.cc);
    auto row = compare(name, models, {{name}, ""}, a, b, knowledge);
    const auto cc = versions::Version::of(std::string(architecture.cc));
    if (row.before == Runs::kYes && row.after == Runs::kYes && (!newest || *newest < cc)) {
      newest = cc;
      both = name;
    }
    // What is said of a GPU that neither runs on helps nobody.
    if (row.before != row.after || (row.after == Runs::kYes && !row.reasons.empty())) out.push_back(std::move(row));
  }
  return out;
}

std::vector<MachineDiff> diff_drivers(const Lock& a, const Lock& b, const std::string& gpu,
                                      const compat::Knowledge& knowledge) {
  std::vector<MachineDiff> out;
  if (gpu.empty()) return out;
  for (const auto& branch : knowledge.tables().branches) {
    const std::string number(branch.branch.substr(1));
    auto row = compare(std::string(branch.branch), "", {{gpu}, number}, a, b, knowledge);
    if (row.before != row.after) out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

LockDiff diff_locks(const DiffSide& a, const DiffSide& b, const compat::Knowledge& knowledge) {
  LockDiff diff;
  if (a.has_spec && b.has_spec) diff.recipe = documents::what_changed(a.lock.spec, b.lock.spec);
  diff.data = {"compatibility data", a.lock.data_as_of, b.lock.data_as_of};
  diff.exclude_newer = {"exclude_newer", a.lock.exclude_newer, b.lock.exclude_newer};
  diff.judged_by = knowledge.as_of();
  for (const auto& [name, platform] : a.lock.platforms) {
    const auto now = b.lock.platforms.find(name);
    if (now == b.lock.platforms.end()) {
      diff.platforms_gone.push_back(name);
    } else {
      diff.platforms.push_back(diff_platform(name, platform, now->second, knowledge));
    }
  }
  for (const auto& [name, platform] : b.lock.platforms) {
    if (a.lock.platforms.count(name) == 0) diff.platforms_new.push_back(name);
  }
  diff.pools = diff_pools(a.lock, b.lock, knowledge);
  std::string both;
  diff.gpus = diff_gpus(a.lock, b.lock, knowledge, both);
  diff.drivers = diff_drivers(a.lock, b.lock, both, knowledge);
  return diff;
}

}  // namespace envforge::app
