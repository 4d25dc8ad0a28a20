// The plots of the HTML report, as SVG elements without script. Colours are the page's CSS classes. Pure.
#pragma once

#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

/// Measured against the model: a bar for each measurement with an expectation, its samples' range as a whisker. "" =
/// none.
std::string model_bars(const protocol::Report& report);
/// Rates over the sizes that they were measured at, on a logarithmic axis; one plot for each check and unit that has
/// three sizes or more. "" = none.
std::string size_plots(const protocol::Report& report);
/// GPUs of one kind against each other: a dot for each, and the share that is allowed. "" = none.
std::string gpu_spread(const protocol::Report& report);

}  // namespace envforge::report
