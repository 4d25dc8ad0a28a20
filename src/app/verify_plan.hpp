// Which checks a verification runs, decided on the host before anything is started.
#pragma once

#include <string>
#include <vector>

#include <envforge/app/torch_group.hpp>
#include <envforge/app/verify_image.hpp>
#include <envforge/protocol/report.hpp>
#include <envforge/protocol/request.hpp>

namespace envforge::app {

/// What will be run, and what is left out with the reason.
struct VerifyPlan {
  std::vector<std::string> checks;  // each once; empty only where torch_skipped is all that was asked for
  std::vector<std::string> not_judged;
  protocol::GroupResult torch_skipped;  // when there is no torch group for this image
};

/// Throws Error{kUsage} for an unknown suite.
protocol::Suite suite_of(const protocol::Report& report);
/// Throws Error{kUsage} for a name that is no check and no group, for a name of --only of which --gpus none or --skip
/// leaves nothing, and where nothing is left at all: an empty selection is never the whole suite.
void check_selection(const VerifyOptions& options, const protocol::Report& report);
bool wants_torch(const VerifyOptions& options, const protocol::Report& report);
/// Of a selection that check_selection() took.
VerifyPlan make_plan(const VerifyOptions& options, const protocol::Report& report, const TorchGroup& torch);

}  // namespace envforge::app
