// What host and validator say to each other, and the report that a run ends in. The only words that both sides share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace envforge::protocol {

/// Agreed between CLI, driver and group; a mismatch is an error before any check runs.
inline constexpr int kProtocolVersion = 1;
/// Of the report document. The writer writes this one, the reader takes [1, this].
inline constexpr int kReportVersion = 1;

/// In the reason of every check that an interruption ended or kept from starting.
inline constexpr const char* kRunInterrupted = "the run was interrupted";

enum class Verdict { kPass, kFail, kDegraded, kSkipped, kCrashed, kHung, kError };
/// The layer at fault of a failure.
enum class Layer { kNone, kImage, kContainerFlags, kHostDriver, kHardware };

/// "pass", "fail", "degraded", "skipped", "crashed", "hung", "error" and back.
std::string to_string(Verdict verdict);
std::optional<Verdict> verdict_from(const std::string& text);
/// "none", "image", "container-flags", "host-driver", "hardware" and back.
std::string to_string(Layer layer);
std::optional<Layer> layer_from(const std::string& text);

/// What the single samples behind a measurement were, in its unit; in a soak, the values of its rounds.
struct Spread {
  double lowest = 0, highest = 0;
  int samples = 0;
};

struct Measurement {
  std::string name;  // "throughput"
  double value = 0;
  std::string unit;                             // "TFLOP/s"
  std::optional<double> expected;               // by the model
  std::string derivation;                       // "132 SM x 2048 FMA x 2 x 1.83 GHz"
  std::map<std::string, std::string> context;   // dtype, shape, transport, clock
  std::optional<Spread> spread = std::nullopt;  // `value` is the median of these; absent = one sample
};

/// A library that the process really mapped.
struct LoadedLibrary {
  std::string soname, path, version;
  std::string owner;  // "pip nvidia-cublas-cu12 12.4.5.8", "apt libnccl2 2.18.5", "none"
  std::string rule;   // "RPATH of libtorch_cuda.so", "LD_LIBRARY_PATH", ...
};

/// The same comparison fed with a planted fault of the smallest size that the check claims to find.
struct NegativeControl {
  std::string planted;  // "one element of C changed by 1"
  double claimed = 0;   // size claimed to be found
  double found = 0;     // size that the comparison reported
  bool detected = false;
};

/// One round of a soak that did not pass.
struct RoundFailure {
  int round = 0;      // from 1
  double second = 0;  // since the run began
  Verdict verdict = Verdict::kError;
  std::string reason;
};

struct CheckResult {
  std::string id;  // "cublas.gemm-exact" = checks/cublas/gemm_exact.cpp
  Verdict verdict = Verdict::kError;
  std::string summary;  // one line for people
  std::string reason;   // of anything but pass
  Layer layer = Layer::kNone;
  std::string evidence;  // what the layer rests on
  std::string mend;      // the docker flag, recipe line or host command that mends it
  std::string gpu;       // UUID, "" = no GPU or all
  std::vector<Measurement> measurements;
  std::optional<NegativeControl> control;
  std::uint64_t recomputed = 0;  // elements of the output that the driver itself recomputed and found right
  double seconds = 0;
  int rounds = 1;                      // of a soak: how often the check ran; the worst round's verdict stands above
  std::vector<RoundFailure> failures;  // of a soak: every round that neither passed nor was skipped
};

struct GroupResult {
  std::string group;  // "cublas"
  std::vector<CheckResult> checks;
  std::vector<LoadedLibrary> libraries;
  double seconds = 0;
};

struct GpuInfo {
  std::string uuid, name, pci_bus_id, vbios, serial;
  std::string compute_capability;  // "9.0"
  std::uint64_t memory_bytes = 0;
  bool mig = false;
  std::vector<std::string> used_by;  // other processes
};

struct MachineInfo {
  std::vector<GpuInfo> gpus;
  std::string driver;       // "580.159.04"
  std::string cuda_driver;  // "13.0"
  std::string kernel, hostname;
};

struct ValidatorInfo {
  std::string version, commit;
  std::map<std::string, std::string> binaries;  // name -> sha256
};

struct Counts {
  int pass = 0, fail = 0, degraded = 0, skipped = 0, crashed = 0, hung = 0, error = 0;
};

struct Report {
  std::string nonce;
  std::string started;  // RFC 3339
  double seconds = 0;
  std::string suite;
  int rounds = 1;  // of a soak
  std::vector<std::string> required;
  // Filled in by the host.
  std::string image, image_id, manifest_digest, lock_digest;
  std::string engine, gpu_injection;
  std::vector<std::string> container_args;
  // Filled in by the driver.
  ValidatorInfo validator;
  MachineInfo machine;
  std::vector<GroupResult> groups;
  std::vector<std::string> not_judged;  // plain sentences: "the GPU was not tested"
};

Counts count(const Report& report);
/// An interruption ended this check or kept it from starting.
bool was_interrupted(const CheckResult& check);
/// Pass only if at least one check passed, none failed, crashed, hung or erred, and every required check passed and
/// every required group has a check that passed. The worst wins: fail, crashed, hung, error, degraded; nothing at all
/// is error, nothing but skips is skipped.
Verdict overall(const Report& report);
/// One sentence why, e.g. "12 checks passed, 1 skipped" or "required group nccl was skipped".
std::string overall_reason(const Report& report);

nlohmann::json to_json(const CheckResult& result);
/// The readers throw Error{kReportMalformed} with the JSON pointer.
CheckResult check_result_from_json(const nlohmann::json& json);
nlohmann::json to_json(const GroupResult& result);
GroupResult group_result_from_json(const nlohmann::json& json);
nlohmann::json to_json(const LoadedLibrary& library);
LoadedLibrary loaded_library_from_json(const nlohmann::json& json);
nlohmann::json to_json(const MachineInfo& machine);
MachineInfo machine_from_json(const nlohmann::json& json);
/// With "schema": "envforge/report", "schema_version" (newer than kReportVersion: Error{kReportTooNew}). The MAC is
/// added around it, see sealed_report.hpp.
nlohmann::json to_json(const Report& report);
Report report_from_json(const nlohmann::json& json, const std::string& file);

}  // namespace envforge::protocol
