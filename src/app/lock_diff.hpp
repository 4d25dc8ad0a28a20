// Two locks side by side as values: what changes, and for whom. Used by diff_documents, which reads the two and prints
// this as text or JSON; no I/O here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <envforge/compat/knowledge.hpp>
#include <envforge/documents/changes.hpp>
#include <envforge/documents/lock.hpp>

#include <nlohmann/json_fwd.hpp>

namespace envforge::app {

/// One of the two. A recipe is solved first; of an image, its lock where it is kept, else what its labels say.
struct DiffSide {
  std::string name;  // as the user gave it
  documents::Lock lock;
  std::vector<std::string> conflict;  // a recipe that has no version set: why; the lock is then without platforms
  bool has_spec = true;               // false: the labels of an image do not say its recipe
  bool has_packages = true;           // false: only the version set is known
  std::uint64_t image_bytes = 0;      // of an image
};

struct PackageChange {
  std::string name, before, after;                 // "" = not there; of one version the file's name and digest
  std::uint64_t bytes_before = 0, bytes_after = 0; /* 0 = not there, or its index does not say */
};
struct PackageGroup {
  std::string title;  // "asked for"
  std::vector<PackageChange> changed;
  std::size_t same = 0;
};
/// What is fetched for one platform. `silent` are the packages whose size no index says: without them.
struct BytesOf {
  std::uint64_t bytes = 0;
  std::size_t packages = 0, silent = 0;
};

struct PlatformDiff {
  std::string platform;
  std::vector<documents::Change> versions;
  std::string driver_floor_before, driver_floor_after;  // "" = not known to the data
  std::vector<std::string> code_removed, code_added;    // of torch's own kernels: sm_70, compute_90 (PTX)
  bool code_known = true;                               // false: not known for one of the two
  BytesOf wheels_before, wheels_after, debs_before, debs_after;
  std::vector<PackageGroup> groups;
};

enum class Runs { kYes, kNo, kUnknown };

/// A pool of either recipe, a kind of GPU or a driver branch.
struct MachineDiff {
  std::string name;  // "ampere", "sm_70", "R550"
  std::string what;  // "A100, driver 550.90.07", "V100, TITAN V"
  Runs before = Runs::kUnknown, after = Runs::kUnknown;
  std::vector<std::string> reasons;  // of the later state; where it runs, what came newly to be said about it
  bool changes() const { return before != after || !reasons.empty(); }
};

struct LockDiff {
  std::vector<documents::Change> recipe;  // what decides the image
  std::vector<documents::Change> usage;   // of two recipes, the rest
  std::vector<PlatformDiff> platforms;
  std::vector<std::string> platforms_gone, platforms_new;
  std::vector<MachineDiff> pools;    // all
  std::vector<MachineDiff> gpus;     // those that change
  std::vector<MachineDiff> drivers;  // those that change, asked with the newest GPU that both can run on
  documents::Change data;            // the compatibility data
  documents::Change exclude_newer;
  std::string judged_by;  // date of the data that says who can run what
};

/// Both must be solved.
LockDiff diff_locks(const DiffSide& a, const DiffSide& b, const compat::Knowledge& knowledge);

/// 80 columns where the words allow it; ends with a newline.
std::string diff_text(const LockDiff& diff, const DiffSide& a, const DiffSide& b);
/// {schema: "envforge/lock-diff", schema_version: 1, kind, ...}: docs/schemas/lock-diff-v1.schema.json.
nlohmann::json diff_json(const LockDiff& diff, const std::string& kind, const DiffSide& a, const DiffSide& b);

}  // namespace envforge::app
