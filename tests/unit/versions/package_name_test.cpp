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

}  // namespace
}  // namespace envforge::versions
