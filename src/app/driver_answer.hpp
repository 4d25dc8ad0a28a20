// What the validator's driver answered, held against what it was asked.
#pragma once

#include <string>

#include <envforge/app/verify_image.hpp>
#include <envforge/process/process.hpp>

#include "verify_plan.hpp"

namespace envforge::app {

/// Throws Error{kInterrupted}: nothing of the run is worth telling.
[[noreturn]] void nothing_kept();

/// The report whose MAC is of `key`; anything else that looks like one was printed by the image. A driver that was told
/// to end still tells of the rounds of a soak that were over. Throws Error{kValidatorBroken} where there is no report,
/// and where its checks are not those of the plan: a check that was left out, or one that nobody asked for.
VerifyResult read_driver_answer(const process::Outcome& outcome, const std::string& key, const VerifyPlan& plan);

}  // namespace envforge::app
