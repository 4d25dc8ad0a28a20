#include "gpu/nvrtc_api.hpp"

#include "harness/check.hpp"

namespace envforge::validator::gpu {

NvrtcApi bind_nvrtc(const SharedLibrary& library) {
  NvrtcApi api{};
  library.bind(api.nvrtcVersion, "nvrtcVersion");
  library.bind(api.nvrtcCreateProgram, "nvrtcCreateProgram");
  library.bind(api.nvrtcCompileProgram, "nvrtcCompileProgram");
  library.bind(api.nvrtcGetCUBINSize, "nvrtcGetCUBINSize");
  library.bind(api.nvrtcGetCUBIN, "nvrtcGetCUBIN");
  library.bind(api.nvrtcGetProgramLogSize, "nvrtcGetProgramLogSize");
  library.bind(api.nvrtcGetProgramLog, "nvrtcGetProgramLog");
  library.bind(api.nvrtcDestroyProgram, "nvrtcDestroyProgram");
  library.bind(api.nvrtcGetErrorString, "nvrtcGetErrorString");
  return api;
}

namespace {

constexpr std::size_t kLogTail = 1500;

std::string log_of(const NvrtcApi& api, void* program) {
  std::size_t bytes = 0;
  if (api.nvrtcGetProgramLogSize(program, &bytes) != 0 || bytes == 0) return "";
  std::string log(bytes, '\0');
  if (api.nvrtcGetProgramLog(program, log.data()) != 0) return "";
  return log.substr(0, kLogTail);
}

[[noreturn]] void fail(const NvrtcApi& api, int status, const std::string& call, const std::string& log) {
  int major = 0, minor = 0;
  api.nvrtcVersion(&major, &minor);
  throw harness::Failure("NVRTC " + std::to_string(major) + "." + std::to_string(minor) + ": " + call + ": " +
                             api.nvrtcGetErrorString(status),
                         protocol::Layer::kImage, log,
                         "an image whose NVRTC does not know this GPU needs a newer CUDA");
}

}  // namespace

std::string compile_to_cubin(const NvrtcApi& api, const std::string& source, const std::string& architecture,
                             const std::vector<std::string>& more_options) {
  void* program = nullptr;
  int status = api.nvrtcCreateProgram(&program, source.c_str(), "envforge.cu", 0, nullptr, nullptr);
  if (status != 0) fail(api, status, "nvrtcCreateProgram", "");
  const std::string target = "--gpu-architecture=" + architecture;
  std::vector<const char*> options = {target.c_str(), "--std=c++17", "--device-as-default-execution-space"};
  for (const auto& option : more_options) options.push_back(option.c_str());
  status = api.nvrtcCompileProgram(program, static_cast<int>(options.size()), options.data());
  const std::string log = status == 0 ? "" : log_of(api, program);
  std::size_t bytes = 0;
  std::string cubin;
  if (status == 0) status = api.nvrtcGetCUBINSize(program, &bytes);
  if (status == 0) {
    cubin.resize(bytes);
    status = api.nvrtcGetCUBIN(program, cubin.data());
  }
  api.nvrtcDestroyProgram(&program);
  if (status != 0) fail(api, status, "compiling for " + architecture, log);
  return cubin;
}

}  // namespace envforge::validator::gpu
