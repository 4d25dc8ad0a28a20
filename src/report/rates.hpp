// The measurements of a report that can be compared: rates of checks whose speed was judged, and which of another
// report, or of another GPU, is the same one. Used by the judgement and by the difference of two reports.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

struct Rate {
  const protocol::CheckResult* check = nullptr;
  const protocol::Measurement* measurement = nullptr;
};

/// The size that a measurement was made at, and the key of its context that says so.
struct MeasuredSize {
  std::string key;
  double bytes = 0;
};
std::optional<MeasuredSize> size_of(const protocol::Measurement& measurement);
/// Bytes of "536870912", "512 MiB", "1.5 GB"; nullopt for anything else.
std::optional<double> size_in_bytes(const std::string& text);

/// Points into `report`. Nothing of checks that did not work, nothing measured beside other processes, and nothing at a
/// size so small that latency decides.
std::vector<Rate> rates_of(const protocol::Report& report);
/// "NVIDIA H200", of a check on all GPUs "2 x NVIDIA H200": what a rate belongs to.
std::string gpu_kind(const protocol::Report& report, const std::string& uuid);
/// The same measurement of the same GPU in `then`; else the median of its GPUs of that kind; nullopt = there is none.
std::optional<protocol::Measurement> counterpart_of(const Rate& rate, const protocol::Report& now,
                                                    const protocol::Report& then);
/// The rates that two or more GPUs of one kind have, each list from one check and one measurement. Copies through the
/// host are left out: the GPUs of a run make them at once and share it.
std::vector<std::vector<Rate>> peers_of(const protocol::Report& report);

/// What such a list is held against. Two GPUs: the faster one. More: the median, so that one fast GPU does not make all
/// others slow.
const protocol::Measurement& peer_reference(const std::vector<Rate>& peers);

}  // namespace envforge::report
