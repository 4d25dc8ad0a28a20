// Compiled only: our declarations of NVRTC against a real nvrtc.h.
#include <nvrtc.h>

#include "canonical.hpp"
#include "gpu/nvrtc_api.hpp"

namespace {

using namespace envforge::validator::gpu;
using abi::kSame;

static_assert(kSame<decltype(NvrtcApi::nvrtcVersion), decltype(&::nvrtcVersion)>);
static_assert(kSame<decltype(NvrtcApi::nvrtcCreateProgram), decltype(&::nvrtcCreateProgram)>);
static_assert(kSame<decltype(NvrtcApi::nvrtcCompileProgram), decltype(&::nvrtcCompileProgram)>);
static_assert(kSame<decltype(NvrtcApi::nvrtcGetCUBINSize), decltype(&::nvrtcGetCUBINSize)>);
static_assert(kSame<decltype(NvrtcApi::nvrtcGetCUBIN), decltype(&::nvrtcGetCUBIN)>);
static_assert(kSame<decltype(NvrtcApi::nvrtcGetProgramLogSize), decltype(&::nvrtcGetProgramLogSize)>);
static_assert(kSame<decltype(NvrtcApi::nvrtcGetProgramLog), decltype(&::nvrtcGetProgramLog)>);
static_assert(kSame<decltype(NvrtcApi::nvrtcDestroyProgram), decltype(&::nvrtcDestroyProgram)>);
static_assert(kSame<decltype(NvrtcApi::nvrtcGetErrorString), decltype(&::nvrtcGetErrorString)>);

}  // namespace
