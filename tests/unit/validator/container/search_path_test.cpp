#include "container/search_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"

namespace envforge::validator::container {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class SearchPath : public testing::Test {
 protected:
  std::vector<Finding> judged(const std::string& value, const std::string& working_folder = "/workspace") {
    return judge_search_path(loader::Root(image_.root()), {{"LD_LIBRARY_PATH", value}}, working_folder);
  }
  void library(const std::string& path, const std::string& soname) {
    image_.file(path, tests::elf_library({soname, {}, "", "", {}}));
  }
  std::vector<DriverFile> driver_files(const std::string& mountinfo = "", const std::string& library_path = "") {
    return find_driver_files(loader::Root(image_.root()), {{"LD_LIBRARY_PATH", library_path}}, mountinfo);
  }

  tests::FakeImage image_;
};

TEST_F(SearchPath, OfWholeFoldersIsClean) {
  EXPECT_THAT(judged(""), IsEmpty());
  EXPECT_THAT(judged("/usr/local/nvidia/lib:/usr/local/nvidia/lib64"), IsEmpty());
}

TEST_F(SearchPath, AnEmptyEntryMeansTheWorkingFolderAndIsSevereOnlyWhereALibraryLiesThere) {
  for (const char* value : {":/usr/local/cuda/lib64", "/usr/local/cuda/lib64:", "/a::/b"}) {
    const auto found = judged(value);
    ASSERT_EQ(found.size(), 1U) << value;
    EXPECT_FALSE(found[0].severe);
    EXPECT_THAT(found[0].what, HasSubstr("an empty entry, which means the working folder"));
  }
  library("/workspace/libnccl.so.2", "libnccl.so.2");
  const auto found = judged(":/usr/local/cuda/lib64");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].severe);
  EXPECT_THAT(found[0].what, HasSubstr("libnccl.so.2 in /workspace wins"));
}

TEST_F(SearchPath, AFolderOfStubsIsToldWithItsLibrary) {
  library("/usr/local/cuda/lib64/stubs/libcuda.so", "libcuda.so.1");
  const auto found = judged("/usr/local/cuda/lib64/stubs");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].severe);
  EXPECT_EQ(found[0].mend, "take /usr/local/cuda/lib64/stubs out of LD_LIBRARY_PATH");
}

TEST_F(SearchPath, TheDriverThatDebiansPackagesBakeInNamesThePackageToRemove) {
  library("/usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01", "libcuda.so.1");
  image_.link("/usr/lib/x86_64-linux-gnu/libcuda.so.1", "libcuda.so.535.183.01");
  image_.file("/var/lib/dpkg/info/libcuda1:amd64.list", "/usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01\n");
  image_.file("/var/lib/dpkg/status", "Package: libcuda1\nVersion: 535.183.01-1~deb12u1\n");
  const auto found = judge_driver_files(driver_files());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, AllOf(HasSubstr("libcuda.so.535.183.01"), HasSubstr("apt libcuda1 535.183.01-1~deb12u1")));
  EXPECT_EQ(found[0].mend, "apt-get remove libcuda1 in the image (recipe: packages)");
}

TEST_F(SearchPath, TheDriverThatTheHostMountsIsNone) {
  library("/usr/lib/x86_64-linux-gnu/libcuda.so.580.65.06", "libcuda.so.1");
  image_.link("/usr/lib/x86_64-linux-gnu/libcuda.so.1", "libcuda.so.580.65.06");
  const std::string mounts =
      "1 0 0:1 / / rw - overlay overlay rw\n"
      "2 1 8:1 /usr/lib/libcuda.so.580.65.06 /usr/lib/x86_64-linux-gnu/libcuda.so.580.65.06 ro - ext4 /dev/sda1 ro\n";
  EXPECT_THAT(judge_driver_files(driver_files(mounts)), IsEmpty());
  EXPECT_EQ(judge_driver_files(driver_files()).size(), 1U) << "the same file without the mount";
}

TEST_F(SearchPath, AStubOfTheDriverWithinReachIsNoDriver) {
  library("/usr/local/cuda/lib64/stubs/libcuda.so.1", "libcuda.so.1");
  const auto found = judge_driver_files(driver_files("", "/usr/local/cuda/lib64/stubs"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, HasSubstr("is a stub"));
}

TEST_F(SearchPath, ForwardCompatibilityIsOnPurpose) {
  library("/usr/local/cuda/compat/libcuda.so.1", "libcuda.so.1");
  EXPECT_THAT(judge_driver_files(driver_files("", "/usr/local/cuda/compat")), IsEmpty());
}

TEST(MountOf, IsTheNarrowestThatHoldsThePath) {
  const std::string mounts = "1 0 0:1 / / rw\n2 1 0:2 / /usr rw\n3 2 0:3 / /usr/lib rw\n";
  EXPECT_EQ(mount_of("/usr/lib/libcuda.so.1", mounts), "/usr/lib");
  EXPECT_EQ(mount_of("/usr/library/x", mounts), "/usr");
  EXPECT_EQ(mount_of("/etc/x", mounts), "");
}

TEST(DriverFiles, ThatDoNotLoadAreOfTheImageOrOfTheHostByTheirMount) {
  const std::string none = "libcuda.so.1: cannot open shared object file: No such file or directory";
  EXPECT_FALSE(judge_not_loaded(none, {}, "")) << "the engine brought none";
  const std::string mounts = "36 35 98:0 /x /usr/lib/libcuda.so.1 ro - ext4 /dev/sda1 ro";
  const DriverFile file{"libcuda.so.1", "/usr/lib/libcuda.so.1", "ld.so.cache", "none", ""};
  const std::string missing = "libdxcore.so: cannot open shared object file: No such file or directory";
  EXPECT_EQ(judge_not_loaded(missing, {file}, "")->layer, protocol::Layer::kImage);
  EXPECT_EQ(judge_not_loaded(missing, {file}, mounts)->layer, protocol::Layer::kImage)
      << "the image lacks what it needs";
  const std::string broken = "/usr/lib/libcuda.so.1: invalid ELF header";
  EXPECT_EQ(judge_not_loaded(broken, {}, "")->layer, protocol::Layer::kImage);
  EXPECT_EQ(judge_not_loaded(broken, {}, mounts)->layer, protocol::Layer::kHostDriver);
}

}  // namespace
}  // namespace envforge::validator::container
