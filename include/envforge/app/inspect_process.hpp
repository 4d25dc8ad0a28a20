// What a running process is made of and what it waits for, from outside: reads /proc, nvidia-smi and the kernel's log.
// Attaches to nothing, sends no signal, changes nothing. Made for a training job that hangs, also one in a container.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <envforge/process/process.hpp>

namespace envforge::app {

/// A library of the CUDA family, or torch's, that the process has mapped.
struct MappedLibrary {
  std::string path;  // as the process names it: inside its own root
  std::string version, owner;
  bool replaced = false;  // the file was deleted or replaced since it was mapped
};

struct ThreadState {
  int tid = 0;
  std::string name;
  std::string state;               // "S (sleeping)", as the kernel writes it
  std::string waits_in;            // the kernel function it sleeps in; "" = runs, or not readable
  std::vector<std::string> stack;  // of the kernel, innermost first; empty where it is not readable
};

struct ProcessGpu {
  std::string uuid, name, pci_bus_id;
  std::string memory_of_process;             // "1024 MiB"; "" = the process holds no memory on it that nvidia-smi knows
  std::map<std::string, std::string> state;  // nvidia-smi's fields and answers: "utilization.gpu" -> "100 %"
};

struct Xid {
  std::string pci_bus_id;
  int number = 0;
  std::string line;  // of the kernel's log
};

struct InspectedProcess {
  int pid = 0;
  int pid_inside = 0;  // in its innermost PID namespace; the same outside containers
  std::string name, command, state;
  std::string container;  // id out of its cgroup; "" = none seen
  std::vector<MappedLibrary> libraries;
  std::map<std::string, std::string>
      environment;                        // NCCL_*, CUDA_*, NVIDIA_*, TORCH_*, LD_* only: the rest may be secret
  std::string nccl;                       // version of the mapped library
  std::vector<std::string> device_files;  // /dev/nvidia* that it holds open
  std::vector<ThreadState> threads;
  std::vector<ProcessGpu> gpus;
  std::vector<Xid> xids;
  std::vector<std::string> findings;  // what stands out, each with what it rests on
  std::vector<std::string> unread;    // what could not be read, and what would make it readable
};

/// `proc` is /proc, or a folder like it in tests. Throws Error{kUsage} when there is no such process.
InspectedProcess inspect_process(process::ProcessRunner& processes, const std::filesystem::path& proc, int pid);

/// 80 columns; threads that wait in the same place stand together.
std::string inspection_text(const InspectedProcess& process);
/// {schema: "envforge/inspected-process", schema_version: 1, ...}, readable.
std::string inspection_json(const InspectedProcess& process);

}  // namespace envforge::app
