// The exit codes of envforge: an interface. `envforge --help` prints this table; docs/errors.md explains it.
#pragma once

#include <array>
#include <string_view>

namespace envforge::support {

enum class ExitCode : int {
  kDone = 0,
  kNegativeVerdict = 1,
  kUsage = 2,
  kBadDocument = 3,
  kNoSolution = 4,
  kBuildFailed = 5,
  kMachineLacks = 6,
  kNotTrusted = 7,
  kBug = 70,
  kDeadline = 124,
  kInterrupted = 130,
};

struct ExitCodeRow {
  ExitCode code;
  std::string_view meaning;
};

inline constexpr std::array<ExitCodeRow, 11> kExitCodes{{
    {ExitCode::kDone, "done, or verified"},
    {ExitCode::kNegativeVerdict,
     "a negative verdict: a check failed, or a required check did not run though others did"},
    {ExitCode::kUsage, "wrong usage"},
    {ExitCode::kBadDocument, "a bad document: recipe, lock, certificate or data"},
    {ExitCode::kNoSolution, "no version set satisfies the recipe"},
    {ExitCode::kBuildFailed, "the engine or the build failed"},
    {ExitCode::kMachineLacks, "nothing could run, because this machine lacks it (engine, GPU, permission)"},
    {ExitCode::kNotTrusted, "not trusted: signature, expiry, revocation or policy"},
    {ExitCode::kBug, "a bug of envforge"},
    {ExitCode::kDeadline, "a deadline passed"},
    {ExitCode::kInterrupted, "interrupted"},
}};

}  // namespace envforge::support
