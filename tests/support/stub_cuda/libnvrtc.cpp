// An NVRTC for tests: any source "compiles", for the stub of libcuda has the kernels already.
#include <cstddef>
#include <cstring>

#include "faults.hpp"

extern "C" {

int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return 0;
}
int nvrtcCreateProgram(void** program, const char*, const char*, int, const char* const*, const char* const*) {
  *program = program;
  return 0;
}
int nvrtcCompileProgram(void*, int, const char* const*) {
  stub::maybe_hang_or_crash("nvrtc");
  return stub::fault("nvrtc") ? 6 : 0;
}
int nvrtcGetCUBINSize(void*, std::size_t* bytes) {
  *bytes = 4;
  return 0;
}
int nvrtcGetCUBIN(void*, char* cubin) {
  std::memcpy(cubin, "stub", 4);
  return 0;
}
int nvrtcGetProgramLogSize(void*, std::size_t* bytes) {
  *bytes = 4;
  return 0;
}
int nvrtcGetProgramLog(void*, char* log) {
  std::memcpy(log, "log", 4);
  return 0;
}
int nvrtcDestroyProgram(void**) {
  return 0;
}
const char* nvrtcGetErrorString(int status) {
  return status == 0 ? "NVRTC_SUCCESS" : "NVRTC_ERROR_COMPILATION";
}

}  // extern "C"
