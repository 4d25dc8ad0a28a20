#include "loader/torch_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/preload_table.hpp"
#include "support/fake_image.hpp"

namespace envforge::validator::loader {
namespace {

using tests::kFakeSite;

class TorchProcessModel : public testing::Test {
 protected:
  TorchProcessModel() { tests::with_torch_26(image_); }

  TorchProcess model(const Environment& environment = {}, const std::string& version = "2.6.0+cu124") {
    const Root root(image_.root());
    const auto torch = find_torch(root, find_python_environments(root, environment, ""));
    Search search(root, environment, 62);
    return model_torch_process(search, torch.value(), version);
  }
  static std::string chosen(const TorchProcess& process, const std::string& soname) {
    const auto* library = process.find(soname);
    return library == nullptr ? "not mapped" : library->path + " by " + library->rule;
  }
  static std::string wheel(const std::string& path) { return std::string(kFakeSite) + "/nvidia/" + path; }

  tests::FakeImage image_;
};

TEST_F(TorchProcessModel, TakesEachLibraryFromItsWheelByTheRuleOfItsKind) {
  const TorchProcess process = model();
  EXPECT_EQ(chosen(process, "libcudart.so.12"),
            wheel("cuda_runtime/lib/libcudart.so.12") + " by RPATH of libtorch_global_deps.so");
  EXPECT_EQ(chosen(process, "libnvrtc.so.12"), wheel("cuda_nvrtc/lib/libnvrtc.so.12") + " by preload by sys.path");
  EXPECT_EQ(chosen(process, "libnvJitLink.so.12"),
            wheel("nvjitlink/lib/libnvJitLink.so.12") + " by preload by sys.path");
  EXPECT_EQ(chosen(process, "libnccl.so.2"), wheel("nccl/lib/libnccl.so.2") + " by RPATH of libtorch_cuda.so");
  EXPECT_EQ(chosen(process, "libcudnn_ops.so.9"),
            wheel("cudnn/lib/libcudnn_ops.so.9") + " by RUNPATH of libcudnn.so.9");
  EXPECT_EQ(chosen(process, "libnvrtc-builtins.so.12.4"),
            wheel("cuda_nvrtc/lib/libnvrtc-builtins.so.12.4") + " by RUNPATH of libnvrtc.so.12");
  EXPECT_TRUE(process.missing.empty());
}

TEST_F(TorchProcessModel, LdLibraryPathTakesWhatTheTableOfRunpathsSays) {
  for (const char* name : {"libcudnn_ops.so.9", "libcublas.so.12", "libnccl.so.2"}) {
    image_.file(std::string("/usr/local/cuda/lib64/") + name, tests::elf_library({name, {}, "", "", {}}));
  }
  const TorchProcess process = model({{"LD_LIBRARY_PATH", "/usr/local/cuda/lib64"}});
  EXPECT_EQ(chosen(process, "libcudnn_ops.so.9"), "/usr/local/cuda/lib64/libcudnn_ops.so.9 by LD_LIBRARY_PATH");
  EXPECT_EQ(chosen(process, "libcublas.so.12"), wheel("cublas/lib/libcublas.so.12") + " by RPATH of libtorch_cuda.so");
  const auto* nccl = process.find("libnccl.so.2");
  ASSERT_EQ(nccl->others.size(), 1U);
  EXPECT_EQ(nccl->others[0].path, "/usr/local/cuda/lib64/libnccl.so.2");
  EXPECT_EQ(nccl->others[0].rule, "LD_LIBRARY_PATH");
}

TEST_F(TorchProcessModel, NvJitLinkOfTheSystemWinsWithoutThePreloadOfTorch26) {
  image_.file("/cuda/libnvJitLink.so.12", tests::elf_library({"libnvJitLink.so.12", {}, "", "", {}}));
  const Environment environment{{"LD_LIBRARY_PATH", "/cuda"}};
  EXPECT_EQ(chosen(model(environment, "2.3.1"), "libnvJitLink.so.12"), "/cuda/libnvJitLink.so.12 by LD_LIBRARY_PATH");
  EXPECT_EQ(chosen(model(environment, "2.6.0"), "libnvJitLink.so.12"),
            wheel("nvjitlink/lib/libnvJitLink.so.12") + " by preload by sys.path");
}

TEST_F(TorchProcessModel, APreloadFromPythonpathBeatsTheWheelBesideTorch) {
  image_.file("/extra/nvidia/cuda_nvrtc/lib/libnvrtc.so.12", tests::elf_library({"libnvrtc.so.12", {}, "", "", {}}));
  const TorchProcess process = model({{"PYTHONPATH", "/extra"}});
  EXPECT_EQ(chosen(process, "libnvrtc.so.12"), "/extra/nvidia/cuda_nvrtc/lib/libnvrtc.so.12 by preload by sys.path");
  EXPECT_EQ(process.find("libnvrtc.so.12")->others.at(0).path, wheel("cuda_nvrtc/lib/libnvrtc.so.12"));
}

TEST_F(TorchProcessModel, LdPreloadBeatsEverything) {
  image_.file("/evil/libnccl.so.2", tests::elf_library({"libnccl.so.2", {}, "", "", {}}));
  EXPECT_EQ(chosen(model({{"LD_PRELOAD", "/evil/libnccl.so.2"}}), "libnccl.so.2"), "/evil/libnccl.so.2 by LD_PRELOAD");
}

TEST_F(TorchProcessModel, TellsWhichLibraryIsMissingAndWhoNeedsIt) {
  image_.remove(wheel("cudnn"));
  const TorchProcess process = model();
  ASSERT_EQ(process.missing.size(), 1U);
  EXPECT_EQ(process.missing[0].soname, "libcudnn.so.9");
  EXPECT_EQ(process.missing[0].needed_by, "libtorch_cuda.so");
}

TEST_F(TorchProcessModel, PreloadsAllWhenTheCudaRuntimeIsElsewhere) {
  const std::string moved = "/extra/nvidia/cuda_runtime/lib/libcudart.so.12";
  image_.remove(wheel("cuda_runtime"));
  image_.file(moved, tests::elf_library({"libcudart.so.12", {}, "", "", {}}));
  const TorchProcess process = model({{"PYTHONPATH", "/extra"}});
  EXPECT_EQ(chosen(process, "libcublas.so.12"), wheel("cublas/lib/libcublas.so.12") + " by preload by sys.path");
  EXPECT_EQ(chosen(process, "libcudart.so.12"), moved + " by preload by sys.path");
}

TEST(PreloadTable, TakesTheRowOfTheNewestOpenedVersionThatIsNotNewer) {
  EXPECT_EQ(preload_row("2.6.0+cu124").torch, "2.6.0");
  EXPECT_EQ(preload_row("2.7.0").torch, "2.6.0");
  EXPECT_EQ(preload_row("2.13.0").torch, "2.10.0");
  EXPECT_EQ(preload_row("3.0").torch, "2.15.0");
  EXPECT_EQ(preload_row("1.13.1").torch, "2.3.1");
}

}  // namespace
}  // namespace envforge::validator::loader
