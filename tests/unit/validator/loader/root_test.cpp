#include "loader/root.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"

namespace envforge::validator::loader {
namespace {

TEST(Root, FollowsAbsoluteLinksInsideTheImageNotOnTheHost) {
  tests::FakeImage image;
  image.file("/usr/lib/liba.so.1.2", "inside");
  image.link("/etc/alternatives/liba", "/usr/lib/liba.so.1.2");
  image.link("/lib/liba.so.1", "../etc/alternatives/liba");
  const Root root(image.root());
  EXPECT_EQ(root.real("/lib/liba.so.1"), "/usr/lib/liba.so.1.2");
  EXPECT_EQ(root.read("/lib/liba.so.1"), "inside");
}

TEST(Root, StaysInsideHoweverManyDotsALinkHas) {
  tests::FakeImage image;
  image.file("/etc/passwd", "of the image");
  image.link("/a/b", "../../../../../../etc/passwd");
  EXPECT_EQ(Root(image.root()).read("/a/b"), "of the image");
}

TEST(Root, GivesUpOnLinksInACircle) {
  tests::FakeImage image;
  image.link("/a", "/b");
  image.link("/b", "/a");
  EXPECT_FALSE(Root(image.root()).real("/a").has_value());
}

TEST(Root, AnswersForWhatIsNotThere) {
  tests::FakeImage image;
  const Root root(image.root());
  EXPECT_FALSE(root.read("/nothing").has_value());
  EXPECT_TRUE(root.list("/nothing").empty());
  EXPECT_FALSE(root.is_file("/"));
  EXPECT_TRUE(root.is_folder("/"));
}

TEST(Root, RefusesToReadMoreThanAskedFor) {
  tests::FakeImage image;
  image.file("/big", std::string(100, 'x'));
  EXPECT_FALSE(Root(image.root()).read("/big", 99).has_value());
  EXPECT_TRUE(Root(image.root()).read("/big", 100).has_value());
}

TEST(Root, ReadsTheFilesOfTheKernelThatSayTheyAreEmpty) {
  const auto mounts = Root().read("/proc/self/mountinfo");
  ASSERT_TRUE(mounts.has_value());
  EXPECT_NE(mounts->find(" / "), std::string::npos);
  EXPECT_FALSE(Root().read("/proc/self/mountinfo", 10).has_value());
}

TEST(Paths, OfLibrariesAreToldFromOthers) {
  for (const char* yes : {"/a/liba.so", "liba.so.2", "_C.cpython-311-x86_64-linux-gnu.so", "libx.so.12.4.127"}) {
    EXPECT_TRUE(is_library_name(yes)) << yes;
  }
  for (const char* no : {"/a.so/b.py", "algorithm.sort_heap.h", "liba.so.conf", "liba.so.", "x.sox"}) {
    EXPECT_FALSE(is_library_name(no)) << no;
  }
}

TEST(Paths, AreNormalised) {
  EXPECT_EQ(normal("/a/./b//../c"), "/a/c");
  EXPECT_EQ(normal("/../a"), "/a");
  EXPECT_EQ(normal("../a"), "../a");
  EXPECT_EQ(file_name("/a/libnccl.so.2"), "libnccl.so.2");
  EXPECT_EQ(parent("/a"), "/");
}

}  // namespace
}  // namespace envforge::validator::loader
