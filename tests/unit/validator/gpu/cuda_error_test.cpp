#include <dlfcn.h>

#include <gtest/gtest.h>

#include "gpu/cuda_api.hpp"
#include "harness/check.hpp"

namespace envforge::validator::gpu {
namespace {

using protocol::Layer;

TEST(BlameOfCuda, NamesTheLayerThatCanMendIt) {
  EXPECT_EQ(blame_of_cuda(kCudaStubLibrary).layer, Layer::kImage);
  EXPECT_EQ(blame_of_cuda(kCudaNoDevice).layer, Layer::kContainerFlags);
  EXPECT_EQ(blame_of_cuda(kCudaSystemNotReady).layer, Layer::kHostDriver);
  EXPECT_EQ(blame_of_cuda(kCudaSystemDriverMismatch).layer, Layer::kHostDriver);
  EXPECT_EQ(blame_of_cuda(kCudaCompatNotSupportedOnDevice).layer, Layer::kImage);
  EXPECT_EQ(blame_of_cuda(kCudaEccUncorrectable).layer, Layer::kHardware);
}

TEST(SharedLibrary, SaysWhatIsMissing) {
  const auto absent = SharedLibrary::open("libenvforge-does-not-exist.so.1", RTLD_NOW);
  EXPECT_FALSE(absent.ok());
  EXPECT_NE(absent.error().find("libenvforge-does-not-exist.so.1"), std::string::npos);
  const auto libc = SharedLibrary::open("libc.so.6", RTLD_NOW);
  int (*function)() = nullptr;
  libc.bind_if_there(function, "envforge_no_such_symbol");
  EXPECT_EQ(function, nullptr);
  try {
    libc.bind(function, "envforge_no_such_symbol");
    FAIL();
  } catch (const harness::Failure& failure) {
    EXPECT_STREQ(failure.what(), "libc.so.6 has no function envforge_no_such_symbol");
    EXPECT_EQ(failure.layer, Layer::kImage);
  }
}

}  // namespace
}  // namespace envforge::validator::gpu
