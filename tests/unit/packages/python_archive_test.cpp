#include <envforge/packages/python_archive.hpp>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/tar_index.hpp>

#include "support/archives.hpp"

namespace envforge::packages {
namespace {

using support::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::tar_member;
using Members = std::vector<std::string>;

// What the smallest archive has, below `prefix`.
Members small_python(const std::string& prefix = "python/") {
  return {tar_member(prefix + "bin/python3.13t", "program"),
          tar_member(prefix + "lib/python3.13t/os.py", "import", '0', "", "0000644")};
}

class PythonArchive : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string put(const Members& members) {
    support::write_file_atomically(path("p.tar.gz"), testing::make_gzip(testing::make_tar_of(members)));
    return path("p.tar.gz");
  }
  std::string layer_of(const Members& members) {
    headers_ = write_python_layer(put(members), "3.13t", "opt/python-3.13t", path("layer.tar")).headers;
    return support::read_file(path("layer.tar"));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& member : support::index_tar(path("layer.tar"), ErrorCode::kInternal))
      names.push_back(member.name + (member.link.empty() ? "" : " -> " + member.link) +
                      (member.executable ? "" : " plain"));
    return names;
  }
  // The message, which also names the layout that is expected.
  std::string refusal(const Members& more) {
    Members members = small_python();
    members.insert(members.end(), more.begin(), more.end());
    return refusal_of(put(members));
  }
  std::string refusal_of(const std::string& archive) {
    try {
      write_python_layer(archive, "3.13t", "opt/python-3.13t", path("layer.tar"));
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kPythonArchive) << error.message();
      EXPECT_THAT(error.hint(), HasSubstr("bin/pythonX.Y"));
      return error.message();
    }
    return "taken";
  }

  support::TempDir folder_;
  bool headers_ = false;
};

TEST_F(PythonArchive, BecomesALayerOfItsOwnFolderWhateverFolderItHas) {
  const std::string below = layer_of(small_python("python/"));
  EXPECT_THAT(names(),
              ElementsAre("opt/", "opt/python-3.13t/", "opt/python-3.13t/bin/", "opt/python-3.13t/bin/python3.13t",
                          "opt/python-3.13t/lib/", "opt/python-3.13t/lib/python3.13t/",
                          "opt/python-3.13t/lib/python3.13t/os.py plain"));
  EXPECT_EQ(layer_of(small_python("")), below);
  EXPECT_EQ(layer_of(small_python("./install/")), below);
}

TEST_F(PythonArchive, GivesTheSameLayerForAnyOrderOfItsMembers) {
  Members members = small_python();
  const std::string one = layer_of(members);
  std::swap(members[0], members[1]);
  EXPECT_EQ(layer_of(members), one);
}

TEST_F(PythonArchive, KeepsLinksThatStayInItAndLeavesOutWhatPythonCompiles) {
  Members members = small_python();
  members.push_back(tar_member("python/bin/python3", "", '2', "python3.13t"));
  members.push_back(tar_member("python/lib/python3.13t/up", "", '2', "../../bin"));
  members.push_back(tar_member("python/bin/hard", "", '1', "python/bin/python3.13t"));
  members.push_back(tar_member("python/lib/python3.13t/__pycache__/os.cpython-313t.pyc", "old"));
  layer_of(members);
  EXPECT_THAT(names(),
              ::testing::IsSupersetOf({"opt/python-3.13t/bin/python3 -> python3.13t", "opt/python-3.13t/bin/hard",
                                       "opt/python-3.13t/lib/python3.13t/up -> ../../bin"}));
  EXPECT_THAT(names(), ::testing::Not(::testing::Contains(HasSubstr("__pycache__"))));
}

TEST_F(PythonArchive, MayHaveItsProgramByALink) {
  for (const char type : {'1', '2'}) {
    const Members members = {
        tar_member("python/bin/python3.13", "program"),
        tar_member("python/bin/python3.13t", "", type, type == '1' ? "python/bin/python3.13" : "python3.13"),
        tar_member("python/lib/python3.13t/os.py", "import")};
    layer_of(members);
    EXPECT_THAT(names(), ::testing::Contains(HasSubstr("opt/python-3.13t/bin/python3.13t"))) << type;
  }
  EXPECT_THAT(refusal_of(put({tar_member("python/bin/python3.13t", "", '2', "python3.13t")})), HasSubstr("no program"));
}

