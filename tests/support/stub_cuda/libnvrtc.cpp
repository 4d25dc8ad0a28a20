// An NVRTC for tests: any source "compiles", for the stub of libcuda has the kernels already; a source with #error is
// refused, and of the kernel that gets its constants as options the constants are kept. Fault nvrtc-salt: one is lost.
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>

#include "faults.hpp"

namespace {

struct Program {
  std::string source, cubin = "stub", log = "log";
};

Program& program_of(void* handle) {
  return *static_cast<Program*>(handle);
}

}  // namespace

extern "C" {

int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return 0;
}
int nvrtcCreateProgram(void** program, const char* source, const char*, int, const char* const*, const char* const*) {
  *program = new Program{source};
  return 0;
}
int nvrtcCompileProgram(void* handle, int count, const char* const* options) {
  stub::maybe_hang_or_crash("nvrtc");
  if (stub::fault("nvrtc")) return 6;
  Program& program = program_of(handle);
  if (program.source.find("#error") != std::string::npos && !stub::fault("nvrtc-lenient")) {
    program.log = program.source;
    return 6;
  }
  unsigned int factor = 0, term = 0;
  for (int i = 0; i < count; ++i) {
    std::sscanf(options[i], "-DSALT_FACTOR=%u", &factor);
    std::sscanf(options[i], "-DSALT_TERM=%u", &term);
  }
  if (stub::fault("nvrtc-salt")) term = 0;
  if (factor != 0) program.cubin = "salt " + std::to_string(factor) + " " + std::to_string(term);
  return 0;
}
int nvrtcGetCUBINSize(void* program, std::size_t* bytes) {
  *bytes = program_of(program).cubin.size() + 1;
  return 0;
}
int nvrtcGetCUBIN(void* program, char* cubin) {
  std::strcpy(cubin, program_of(program).cubin.c_str());
  return 0;
}
int nvrtcGetProgramLogSize(void* program, std::size_t* bytes) {
  *bytes = program_of(program).log.size() + 1;
  return 0;
}
int nvrtcGetProgramLog(void* program, char* log) {
  std::strcpy(log, program_of(program).log.c_str());
  return 0;
}
int nvrtcDestroyProgram(void** program) {
  delete static_cast<Program*>(*program);
  return 0;
}
const char* nvrtcGetErrorString(int status) {
  return status == 0 ? "NVRTC_SUCCESS" : "NVRTC_ERROR_COMPILATION";
}

}  // extern "C"
