#include "audit/conflicts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"

namespace envforge::validator::audit {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::kFakeSite;

class Conflicts : public testing::Test {
 protected:
  Conflicts() { tests::with_torch_26(image_); }

  Inventory inventory(const loader::Environment& environment = {}) {
    const loader::Root root(image_.root());
    return std::get<Inventory>(take_inventory(root, environment, ""));
  }
  /// What was found, one text for each conflict: "what | mend".
  std::vector<std::string> found(const loader::Environment& environment = {}) {
    std::vector<std::string> out;
    for (const Conflict& one : find_conflicts(inventory(environment))) out.push_back(one.what + " | " + one.mend);
    return out;
  }
  void library(const std::string& folder, const std::string& name) {
    image_.file(folder + "/" + name, tests::elf_library({name, {}, "", "", {}}));
  }

  tests::FakeImage image_;
};

TEST_F(Conflicts, NoneInACleanImage) {
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_EQ(inventory().torch_version, "2.6.0+cu124");
  EXPECT_EQ(inventory().cuda_version, "12.4");
  EXPECT_EQ(inventory().libraries.size(), 11U);
}

TEST_F(Conflicts, AnAptNcclThatOnlyTheCacheOffersIsNotUsedAndTold) {
  image_.file("/usr/lib/x86_64-linux-gnu/libnccl.so.2.18.5", tests::elf_library({"libnccl.so.2", {}, "", "", {}}));
  image_.link("/usr/lib/x86_64-linux-gnu/libnccl.so.2", "libnccl.so.2.18.5");
  image_.file("/var/lib/dpkg/info/libnccl2:amd64.list", "/usr/lib/x86_64-linux-gnu/libnccl.so.2.18.5\n");
  image_.file("/var/lib/dpkg/status", "Package: libnccl2\nVersion: 2.18.5-1\n");
  image_.ld_cache({{"libnccl.so.2", "/usr/lib/x86_64-linux-gnu/libnccl.so.2"}});
  EXPECT_THAT(found(), IsEmpty());
  const auto unused = find_unused_copies(inventory());
  ASSERT_EQ(unused.size(), 1U);
  EXPECT_THAT(unused[0].what, AllOf(HasSubstr("libnccl.so.2 2.18.5-1 beside 2.21.5"), HasSubstr("by ld.so.cache")));
  EXPECT_EQ(unused[0].mend, "apt-get remove libnccl2");
}

TEST_F(Conflicts, AnAptNcclOnLdLibraryPathNamesBothVersionsAndTheLineToTakeOut) {
  image_.file("/opt/old/libnccl.so.2.18.5", tests::elf_library({"libnccl.so.2", {}, "", "", {}}));
  image_.link("/opt/old/libnccl.so.2", "libnccl.so.2.18.5");
  EXPECT_THAT(
      found({{"LD_LIBRARY_PATH", "/opt/old"}}),
      testing::ElementsAre(AllOf(HasSubstr("libnccl.so.2 2.18.5 beside 2.21.5"), HasSubstr("by LD_LIBRARY_PATH"),
                                 HasSubstr("take /opt/old out of LD_LIBRARY_PATH"))));
}

TEST_F(Conflicts, ManyLibrariesOfOneFolderAreShortenedAndAllAreInTheDetails) {
  for (const char* name :
       {"libcublas.so.12", "libcublasLt.so.12", "libcudart.so.12", "libcusparse.so.12", "libnccl.so.2"}) {
    library("/usr/lib", name);
  }
  const auto conflicts = find_unused_copies(inventory());
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_THAT(conflicts[0].what, AllOf(HasSubstr("5 libraries also lie in /usr/lib"), HasSubstr("and 2 more")));
  EXPECT_EQ(conflicts[0].details.size(), 5U);
}

TEST_F(Conflicts, ACopyOfTheSameVersionIsNone) {
  image_.file("/usr/lib/x86_64-linux-gnu/libnccl.so.2.21.5", tests::elf_library({"libnccl.so.2", {}, "", "", {}}));
  image_.link("/usr/lib/x86_64-linux-gnu/libnccl.so.2", "libnccl.so.2.21.5");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Conflicts, LdLibraryPathThatMixesCudnnIsToldWithItsFolderOnce) {
  library("/usr/local/cuda/lib64", "libcudnn_ops.so.9");
  library("/usr/local/cuda/lib64", "libcublas.so.12");
  const auto all = found({{"LD_LIBRARY_PATH", "/usr/local/cuda/lib64"}});
  ASSERT_EQ(all.size(), 3U) << testing::PrintToString(all);
  EXPECT_THAT(all[0], AllOf(HasSubstr("1 library also lies in /usr/local/cuda/lib64 by LD_LIBRARY_PATH"),
                            HasSubstr("libcublas.so.12"), HasSubstr("out of LD_LIBRARY_PATH")));
  EXPECT_THAT(all[1], AllOf(HasSubstr("1 library is taken from /usr/local/cuda/lib64"),
                            HasSubstr("libcudnn_ops.so.9 (version not known) before 9.1.0.70")));
  EXPECT_THAT(all[2],
              AllOf(HasSubstr("libcudnn would be mixed from different releases"), HasSubstr("libcudnn_ops.so.9")));
}

TEST_F(Conflicts, AMissingLibraryNamesWhoNeedsIt) {
  image_.remove(std::string(kFakeSite) + "/nvidia/nccl");
  EXPECT_THAT(found(), testing::ElementsAre(AllOf(HasSubstr("libnccl.so.2 is found by no rule"),
                                                  HasSubstr("libtorch_cuda.so needs it"), HasSubstr("torch==2.6.0"))));
}

TEST_F(Conflicts, WheelsOfAnotherCudaMajorThatNothingNeedsAreLeftovers) {
  image_.wheel(kFakeSite, "nvidia-cusparselt-cu13", "0.8.1", {{"nvidia/cusparselt/lib/libother.so.0", "x"}});
  EXPECT_THAT(found(), testing::ElementsAre(HasSubstr("| pip uninstall nvidia-cusparselt-cu13")));
  image_.wheel(kFakeSite, "jax-cuda", "1.0", {}, {"nvidia-cusparselt-cu13"});
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Conflicts, TwoWheelsThatWriteOneFileAreTold) {
  image_.wheel(kFakeSite, "nvidia-nccl-cu13", "2.30.7",
               {{"nvidia/nccl/lib/libnccl.so.2", tests::elf_library({"libnccl.so.2", {}, "", "", {}})}});
  EXPECT_THAT(found(),
              testing::Contains(AllOf(HasSubstr("nvidia-nccl-cu12 2.21.5 and nvidia-nccl-cu13 2.30.7 both claim"),
                                      HasSubstr("libnccl.so.2"))));
}

TEST_F(Conflicts, AStubIsNoLibrary) {
  library("/usr/local/cuda/lib64/stubs", "libnvJitLink.so.12");
  image_.remove(std::string(kFakeSite) + "/nvidia/nvjitlink");
  EXPECT_THAT(found({{"LD_LIBRARY_PATH", "/usr/local/cuda/lib64/stubs"}}), testing::Contains(HasSubstr("is a stub")));
}

TEST_F(Conflicts, AnNcclThatWasBuiltForAnotherCudaMajorIsTold) {
  image_.file(std::string(kFakeSite) + "/nvidia/nccl/lib/libnccl.so.2",
              tests::elf_library({"libnccl.so.2", {}, "", "", {{".rodata", "x NCCL version 2.28.9+cuda13.0 y"}}}));
  EXPECT_THAT(found(), testing::Contains(AllOf(HasSubstr("was built for CUDA 13.0, torch for 12.4"),
                                               HasSubstr("| pip uninstall nvidia-nccl-cu12"))));
  image_.file(std::string(kFakeSite) + "/nvidia/nccl/lib/libnccl.so.2",
              tests::elf_library({"libnccl.so.2", {}, "", "", {{".rodata", "NCCL version 2.21.5+cuda12.2"}}}));
  EXPECT_THAT(found(), IsEmpty()) << "the minor is compatible";
}

TEST(Inventory, OfAnImageWithoutTorchSaysWhereItLooked) {
  tests::FakeImage image;
  image.file("/opt/venv/pyvenv.cfg", "version = 3.11.2\n");
  image.folder(kFakeSite);
  const auto result = take_inventory(loader::Root(image.root()), {}, "");
  EXPECT_THAT(std::get<NothingToAudit>(result).reason, HasSubstr("looked in /opt/venv"));
}

}  // namespace
}  // namespace envforge::validator::audit