TEST_F(PythonArchive, SaysWhetherExtensionsCanBeCompiledAgainstIt) {
  Members members = small_python();
  layer_of(members);
  EXPECT_FALSE(headers_);
  members.push_back(tar_member("python/include/python3.13t/Python.h", "#define"));
  layer_of(members);
  EXPECT_TRUE(headers_);
}

TEST_F(PythonArchive, OfAnotherPythonOrLayoutIsRefusedWithWhatItHolds) {
  EXPECT_THAT(
      refusal_of(put({tar_member("python/install/bin/python3.13t", "x"), tar_member("python/PYTHON.json", "{}")})),
      HasSubstr("it has no program python/bin/python3.13t; it has python/install/bin/python3.13t"));
  EXPECT_THAT(refusal_of(put({tar_member("python/bin/python3.13", "x")})), HasSubstr("it has python/bin/python3.13"));
  EXPECT_THAT(refusal_of(put({tar_member("a/x", "x"), tar_member("b/x", "x")})), HasSubstr("it holds a, b"));
  EXPECT_THAT(refusal_of(put({tar_member("python/bin/python3.13t", "x")})), HasSubstr("no standard library"));
  EXPECT_THAT(refusal_of(put({tar_member("python/bin/python3.13t", "x", '0', "", "0000644"),
                              tar_member("python/lib/python3.13t/os.py", "x")})),
              HasSubstr("no program"));
  EXPECT_THAT(refusal_of(put({})), HasSubstr("no program"));
}

TEST_F(PythonArchive, ThatReachesOutOfItsFolderIsRefused) {
  EXPECT_THAT(refusal({tar_member("python/../../etc/passwd", "x")}), HasSubstr("no path inside it"));
  EXPECT_THAT(refusal({tar_member("/etc/passwd", "x")}), HasSubstr("no path inside it"));
  EXPECT_THAT(refusal({tar_member("python/bin/a\nb", "x")}), HasSubstr("characters"));
  EXPECT_THAT(refusal({tar_member("python/x", "", '2', "/etc")}), HasSubstr("outside the prefix"));
  EXPECT_THAT(refusal({tar_member("python/lib/x", "", '2', "../../other")}), HasSubstr("outside the prefix"));
  EXPECT_THAT(refusal({tar_member("python/lib/x", "", '2', "../../../..")}), HasSubstr("outside the prefix"));
  EXPECT_THAT(refusal({tar_member("python/x", "", '2', "lib"), tar_member("python/x/y", "z")}), HasSubstr("no folder"));
  EXPECT_THAT(refusal({tar_member("python/x", "", '1', "/etc/shadow")}), HasSubstr("no path inside it"));
  EXPECT_THAT(refusal({tar_member("python/x", "", '1', "python/none")}), HasSubstr("no file of it"));
}

TEST_F(PythonArchive, WithWhatIsNoFileOrStandsTwiceIsRefused) {
  for (const char type : {'3', '4', '6', 'S'})
    EXPECT_THAT(refusal({tar_member("python/x", "", type)}), HasSubstr("neither a file")) << type;
  EXPECT_THAT(refusal({tar_member("python/bin/python3.13t", "other")}), HasSubstr("stands twice"));
}

TEST_F(PythonArchive, ThatIsDamagedOrNoGzippedTarIsRefused) {
  const std::string whole = support::read_file(put(small_python()));
  support::write_file_atomically(path("x"), whole.substr(0, whole.size() / 2));
  EXPECT_THAT(refusal_of(path("x")), HasSubstr("damaged or cut short"));
  support::write_file_atomically(path("x"), testing::make_tar_of(small_python()));
  EXPECT_THAT(refusal_of(path("x")), HasSubstr("not packed by gzip"));
  support::write_file_atomically(path("x"), testing::make_gzip("no tar at all"));
  EXPECT_NE(refusal_of(path("x")), "taken");
  support::write_file_atomically(path("x"), "");
  EXPECT_NE(refusal_of(path("x")), "taken");
}

}  // namespace
}  // namespace envforge::packages
