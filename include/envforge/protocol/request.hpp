// What the CLI asks of the driver (one JSON document on its standard input) and the driver of a group (the first line
// on its channel). The key stands only in the first.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/protocol/report.hpp>

namespace envforge::protocol {

enum class Suite { kQuick, kStandard, kSoak };
std::string to_string(Suite suite);
std::optional<Suite> suite_from(const std::string& text);

/// What a group is told.
struct GroupRequest {
  int protocol = kProtocolVersion;
  std::uint64_t seed = 0;  // of every input; the driver makes a fresh one for each group
  Suite suite = Suite::kQuick;
  std::vector<std::string> checks;          // ids to run, in order
  std::vector<GpuInfo> gpus;                // the ones this group works on; empty = none
  int expected_gpus = -1;                   // how many the user asked for; -1 = all that are there, 0 = none
  std::vector<std::string> expected_uuids;  // empty = any
  double memory_fraction = 0.5;             // share of each GPU's free memory that a check may use
  bool judge_speed = true;                  // false on a GPU that others use
  bool flags_are_the_runs = false;          // false: shm, limits and caps are verify's own and prove nothing
  std::string python;                       // the image's interpreter or venv; "" = look for one
  std::string target_gpus;  // compute capabilities that the image must cover, "9.0,8.0"; for checks without GPU
  /// What the lock says is installed: a distribution's name, or "torch" (torch.__version__) and "cuda"
  /// (torch.version.cuda), to its version. Empty = no lock is known.
  std::map<std::string, std::string> expected_versions;
  std::vector<std::string> capabilities;  // that the image's recipe declares: "torch_compile"
};

struct DriverRequest {
  std::string key;                        // of the MAC; at least 32 characters
  GroupRequest group;                     // seed, gpus and judge_speed are filled in by the driver
  std::string groups_dir;                 // where envforge-group-* lie; "" = beside the driver
  double group_deadline_seconds = 120;    // of one group, from its turn on the GPU
  double prepare_deadline_seconds = 120;  // until a group is ready for its turn
  double total_deadline_seconds = 600;
  double soak_seconds = 0;  // rounds begin until this time is over; 0 = one round
  /// The report so far: everything that the host knows. The driver fills in the rest, so that the MAC covers all of it.
  Report report;
};

nlohmann::json to_json(const GroupRequest& request);
GroupRequest group_request_from_json(const nlohmann::json& json);
nlohmann::json to_json(const DriverRequest& request);
/// Throws Error{kProtocol} for anything that is no request of this protocol version.
DriverRequest driver_request_from_text(const std::string& text);

}  // namespace envforge::protocol
