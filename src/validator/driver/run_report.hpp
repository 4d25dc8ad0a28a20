// The report of a run while it grows: results by group, and at the end what nobody told. Used by Session and main.
#pragma once

#include <string>
#include <vector>

#include <envforge/protocol/report.hpp>
#include <envforge/protocol/request.hpp>

#include "driver/conversation.hpp"
#include "driver/guard.hpp"
#include "driver/plan.hpp"

namespace envforge::validator::driver {

/// What a process said, under its group; `seconds` is how long it lived.
void collect(protocol::Report& report, const Job& job, const Conversation& conversation, double seconds);

/// The same result for every check of a job that did not run.
void settle(protocol::Report& report, const Job& job, protocol::Verdict verdict, const std::string& reason);

/// Takes out what was run without being asked for, where it passed or was skipped: it must not make a verdict good.
void forget_unless_wrong(protocol::Report& report, const std::string& id);

/// Of a round of a soak: takes out what the interruption ended; what was found before stays.
void forget_interrupted(protocol::Report& report);

/// Makes each of `asked` that has no result an error, and says what this run did not judge.
void finish(protocol::Report& report, const std::vector<std::string>& asked, int expected_gpus);

/// The report of an image that was refused before anything started: every check that was asked for fails with `why`.
protocol::Report refuse(const protocol::DriverRequest& request, const Preload& why);

}  // namespace envforge::validator::driver
