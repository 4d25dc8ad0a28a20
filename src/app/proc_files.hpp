// The files of /proc/<pid> as values. Nothing here throws: what cannot be read is nullopt or empty. Used by
// inspect_process.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <envforge/app/inspect_process.hpp>

namespace envforge::app {

/// Files of /proc have no size that one could ask for.
std::optional<std::string> read_proc_file(const std::filesystem::path& file);

struct MappedFile {
  std::string path;
  bool replaced = false;
};
/// The files behind executable mappings of /proc/<pid>/maps, each once.
std::vector<MappedFile> executable_maps(std::string_view maps);
/// True for libcuda, cuBLAS, cuDNN, NCCL, ... and libtorch, libc10, by file name.
bool is_of_cuda_family(std::string_view path);
/// The variables that say how CUDA, NCCL, torch and the loader were told to behave; nothing else leaves this function.
std::map<std::string, std::string> relevant_environment(std::string_view environ);
/// "Name" -> "python3" of /proc/<pid>/status.
std::map<std::string, std::string> status_fields(std::string_view status);
/// The 64 hex digits that container engines put into a cgroup's path; "" = none.
std::string container_of(std::string_view cgroup);
/// "nv_wait+0x1/0x2 [nvidia]" of "[<0>] nv_wait+0x1/0x2 [nvidia]", line by line.
std::vector<std::string> kernel_stack(std::string_view stack);
std::vector<ThreadState> read_threads(const std::filesystem::path& folder, bool& stacks_readable);

}  // namespace envforge::app
