#include "loader/search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"

namespace envforge::validator::loader {
namespace {

constexpr std::uint16_t kX86 = 62;

/// An image with libx.so.1 in /rpath, /env, /runpath, the cache's /cached and /usr/lib.
class SearchRules : public testing::Test {
 protected:
  SearchRules() {
    for (const char* folder : {"/rpath", "/env", "/runpath", "/cached", "/usr/lib"}) {
      image_.file(std::string(folder) + "/libx.so.1", tests::elf_library({"libx.so.1", {}, "", "", {}}));
    }
    image_.ld_cache({{"libx.so.1", "/cached/libx.so.1"}});
  }

  std::vector<std::string> places(const std::string& rpath, const std::string& runpath,
                                  const Environment& environment) {
    image_.file("/app/liba.so", tests::elf_library({"liba.so", {"libx.so.1"}, rpath, runpath, {}}));
    const Root root(image_.root());
    Search search(root, environment, kX86);
    std::vector<std::string> out;
    for (const Found& one : search.find("libx.so.1", {search.library("/app/liba.so")})) {
      out.push_back(parent(one.path) + " by " + one.rule);
    }
    return out;
  }

  tests::FakeImage image_;
};

TEST_F(SearchRules, RpathBeatsLdLibraryPathAndTheRestFollows) {
  EXPECT_THAT(places("$ORIGIN/../rpath", "", {{"LD_LIBRARY_PATH", "/env"}}),
              testing::ElementsAre("/rpath by RPATH of liba.so", "/env by LD_LIBRARY_PATH", "/cached by ld.so.cache",
                                   "/usr/lib by default folder"));
}

TEST_F(SearchRules, LdLibraryPathBeatsRunpath) {
  EXPECT_THAT(places("", "${ORIGIN}/../runpath", {{"LD_LIBRARY_PATH", "/nothing:/env"}}),
              testing::ElementsAre("/env by LD_LIBRARY_PATH", "/runpath by RUNPATH of liba.so",
                                   "/cached by ld.so.cache", "/usr/lib by default folder"));
}

TEST_F(SearchRules, ARunpathSwitchesRpathOff) {
  EXPECT_THAT(
      places("/rpath", "/runpath", {}),
      testing::ElementsAre("/runpath by RUNPATH of liba.so", "/cached by ld.so.cache", "/usr/lib by default folder"));
}

TEST_F(SearchRules, AFileOfAnotherMachineOrNoLibraryIsPassedOver) {
  image_.file("/rpath/libx.so.1", tests::elf_library({"libx.so.1", {}, "", "", {}, 183}));
  image_.file("/cached/libx.so.1", "/* GNU ld script */");
  EXPECT_THAT(places("/rpath", "", {}), testing::ElementsAre("/usr/lib by default folder"));
}

TEST_F(SearchRules, ALibraryWithoutRpathInheritsThatOfItsLoader) {
  image_.file("/app/main.so", tests::elf_library({"main.so", {"liba.so"}, "/rpath", "", {}}));
  image_.file("/app/liba.so", tests::elf_library({"liba.so", {"libx.so.1"}, "", "", {}}));
  image_.file("/app/libb.so", tests::elf_library({"libb.so", {"libx.so.1"}, "", "/runpath", {}}));
  const Root root(image_.root());
  Search search(root, {}, kX86);
  const Library* main = search.library("/app/main.so");
  EXPECT_EQ(search.find("libx.so.1", {search.library("/app/liba.so"), main}).front().rule, "RPATH of main.so");
  EXPECT_EQ(search.find("libx.so.1", {search.library("/app/libb.so"), main}).front().rule, "RUNPATH of libb.so");
}

TEST_F(SearchRules, PreloadsAreReadFromTheVariableAndTheFile) {
  image_.file("/etc/ld.so.preload", "/a.so /b.so\n");
  const Root root(image_.root());
  EXPECT_THAT(Search(root, {{"LD_PRELOAD", "/c.so:/d.so"}}, kX86).preload(),
              testing::ElementsAre("/c.so", "/d.so", "/a.so", "/b.so"));
}

}  // namespace
}  // namespace envforge::validator::loader
