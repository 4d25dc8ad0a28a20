// What is compiled against torch: small extensions of ours, with a real engine, the Debian mirror and PyPI's torch, in
// the build of an image and in an image of the variant devel. What a build may do is read from what it wrote down.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "built_image.hpp"
#include "support/machine_code.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kRecipe = R"(schema: envforge/recipe/v1
image: envforge-test-built-wheel
target: [{name: hopper, gpus: [H100, H200], driver: "580.65.06"}]
base: debian:12
torch: "2.6.0"
packages:
  build:
    - {source: "envforge-user @ ./user", pools: []}
    - {source: "envforge-example @ ./extension", pools: [], environment: {EXAMPLE_WISH: "two $words 'x'"}}
tags: [t1]
)";

class BuiltWheel : public BuiltImage {
 protected:
  BuiltWheel() : BuiltImage("envforge-test-built-wheel:t1", kRecipe, ENVFORGE_TORCH_EXTENSION) {}
};

TEST_F(BuiltWheel, IsCompiledOnceAgainstTheTorchOfTheImageAndLockedByItsHash) {
  // It requires the other one, and is built before it.
  support::write_file_atomically(folder_.path() / "user/setup.py",
                                 "from setuptools import setup\nsetup(name='envforge-user', version='1.0', "
                                 "py_modules=['envforge_user'], install_requires=['envforge-example>=0.1'])\n");
  support::write_file_atomically(folder_.path() / "user/envforge_user.py",
                                 "import torch, envforge_example\nfour = envforge_example.sum_of_squares("
                                 "torch.tensor([2.]))\n");
  const auto first = envforge({"build", "env.yaml", "--no-torch-group"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const auto platform = locked();
  ASSERT_EQ(platform.builds.size(), 2U);
  const auto* wheel = documents::built_wheel(platform, platform.builds[1]);
  ASSERT_NE(wheel, nullptr);

  EXPECT_EQ(in_image("import envforge_example as e, torch; print(e.sum_of_squares(torch.tensor([1., 2., 3.])))"),
            "14.0\n");
  EXPECT_EQ(in_image("import envforge_user; print(envforge_user.four)"), "4.0\n");
  const std::string seen =
      in_image("import envforge_example.seen as s; print(s.uid, s.network, s.writes_venv, s.secrets)");
  EXPECT_EQ(seen, "65534 False False []\n") << "the package's own code has no root, no network, no secret";
  EXPECT_EQ(in_image("import os, envforge_example.seen as s; print(s.wish, 'EXAMPLE_WISH' in os.environ)"),
            "two $words 'x' False\n")
      << "the recipe's variable reaches the build and nothing else";
  EXPECT_THAT(in_image("import setuptools, ninja"), HasSubstr("No module")) << "build tools stay out of the image";

  // Another machine, and a lock that may not change: built again, to the same bytes.
  fs::remove_all(fs::path(cache()) / "built-wheels");
  const auto second = envforge({"build", "env.yaml", "--no-torch-group", "--frozen"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.err, HasSubstr("building envforge-example"));

  // The files beside the recipe are part of the lock.
  support::write_file_atomically(folder_.path() / "extension/envforge_example/more.py", "more = 1\n");
  const auto stale = envforge({"build", "env.yaml", "--no-torch-group", "--locked"});
  EXPECT_EQ(stale.exit_code, 3);
  EXPECT_THAT(stale.err, HasSubstr("envforge-example @ ./extension"));
}

constexpr const char* kCudaRecipe = R"(schema: envforge/recipe/v1
image: envforge-test-cuda-wheel
target: [{name: hopper, gpus: [H100, H200], driver: "580.65.06"}]
base: debian:12
torch: "2.11.0"
packages:
  build: ["envforge-cuda-example @ ./extension"]
tags: [t1]
)";

class CudaWheel : public BuiltImage {
 protected:
  CudaWheel() : BuiltImage("envforge-test-cuda-wheel:t1", kCudaRecipe, ENVFORGE_CUDA_EXTENSION) {}
};

TEST_F(CudaWheel, HasMachineCodeForThePoolsGpuAndTheImageHasNoCompiler) {
  const auto built = envforge({"build", "env.yaml", "--no-torch-group"});
  ASSERT_EQ(built.exit_code, 0) << built.err;
  const auto platform = locked();
  ASSERT_EQ(platform.builds.size(), 1U);
  const auto folder = fs::path(cache()) / "built-wheels" / build_key("linux/amd64", platform, platform.builds[0]);
  EXPECT_THAT(support::read_file(folder / "built.json"), HasSubstr(R"("machine_code": ["sm_90"])"));
  EXPECT_EQ(in_image("import envforge_cuda_example as e, torch; print(e.scale(torch.tensor([1., 2.]), 3).tolist())"),
            "[4.0, 7.0]\n");
  EXPECT_EQ(in_image("import shutil; print(shutil.which('nvcc'), shutil.which('g++'))"), "None None\n");
}

constexpr const char* kDevelRecipe = R"(schema: envforge/recipe/v1
image: envforge-test-devel
target: [{name: hopper, gpus: [H100, H200], driver: "580.65.06"}]
base: debian:12
torch: "2.11.0"
variant: devel
copy: [{from: extension, to: /workspace/extension}]
tags: [t1]
)";

class DevelImage : public BuiltImage {
 protected:
  DevelImage() : BuiltImage("envforge-test-devel:t1", kDevelRecipe, ENVFORGE_CUDA_EXTENSION) {}
  void TearDown() override {
    docker({"rm", "--force", "--volumes", container_});
    BuiltImage::TearDown();
  }
  const std::string container_ = "envforge-test-devel-" + std::to_string(getpid());
};

TEST_F(DevelImage, CompilesAnExtensionForAUserThatItDoesNotKnow) {
  const auto built = envforge({"build", "env.yaml", "--no-torch-group"});
  ASSERT_EQ(built.exit_code, 0) << built.err;
  const auto compiled =
      docker({"run", "--name=" + container_, "--network=none", "--user=54321:54321", tag_, "sh", "-ec",
              "cp -r /workspace/extension /tmp/e; cd /tmp/e; export TORCH_CUDA_ARCH_LIST=9.0\n"
              "python setup.py --quiet build_ext --inplace; cp envforge_cuda_example/_C*.so /tmp/c.so\n"
              "python -c 'import envforge_cuda_example as e, torch\n"
              "print(e.scale(torch.tensor([1., 2.]), 3).tolist())'"});
  ASSERT_EQ(compiled.exit_code, 0) << compiled.err;
  EXPECT_THAT(compiled.out, ::testing::EndsWith("[4.0, 7.0]\n"));
  const std::string library = (folder_.path() / "c.so").string();
  ASSERT_TRUE(docker({"cp", container_ + ":/tmp/c.so", library}).ok());
  EXPECT_EQ(machine_code_of(library), "sm_90");
}

}  // namespace
}  // namespace envforge::testing
