#include "driver/attribution.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <envforge/support/text.hpp>

namespace envforge::validator::driver {
namespace {

using protocol::CheckResult;
using protocol::Layer;
using protocol::Report;
using protocol::Verdict;

constexpr const char* kOtherLibrary =
    "build the image again from its lock; if it stays, another release of the library (envforge explain --matrix)";
constexpr const char* kLinks =
    "nvidia-smi nvlink -e and nvidia-smi topo -p2p r on the host; PCIe ACS and the IOMMU off there, or "
    "NCCL_P2P_DISABLE=1";

bool is_right(const CheckResult& check) {
  return check.verdict == Verdict::kPass || check.verdict == Verdict::kDegraded;
}

// A comparison with a control found it, and nothing more is known of the cause.
bool is_wrong_number(const CheckResult& check) {
  return check.verdict == Verdict::kFail && check.control && check.mend.empty();
}

std::vector<const CheckResult*> results_of(const Report& report, const std::string& id) {
  std::vector<const CheckResult*> out;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) {
      if (check.id == id) out.push_back(&check);
    }
  }
  return out;
}

std::size_t index_of(const Report& report, const std::string& uuid) {
  const auto& gpus = report.machine.gpus;
  return static_cast<std::size_t>(
      std::find_if(gpus.begin(), gpus.end(), [&](const auto& gpu) { return gpu.uuid == uuid; }) - gpus.begin());
}

// "GPU 2", "GPUs 0, 1, 3".
std::string numbered(const Report& report, const std::vector<std::string>& uuids) {
  std::set<std::size_t> indices;  // results stand in the order in which they ended
  for (const auto& uuid : uuids) indices.insert(index_of(report, uuid));
  std::vector<std::string> numbers;
  for (const auto index : indices) numbers.push_back(std::to_string(index));
  return (numbers.size() == 1 ? "GPU " : "GPUs ") + support::join(numbers, ", ");
}

std::string mend_of_gpu(const std::string& uuid) {
  const std::string one = uuid.empty() ? "" : " -i " + uuid;
  return "nvidia-smi -q -d ECC,ROW_REMAPPER" + one + " and dcgmi diag -r 3 on the host; if it stays, replace the GPU";
}

std::string mend_of(Layer layer, const std::string& uuid) {
  if (layer == Layer::kHardware) return mend_of_gpu(uuid);
  return layer == Layer::kHostDriver ? "install another driver of the same branch on the host" : kOtherLibrary;
}

/// The same check on the GPUs of one kind.
struct Peers {
  std::vector<std::string> right, wrong;  // UUIDs
};

Peers peers_of(const Report& report, const CheckResult& check) {
  const auto& gpus = report.machine.gpus;
  const std::size_t own = index_of(report, check.gpu);
  Peers out;
  for (const CheckResult* other : results_of(report, check.id)) {
    const std::size_t index = index_of(report, other->gpu);
    if (index >= gpus.size() || own >= gpus.size() || gpus[index].name != gpus[own].name) continue;
    if (is_right(*other)) out.right.push_back(other->gpu);
    if (is_wrong_number(*other)) out.wrong.push_back(other->gpu);
  }
  return out;
}

void attribute_by_peers(const Report& report, CheckResult& check) {
  const Peers peers = peers_of(report, check);
  const std::string which = numbered(report, peers.wrong);
  if (!peers.right.empty()) {
    const bool one = peers.wrong.size() == 1;
    check.layer = Layer::kHardware;
    check.evidence = which + (one ? " alone computes wrongly" : " compute wrongly") +
                     "; the same libraries are right on " + numbered(report, peers.right) + " of the same kind";
  } else if (peers.wrong.size() > 1) {
    check.evidence = "wrong on each GPU of its kind: " + which;
  } else if (check.layer == Layer::kHardware) {
    check.evidence = "no library of the image computes here: memory, link and driver carry the bytes";
  } else {
    check.evidence = "one GPU of its kind ran this; another one, with the same image, tells library and GPU apart";
  }
  check.mend = mend_of(check.layer, check.gpu);
}

bool failed(const Report& report, const std::string& id) {
  const auto results = results_of(report, id);
  return std::any_of(results.begin(), results.end(), [](const auto* one) { return one->verdict == Verdict::kFail; });
}

void attribute_collective(const Report& report, CheckResult& check) {
  check.layer = Layer::kImage;
  check.mend = kOtherLibrary;
  for (const CheckResult* memory : results_of(report, "cuda.memory")) {
    if (memory->verdict != Verdict::kFail) continue;
    check.layer = Layer::kHardware;
    check.evidence = "the memory of " + numbered(report, {memory->gpu}) + " is wrong by itself (cuda.memory)";
    check.mend = mend_of_gpu(memory->gpu);
    return;
  }
  for (const CheckResult* processes : results_of(report, "nccl.processes")) {
    // Only a comparison with NCCL_P2P_DISABLE=1 names this layer there.
    if (processes->verdict != Verdict::kFail || processes->layer != Layer::kHostDriver) continue;
    check.layer = processes->layer;
    check.evidence = processes->evidence + " (nccl.processes)";
    check.mend = processes->mend;
    return;
  }
  const auto copies = results_of(report, "peer.copy");
  if (failed(report, "peer.copy")) {
    check.layer = Layer::kHardware;
    check.evidence = "copies between the GPUs are wrong too (peer.copy)";
    check.mend = kLinks;
  } else if (!copies.empty() && is_right(*copies.front())) {
    check.evidence = "copies between the same GPUs are right (peer.copy), so it is NCCL that is wrong";
  } else if (check.id == "nccl.single-rank") {
    check.evidence = "one rank alone: no link and no other GPU takes part";
  } else {
    check.evidence = "NCCL computes it; peer.copy did not run, which tells NCCL and the links apart";
  }
}

}  // namespace

void attribute_wrong_numbers(Report& report) {
  const Report found = report;  // what is written here must not change what the others are judged by
  for (auto& group : report.groups) {
    for (auto& check : group.checks) {
      const bool unnamed = check.verdict == Verdict::kFail && check.mend.empty();
      if (!is_wrong_number(check)) {
        if (unnamed && (check.layer == Layer::kHardware || check.layer == Layer::kHostDriver)) {
          check.mend = mend_of(check.layer, check.gpu);
        }
      } else if (group.group == "nccl") {
        attribute_collective(found, check);
      } else if (check.id == "peer.copy") {
        check.evidence = "no library of the image takes part: the driver copies from one GPU to the other";
        check.mend = kLinks;
      } else if (!check.gpu.empty()) {
        attribute_by_peers(found, check);
      } else {
        check.mend = mend_of(check.layer, "");
      }
    }
  }
}

}  // namespace envforge::validator::driver
