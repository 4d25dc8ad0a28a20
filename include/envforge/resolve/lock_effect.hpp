// The question of every driver week: which locked images still run on a pool whose driver or GPUs change. Pure.
#pragma once

#include <string>
#include <vector>

#include <envforge/compat/knowledge.hpp>
#include <envforge/documents/lock.hpp>

namespace envforge::resolve {

/// A pool as it will be. What is not said stays as the lock has it.
struct PoolChange {
  std::string name;
  std::vector<std::string> gpus;  // these instead; for a pool that the lock lacks, its GPUs
  std::string driver;             // 590.44.01, or 590 for the newest of its branch; "" = as it is
  std::string built_for = {};     // the pool as packages.build may name it; "" = `name`
};

/// Reads "rtx=590", "rtx=RTX 5090" and adds it to `changes`. A number from 100 on is a driver, anything else a GPU.
/// Throws Error{kUsage}.
void add_pool_change(std::vector<PoolChange>& changes, const std::string& text);

enum class Verdict {
  kKeeps,         // ran and runs
  kLoses,         // ran and does not
  kGains,         // did not run, or was no pool of it, and runs
  kNever,         // did not run and does not
  kUnknown,       // the data cannot tell
  kNotConcerned,  // the lock has no such pool
};
/// "keeps", "loses" ...
const char* word(Verdict verdict);

struct LockEffect {
  std::string lock;   // as the user named the file
  std::string image;  // torch 2.6.0 cu124
  std::string pool;
  Verdict verdict = Verdict::kUnknown;
  bool verify_again = false;         // a report holds only for the GPUs and the driver that it was made with
  std::vector<std::string> reasons;  // with the data row in brackets
};

/// One line for each change. Throws Error{kGpuUnknown, kGpuAmbiguous, kUsage}.
std::vector<LockEffect> lock_effects(const documents::Lock& lock, const std::string& file,
                                     const std::vector<PoolChange>& changes, const compat::Knowledge& knowledge);

/// Ends with a newline. Elsewhere than on a terminal a lock, its pool and the verdict are one line, to be searched.
std::string explain(const std::vector<LockEffect>& effects, bool for_terminal = false);

}  // namespace envforge::resolve
