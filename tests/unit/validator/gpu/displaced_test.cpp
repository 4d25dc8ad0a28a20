#include "gpu/displaced.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::gpu {
namespace {

loader::TorchProcess model() {
  loader::TorchProcess out;
  out.mapped = {{"libtorch_cuda.so", "/venv/torch/lib/libtorch_cuda.so", "by its path", "torch at first use", {}},
                {"libcublas.so.12", "/venv/nvidia/cublas/lib/libcublas.so.12", "RPATH of libtorch_cuda.so", "", {}},
                {"libnccl.so.2", "/usr/lib/libnccl.so.2.18.5", "ld.so.cache", "", {}}};
  return out;
}

TEST(DisplacedLibraries, OfWhatTheRulesChooseAreNone) {
  const std::vector<std::string> mapped = {"/lib/libc.so.6", "/venv/nvidia/cublas/lib/libcublas.so.12",
                                           "/usr/lib/libnccl.so.2.18.5"};
  EXPECT_TRUE(displaced_libraries(model(), mapped).empty());
  EXPECT_EQ(known_libraries(model(), mapped), 2U);
}

TEST(DisplacedLibraries, AreThoseOfAnotherPlaceAlsoUnderTheirFullVersion) {
  const auto found = displaced_libraries(model(), {"/usr/local/cuda/lib64/libcublas.so.12.4.5.8", "/opt/libnccl.so.2"});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].soname, "libcublas.so.12");
  EXPECT_EQ(found[0].mapped, "/usr/local/cuda/lib64/libcublas.so.12.4.5.8");
  EXPECT_EQ(found[0].expected, "/venv/nvidia/cublas/lib/libcublas.so.12");
  EXPECT_EQ(found[1].rule, "ld.so.cache");
}

TEST(DisplacedLibraries, AreNeitherOthersNorOnesThatTheModelDoesNotKnow) {
  EXPECT_TRUE(displaced_libraries(model(), {"/opt/libcublasLt.so.12", "/opt/libnccl-net.so", "/opt/libtorch_cuda.so",
                                            "/opt/libcublas.so.1"})
                  .empty());
}

}  // namespace
}  // namespace envforge::validator::gpu
