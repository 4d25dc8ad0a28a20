#include "driver/plan.hpp"

#include <algorithm>
#include <utility>

#include <envforge/protocol/check_catalog.hpp>
#include <envforge/protocol/check_ids.hpp>

namespace envforge::validator::driver {
namespace {

// The order is that of the turns: what is cheap and shows a broken GPU first.
const std::vector<std::pair<std::string, Scope>>& scopes() {
  static const std::vector<std::pair<std::string, Scope>> table = {
      {"nvml", Scope::kBeside},    {"audit", Scope::kMachine},  {"cuda", Scope::kEachGpu},  {"peer", Scope::kAllGpus},
      {"cublas", Scope::kEachGpu}, {"cufft", Scope::kEachGpu},  {"cudnn", Scope::kEachGpu}, {"nccl", Scope::kAllGpus},
      {"torch", Scope::kGpuOrCpu}, {"python", Scope::kAllOrCpu}};
  return table;
}

std::size_t rank_of(const std::string& group) {
  const auto found =
      std::find_if(scopes().begin(), scopes().end(), [&](const auto& row) { return row.first == group; });
  return static_cast<std::size_t>(found - scopes().begin());
}

}  // namespace

std::vector<std::string> checks_of(protocol::Suite suite) {
  std::vector<std::string> out;
  for (const auto& check : protocol::check_catalog()) {
    if (protocol::is_in_suite(check, suite)) out.push_back(check.id);
  }
  return out;
}

Scope scope_of(const std::string& group) {
  const std::size_t rank = rank_of(group);
  return rank == scopes().size() ? Scope::kMachine : scopes()[rank].second;
}

bool repeats_in_a_soak(const std::string& group) {
  return group != "audit";
}

std::vector<Job> make_jobs(const std::vector<std::string>& checks, const std::vector<protocol::GpuInfo>& gpus) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const auto& id : checks) {
    const std::string group = protocol::group_of(id);
    if (group == kFirstGroup) continue;
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == group; });
    if (found == groups.end()) {
      groups.push_back({group, {id}});
    } else {
      found->second.push_back(id);
    }
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return rank_of(a.first) < rank_of(b.first); });
  std::vector<Job> jobs;
  for (const auto& [group, ids] : groups) {
    const Scope scope = scope_of(group);
    if (scope == Scope::kMachine) {
      jobs.push_back({group, ids, {}, false});
    } else if (scope == Scope::kBeside) {
      jobs.push_back({group, ids, gpus, true, true});
    } else if (scope == Scope::kAllGpus || scope == Scope::kAllOrCpu || gpus.empty()) {
      jobs.push_back({group, ids, gpus, scope == Scope::kAllGpus || scope == Scope::kEachGpu});
    } else {
      for (const auto& gpu : gpus) jobs.push_back({group, ids, {gpu}, true});
    }
  }
  return jobs;
}

}  // namespace envforge::validator::driver
