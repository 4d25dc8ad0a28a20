// Which measurements of two runs are the same one: by name, unit and what was measured (dtype, shape, size), not by the
// circumstances of a run (clock, samples). Used by the driver over the rounds of a soak and by the host over two
// reports.
#pragma once

#include <string>
#include <string_view>

#include <envforge/protocol/report.hpp>

namespace envforge::protocol {

/// True for a key of Measurement::context that tells how a run went, not what was measured.
bool is_circumstance(std::string_view context_key);
/// "throughput bf16, 8192^3, bf16": name and what was measured, for people; two measurements of one check with the same
/// text and unit are the same.
std::string identity(const Measurement& measurement);

}  // namespace envforge::protocol
