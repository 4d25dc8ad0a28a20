#include <envforge/versions/package_name.hpp>

#include <gtest/gtest.h>

namespace envforge::versions {
namespace {

TEST(NormalName, IsLowerCaseWithOneDashForEachRun) {
  EXPECT_EQ(normal_name("NVIDIA_cublas--cu12"), "nvidia-cublas-cu12");
  EXPECT_EQ(normal_name("zope.interface"), "zope-interface");
  EXPECT_EQ(normal_name(""), "");
}

TEST(PackageName, OfNvidiasWheelsIsTheLibrarysWithAndWithoutCudasMajor) {
  EXPECT_EQ(nvidia_library("nvidia-cublas-cu12"), "cublas");
  EXPECT_EQ(nvidia_library("nvidia-cuda-nvrtc"), "cuda-nvrtc");
  EXPECT_EQ(nvidia_library("nvidia-cusparselt-cu13"), "cusparselt");
  EXPECT_EQ(nvidia_library("nvidia-cudnn-cu"), "cudnn-cu");
  EXPECT_EQ(nvidia_library("cublas-cu12"), "");
}

TEST(RequirementName, EndsWhereTheNameEnds) {
  EXPECT_EQ(requirement_name(" Torch_x[opt]>=2"), "torch-x");
  EXPECT_EQ(requirement_name("JupyterLab [x]>=4; python_version > '3'"), "jupyterlab");
  EXPECT_EQ(requirement_name("Zope.__Interface>=1"), "zope-interface");
  EXPECT_EQ(requirement_name("torch_[x]"), "torch");
  EXPECT_EQ(requirement_name("uv"), "uv");
  EXPECT_EQ(requirement_name(">=1"), "");
}

TEST(WheelName, IsReadOutOfAPathOrAnAddress) {
  const auto wheel =
      wheel_name("https://download.pytorch.org/whl/cu124/torch-2.6.0%2Bcu124-cp311-cp311-linux_x86_64.whl#sha256=00");
  ASSERT_TRUE(wheel);
  EXPECT_EQ(wheel->project, "torch");
  EXPECT_EQ(wheel->version, "2.6.0+cu124");
  EXPECT_EQ(wheel_name("Own_Lib-1.0-2-py3-none-any.whl")->project, "own-lib");
  for (const char* text : {"", "https://example.com/torch-2.6.0.tar.gz", "https://example.com/torch-2.6.0.whl",
                           "a-1-2-3-4-5-6.whl", "torch==2.6.0"})
    EXPECT_FALSE(wheel_name(text)) << text;
}

}  // namespace
}  // namespace envforge::versions
