// How a machine and its GPUs are called in the texts of this area. Foreign text: not yet escaped.
#pragma once

#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

/// "2 x NVIDIA H200, driver 580.159.04", "no GPU".
std::string machine_text(const protocol::Report& report);
/// "GPU 1" of a UUID, by its place in the report; "all GPUs" of "".
std::string short_gpu(const protocol::Report& report, const std::string& uuid);

}  // namespace envforge::report
