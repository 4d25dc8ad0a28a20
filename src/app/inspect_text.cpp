// An inspected process as text and as JSON.
#include <algorithm>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include <envforge/app/inspect_process.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

using nlohmann::json;
using support::printable;

constexpr std::size_t kMostFrames = 6;

void list(std::ostream& out, const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out << "\n" << title << "\n";
  for (const auto& line : lines) out << "  " << printable(line) << "\n";
}

void libraries(std::ostream& out, const InspectedProcess& process) {
  out << "\nlibraries (" << process.libraries.size() << ")\n";
  for (const auto& one : process.libraries) {
    out << "  " << printable(one.path) << (one.replaced ? "  DELETED OR REPLACED" : "") << "\n"
        << "      " << printable(one.version.empty() ? "version not known" : one.version) << ", owner "
        << printable(one.owner) << "\n";
  }
}

// A process of torch has a hundred threads, nearly all of which wait in the same two places.
void threads(std::ostream& out, const InspectedProcess& process) {
  std::map<std::vector<std::string>, std::vector<const ThreadState*>> places;
  for (const auto& thread : process.threads) {
    std::vector<std::string> place = {thread.state, thread.waits_in};
    place.insert(place.end(), thread.stack.begin(), thread.stack.end());
    places[place].push_back(&thread);
  }
  out << "\nthreads (" << process.threads.size() << ")\n";
  for (const auto& [place, members] : places) {
    std::vector<std::string> names;
    for (const auto* thread : members) {
      if (std::find(names.begin(), names.end(), thread->name) == names.end()) names.push_back(thread->name);
    }
    const ThreadState& first = *members.front();
    out << "  " << members.size() << " x " << printable(first.state)
        << (first.waits_in.empty() ? "" : " in " + printable(first.waits_in)) << ": "
        << printable(support::join(names, ", ")) << " (first " << first.tid << ")\n";
    for (std::size_t i = 0; i < std::min(kMostFrames, first.stack.size()); ++i)
      out << "      " << printable(first.stack[i]) << "\n";
  }
}

void gpus(std::ostream& out, const InspectedProcess& process) {
  if (process.gpus.empty()) return;
  out << "\nGPUs\n";
  for (const auto& gpu : process.gpus) {
    out << "  " << printable(gpu.name + "  " + gpu.uuid + "  " + gpu.pci_bus_id) << "\n      "
        << (gpu.memory_of_process.empty() ? "no memory of this process"
                                          : printable(gpu.memory_of_process) + " of this process")
        << "\n";
    for (const auto& [field, value] : gpu.state) out << "      " << printable(field + ": " + value) << "\n";
  }
}

json thread_json(const ThreadState& thread) {
  return {{"tid", thread.tid},
          {"name", printable(thread.name)},
          {"state", printable(thread.state)},
          {"waits_in", printable(thread.waits_in)},
          {"stack", thread.stack}};
}

}  // namespace

std::string inspection_text(const InspectedProcess& process) {
  std::ostringstream out;
  out << "process " << process.pid << "  " << printable(process.name) << "  " << printable(process.state) << "\n"
      << "  " << printable(process.command) << "\n";
  if (!process.container.empty()) {
    out << "  in container " << process.container.substr(0, 12) << ", where it is process " << process.pid_inside
        << "\n";
  }
  if (!process.nccl.empty()) out << "  NCCL " << printable(process.nccl) << "\n";
  list(out, "what stands out", process.findings);
  libraries(out, process);
  std::vector<std::string> variables;
  for (const auto& [name, value] : process.environment) variables.push_back(name + "=" + value);
  list(out, "environment", variables);
  list(out, "device files", process.device_files);
  threads(out, process);
  gpus(out, process);
  std::vector<std::string> lines;
  for (const auto& xid : process.xids) lines.push_back(xid.line);
  list(out, "Xids since boot", lines);
  list(out, "could not be read", process.unread);
  return out.str();
}

std::string inspection_json(const InspectedProcess& process) {
  json out = {{"schema", "envforge/inspected-process"},
              {"schema_version", 1},
              {"pid", process.pid},
              {"pid_inside", process.pid_inside},
              {"name", printable(process.name)},
              {"command", printable(process.command)},
              {"state", printable(process.state)},
              {"container", process.container},
              {"nccl", printable(process.nccl)},
              {"device_files", process.device_files},
              {"findings", json::array()},
              {"unread", process.unread},
              {"environment", json::object()},
              {"libraries", json::array()},
              {"threads", json::array()},
              {"gpus", json::array()},
              {"xids", json::array()}};
  // A process chooses its names and values freely; JSON must stay UTF-8.
  for (const auto& finding : process.findings) out["findings"].push_back(printable(finding));
  for (const auto& [name, value] : process.environment) out["environment"][printable(name)] = printable(value);
  for (const auto& one : process.libraries) {
    out["libraries"].push_back({{"path", printable(one.path)},
                                {"version", printable(one.version)},
                                {"owner", printable(one.owner)},
                                {"replaced", one.replaced}});
  }
  for (const auto& thread : process.threads) out["threads"].push_back(thread_json(thread));
  for (const auto& gpu : process.gpus) {
    out["gpus"].push_back({{"uuid", gpu.uuid},
                           {"name", gpu.name},
                           {"pci_bus_id", gpu.pci_bus_id},
                           {"memory_of_process", gpu.memory_of_process},
                           {"state", gpu.state}});
  }
  for (const auto& xid : process.xids) {
    out["xids"].push_back({{"pci_bus_id", xid.pci_bus_id}, {"number", xid.number}, {"line", printable(xid.line)}});
  }
  return support::readable_json(out);
}

}  // namespace envforge::app
