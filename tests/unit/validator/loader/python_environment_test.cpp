#include "loader/python_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"
#include "support/third_party_image.hpp"

namespace envforge::validator::loader {
namespace {

using testing::ElementsAre;
using tests::kFakeSite;

TEST(PythonEnvironment, IsTheVenvWhosePythonIsFirstOnPath) {
  tests::FakeImage image;
  tests::with_torch_26(image);
  image.file("/usr/bin/python3.11");
  image.link("/usr/bin/python3", "python3.11");
  image.link("/opt/venv/bin/python", "/usr/bin/python3");
  const Root root(image.root());
  const auto found = find_python_environments(root, {{"PATH", "/opt/venv/bin:/usr/bin"}}, "");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].prefix, "/opt/venv");
  EXPECT_EQ(found[0].kind, "venv");
  EXPECT_EQ(found[0].found_by, "PATH");
  EXPECT_EQ(found[0].version, "3.11");
  EXPECT_THAT(found[0].search_path, ElementsAre(kFakeSite));
  EXPECT_EQ(found[1].prefix, "/usr");
  EXPECT_EQ(find_torch(root, found)->folder, std::string(kFakeSite) + "/torch");
}

TEST(PythonEnvironment, OfCondaIsFoundBelowEnvsThoughNoPathNamesIt) {
  tests::FakeImage image;
  tests::with_conda_torch(image);
  const Root root(image.root());
  const auto torch = find_torch(root, find_python_environments(root, {{"PATH", "/opt/conda/bin"}}, ""));
  ASSERT_TRUE(torch.has_value());
  EXPECT_EQ(torch->folder, "/opt/conda/envs/ml/lib/python3.11/site-packages/torch");
  EXPECT_EQ(torch->python.kind, "conda");
}

TEST(PythonEnvironment, WithoutAGilHasFoldersOfItsOwn) {
  tests::FakeImage image;
  image.file("/opt/python-3.13t/bin/python3.13t");
  image.file("/opt/python-3.13t/lib/python3.13t/os.py");
  image.link("/opt/venv/bin/python", "/opt/python-3.13t/bin/python3.13t");
  image.file("/opt/venv/pyvenv.cfg", "home = /opt/python-3.13t/bin\nversion_info = 3.13.5\n");
  image.file("/opt/venv/lib/python3.13t/site-packages/torch/version.py", "__version__ = '2.7.1'\n");
  const Root root(image.root());
  const auto found = find_python_environments(root, {{"PATH", "/opt/venv/bin"}}, "");
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].version, "3.13t");
  EXPECT_THAT(found[0].search_path, ElementsAre("/opt/venv/lib/python3.13t/site-packages"));
  ASSERT_TRUE(find_torch(root, found));
  EXPECT_EQ(find_python_environments(root, {}, "/opt/python-3.13t/bin/python3.13t")[0].version, "3.13t");
}

TEST(PythonEnvironment, TheWantedOneComesFirst) {
  tests::FakeImage image;
  tests::with_torch_26(image);
  image.file("/srv/env/pyvenv.cfg", "home = /usr/bin\nversion_info = 3.12.1.final.0\n");
  image.folder("/srv/env/lib/python3.12/site-packages");
  const auto found = find_python_environments(Root(image.root()), {}, "/srv/env");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].prefix, "/srv/env");
  EXPECT_EQ(found[0].version, "3.12");
  EXPECT_EQ(found[1].found_by, "/opt/venv");
}

TEST(PythonEnvironment, PythonpathComesBeforeTheSiteFolder) {
  tests::FakeImage image;
  tests::with_torch_26(image);
  image.folder("/extra");
  const auto found = find_python_environments(Root(image.root()), {{"PYTHONPATH", "/extra:relative:/missing"}}, "");
  EXPECT_THAT(found.front().search_path, ElementsAre("/extra", kFakeSite));
}

TEST(PythonEnvironment, FollowsThePlainLinesOfPthFiles) {
  tests::FakeImage image;
  tests::with_torch_26(image);
  image.folder("/srv/checkout");
  image.file(std::string(kFakeSite) + "/x.pth", "# comment\nimport sys; sys.path.append('/evil')\n/srv/checkout\n");
  const auto found = find_python_environments(Root(image.root()), {}, "");
  EXPECT_THAT(found.front().search_path, ElementsAre(kFakeSite, "/srv/checkout"));
}

TEST(PythonEnvironment, AVenvThatSeesTheSystemHasItsFoldersToo) {
  tests::FakeImage image;
  image.file("/opt/venv/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.11.2\n");
  image.folder(kFakeSite);
  image.folder("/usr/lib/python3/dist-packages");
  const auto found = find_python_environments(Root(image.root()), {}, "");
  EXPECT_THAT(found.front().search_path, ElementsAre(kFakeSite, "/usr/lib/python3/dist-packages"));
}

TEST(PythonEnvironment, FindsCondaAndAPlainInstallation) {
  tests::FakeImage image;
  image.folder("/opt/conda/conda-meta");
  image.folder("/opt/conda/lib/python3.12/site-packages");
  image.file("/usr/local/bin/python3.12");
  image.link("/usr/local/bin/python3", "python3.12");
  image.folder("/usr/local/lib/python3.12/site-packages");
  const auto found = find_python_environments(Root(image.root()), {{"PATH", "/usr/local/bin"}}, "");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kind, "system");
  EXPECT_THAT(found[0].search_path, ElementsAre("/usr/local/lib/python3.12/site-packages"));
  EXPECT_EQ(found[1].kind, "conda");
  EXPECT_EQ(found[1].found_by, "/opt/conda");
}

TEST(PythonEnvironment, IsNoneInAnImageWithoutPython) {
  tests::FakeImage image;
  image.folder("/usr/bin");
  const Root root(image.root());
  EXPECT_TRUE(find_python_environments(root, {{"PATH", "/usr/bin"}}, "").empty());
  EXPECT_FALSE(find_torch(root, {}).has_value());
}

}  // namespace
}  // namespace envforge::validator::loader
