// Compiled only: our declarations of NCCL against a real nccl.h.
#include <nccl.h>

#include "canonical.hpp"
#include "gpu/nccl_api.hpp"

namespace {

using namespace envforge::validator::gpu;
using abi::kSame;

static_assert(kSame<decltype(NcclApi::ncclGetVersion), decltype(&::ncclGetVersion)>);
static_assert(kSame<decltype(NcclApi::ncclGetErrorString), decltype(&::ncclGetErrorString)>);
static_assert(kSame<decltype(NcclApi::ncclCommInitAll), decltype(&::ncclCommInitAll)>);
static_assert(kSame<decltype(NcclApi::ncclCommDestroy), decltype(&::ncclCommDestroy)>);
static_assert(kSame<decltype(NcclApi::ncclGroupStart), decltype(&::ncclGroupStart)>);
static_assert(kSame<decltype(NcclApi::ncclGroupEnd), decltype(&::ncclGroupEnd)>);
static_assert(kSame<decltype(NcclApi::ncclAllReduce), decltype(&::ncclAllReduce)>);
static_assert(kSame<decltype(NcclApi::ncclAllGather), decltype(&::ncclAllGather)>);
static_assert(kSame<decltype(NcclApi::ncclReduceScatter), decltype(&::ncclReduceScatter)>);
static_assert(kSame<decltype(NcclApi::ncclBroadcast), decltype(&::ncclBroadcast)>);
static_assert(kSame<decltype(NcclApi::ncclReduce), decltype(&::ncclReduce)>);
static_assert(kSame<decltype(NcclApi::ncclSend), decltype(&::ncclSend)>);
static_assert(kSame<decltype(NcclApi::ncclRecv), decltype(&::ncclRecv)>);
static_assert(kSame<decltype(NcclApi::ncclGetUniqueId), decltype(&::ncclGetUniqueId)>);
static_assert(kSame<decltype(NcclApi::ncclCommInitRank), decltype(&::ncclCommInitRank)>);
static_assert(kSame<decltype(NcclApi::ncclCommAbort), decltype(&::ncclCommAbort)>);
static_assert(kSame<decltype(NcclApi::ncclGetLastError), decltype(&::ncclGetLastError)>);
static_assert(kNcclSum == int(ncclSum));
static_assert(kNcclFloat32 == int(ncclFloat32));
static_assert(kNcclUnhandledCudaError == int(ncclUnhandledCudaError));

}  // namespace
