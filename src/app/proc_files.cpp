#include "proc_files.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

namespace fs = std::filesystem;

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return support::starts_with(text, prefix); });
}

}  // namespace

std::optional<std::string> read_proc_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  // An empty file inserts nothing, which sets failbit; a refused read sets badbit.
  if (in.bad()) return std::nullopt;
  return text.str();
}

std::vector<MappedFile> executable_maps(std::string_view maps) {
  std::vector<MappedFile> files;
  for (const std::string& line : support::split(maps, '\n')) {
    const auto path_at = line.find('/');
    const auto rights_at = line.find(' ');
    if (path_at == std::string::npos || line.size() < rights_at + 4 || line[rights_at + 3] != 'x') continue;
    MappedFile file{line.substr(path_at), false};
    constexpr std::string_view kDeleted = " (deleted)";
    if (support::ends_with(file.path, kDeleted)) {
      file.path.erase(file.path.size() - kDeleted.size());
      file.replaced = true;
    }
    const auto same = [&](const MappedFile& one) { return one.path == file.path && one.replaced == file.replaced; };
    if (std::none_of(files.begin(), files.end(), same)) files.push_back(std::move(file));
  }
  return files;
}

bool is_of_cuda_family(std::string_view path) {
  static const std::vector<std::string_view> kNames = {
      "libcuda.",   "libcudart",   "libcublas",   "libcudnn", "libnccl",  "libcufft",     "libcufile",
      "libcurand",  "libcusolver", "libcusparse", "libcupti", "libnvrtc", "libnvJitLink", "libnvToolsExt",
      "libnvshmem", "libnvidia-",  "libtorch",    "libc10",   "libtriton"};
  return starts_with_any(path.substr(path.rfind('/') + 1), kNames);
}

std::map<std::string, std::string> relevant_environment(std::string_view environ) {
  static const std::vector<std::string_view> kPrefixes = {
      "NCCL_",           "CUDA_",       "NVIDIA_VISIBLE",     "NVIDIA_DRIVER",
      "TORCH_NCCL_",     "TORCH_CUDA_", "TORCH_DISTRIBUTED_", "PYTORCH_",
      "LD_LIBRARY_PATH", "LD_PRELOAD"};
  static const std::vector<std::string_view> kRanks = {
      "RANK=", "LOCAL_RANK=", "WORLD_SIZE=", "MASTER_ADDR=", "MASTER_PORT="};
  std::map<std::string, std::string> out;
  for (const std::string& entry : support::split(environ, '\0')) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos) continue;
    if (starts_with_any(entry, kPrefixes) || starts_with_any(entry, kRanks))
      out[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return out;
}

std::map<std::string, std::string> status_fields(std::string_view status) {
  std::map<std::string, std::string> out;
  for (const std::string& line : support::split(status, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string::npos) out[line.substr(0, colon)] = support::trim(line.substr(colon + 1));
  }
  return out;
}

std::string container_of(std::string_view cgroup) {
  constexpr std::size_t kDigits = 64;
  std::string run;
  for (const char c : std::string(cgroup) + "\n") {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (hex) {
      run += c;
    } else {
      if (run.size() == kDigits) return run;
      run.clear();
    }
  }
  return "";
}

std::vector<std::string> kernel_stack(std::string_view stack) {
  std::vector<std::string> out;
  for (const std::string& line : support::split(stack, '\n')) {
    const auto end = line.find("] ");
    if (support::starts_with(line, "[<") && end != std::string::npos) out.push_back(line.substr(end + 2));
  }
  return out;
}

std::vector<ThreadState> read_threads(const fs::path& folder, bool& stacks_readable) {
  std::vector<ThreadState> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder / "task", error)) {
    ThreadState thread;
    thread.tid = std::atoi(entry.path().filename().c_str());
    const auto fields = status_fields(read_proc_file(entry.path() / "status").value_or(""));
    if (fields.empty()) continue;  // it ended meanwhile
    const auto field = [&](const char* name) {
      const auto found = fields.find(name);
      return found == fields.end() ? std::string() : found->second;
    };
    thread.name = field("Name");
    thread.state = field("State");
    thread.waits_in = support::trim(read_proc_file(entry.path() / "wchan").value_or(""));
    if (thread.waits_in == "0") thread.waits_in.clear();
    const auto stack = read_proc_file(entry.path() / "stack");
    stacks_readable = stacks_readable || stack.has_value();
    thread.stack = kernel_stack(stack.value_or(""));
    out.push_back(std::move(thread));
  }
  std::sort(out.begin(), out.end(), [](const ThreadState& a, const ThreadState& b) { return a.tid < b.tid; });
  return out;
}

}  // namespace envforge::app
