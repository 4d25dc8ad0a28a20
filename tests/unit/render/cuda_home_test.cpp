// What a devel stage gets its CUDA compiler from: NVIDIA's wheels for CUDA 13, laid out by
// images/from_source/cuda-home. A kernel is compiled with it, and the code that images/from_source/build-wheel reads
// from the result is what was asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

#include "support/machine_code.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kScripts = fs::path(ENVFORGE_SOURCE_DIR) / "images/from_source";

constexpr const char* kKernel = R"(#include <cub/block/block_reduce.cuh>
#include <thrust/device_vector.h>
__global__ void add(float* x) { x[threadIdx.x] += 1; }
extern "C" int run() { add<<<1, 32>>>(nullptr); return cudaGetLastError() == cudaSuccess ? 0 : 1; }
)";

process::Outcome run(std::vector<std::string> argv, std::map<std::string, std::string> environment = {}) {
  process::Command command;
  command.argv = std::move(argv);
  command.extra_environment = std::move(environment);
  command.deadline = std::chrono::minutes(10);
  return process::PosixProcessRunner().run(command);
}

TEST(CudaHome, NvidiasWheelsForCuda13CompileForTheGpusThatAreNamed) {
  if (run({"sh", "-c", "command -v uv && command -v g++"}).exit_code != 0)
    return cannot_run("uv", "uv or g++ is not on PATH");
  const support::TempDir folder;
  const std::string venv = (folder.path() / "venv").string(), home = (folder.path() / "cuda").string();
  std::vector<std::string> install = {"uv",
                                      "pip",
                                      "install",
                                      "--quiet",
                                      "--no-build",
                                      "--python-version=3.11",
                                      "--target=" + venv + "/lib/python3.11/site-packages"};
  for (const char* wheel :
       {"nvidia-cuda-nvcc", "nvidia-nvvm", "nvidia-cuda-crt", "nvidia-cuda-cccl", "nvidia-cuda-runtime"})
    install.push_back(std::string(wheel) + "==13.0.*");
  const auto installed = run(install);
  if (!installed.ok()) return cannot_run("network", "uv pip install: " + installed.err);
  const auto laid_out = run({"sh", (kScripts / "cuda-home").string(), venv, home});
  ASSERT_TRUE(laid_out.ok()) << laid_out.err;

  const std::string source = (folder.path() / "k.cu").string(), library = (folder.path() / "libk.so").string();
  support::write_file_atomically(source, kKernel);
  const auto compiled =
      run({home + "/bin/nvcc", "-Xcompiler", "-fPIC", "-shared", "-gencode", "arch=compute_75,code=sm_75", "-gencode",
           "arch=compute_90a,code=sm_90a", source, "-o", library, "-lcuda", "-lcudart"},
          {{"LIBRARY_PATH", home + "/lib64:" + home + "/lib64/stubs"}});
  ASSERT_TRUE(compiled.ok()) << compiled.err;
  EXPECT_EQ(machine_code_of(library), "sm_75 sm_90a");
}

}  // namespace
}  // namespace envforge::testing
