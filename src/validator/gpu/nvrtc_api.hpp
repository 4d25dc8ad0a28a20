// The functions of NVRTC that the groups call. The only place that declares them; tests/abi compares it with the
// headers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gpu/shared_library.hpp"

namespace envforge::validator::gpu {

struct NvrtcApi {
  int (*nvrtcVersion)(int* major, int* minor);
  int (*nvrtcCreateProgram)(void** program, const char* source, const char* name, int header_count,
                            const char* const* headers, const char* const* header_names);
  int (*nvrtcCompileProgram)(void* program, int option_count, const char* const* options);
  int (*nvrtcGetCUBINSize)(void* program, std::size_t* bytes);
  int (*nvrtcGetCUBIN)(void* program, char* cubin);
  int (*nvrtcGetProgramLogSize)(void* program, std::size_t* bytes);
  int (*nvrtcGetProgramLog)(void* program, char* log);
  int (*nvrtcDestroyProgram)(void** program);
  const char* (*nvrtcGetErrorString)(int status);
};

NvrtcApi bind_nvrtc(const SharedLibrary& library);

/// Machine code of `source` for "sm_90" and the like; never PTX, which an older driver could not compile. Throws
/// harness::Failure with the compiler's log.
std::string compile_to_cubin(const NvrtcApi& api, const std::string& source, const std::string& architecture,
                             const std::vector<std::string>& more_options = {});

}  // namespace envforge::validator::gpu
