// Compiled only: our declarations of cuFFT against a real cufft.h.
#include <cufft.h>

#include "canonical.hpp"
#include "gpu/cufft_api.hpp"

namespace {

using namespace envforge::validator::gpu;
using abi::kSame;

static_assert(kSame<decltype(CufftApi::cufftGetVersion), decltype(&::cufftGetVersion)>);
static_assert(kSame<decltype(CufftApi::cufftPlanMany), decltype(&::cufftPlanMany)>);
static_assert(kSame<decltype(CufftApi::cufftDestroy), decltype(&::cufftDestroy)>);
static_assert(kSame<decltype(CufftApi::cufftExecC2C), decltype(&::cufftExecC2C)>);
static_assert(kSame<decltype(CufftApi::cufftExecR2C), decltype(&::cufftExecR2C)>);
static_assert(kSame<decltype(CufftApi::cufftExecC2R), decltype(&::cufftExecC2R)>);
static_assert(kSame<decltype(CufftApi::cufftExecZ2Z), decltype(&::cufftExecZ2Z)>);
static_assert(kSame<decltype(CufftApi::cufftExecD2Z), decltype(&::cufftExecD2Z)>);
static_assert(kSame<decltype(CufftApi::cufftExecZ2D), decltype(&::cufftExecZ2D)>);
static_assert(kCufftR2C == int(CUFFT_R2C));
static_assert(kCufftC2R == int(CUFFT_C2R));
static_assert(kCufftC2C == int(CUFFT_C2C));
static_assert(kCufftD2Z == int(CUFFT_D2Z));
static_assert(kCufftZ2D == int(CUFFT_Z2D));
static_assert(kCufftZ2Z == int(CUFFT_Z2Z));
static_assert(kCufftForward == CUFFT_FORWARD);
static_assert(kCufftInverse == CUFFT_INVERSE);

}  // namespace
