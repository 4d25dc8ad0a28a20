#include "uv_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::packages {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

PythonRequest debian12() {
  PythonRequest request;
  request.python_version = "3.11";
  request.platform = "linux/amd64";
  request.glibc = "2.36";
  return request;
}

TEST(UvRequest, TheHighestManylinuxIsTheNewestThatUvKnowsAndTheBaseHas) {
  PythonRequest request = debian12();
  EXPECT_EQ(uv_platform(tag_target(request)), "x86_64-manylinux_2_36");
  request.glibc = "2.41";
  EXPECT_EQ(uv_platform(tag_target(request)), "x86_64-manylinux_2_40");
  request.glibc = "2.30";
  request.platform = "linux/arm64";
  EXPECT_EQ(uv_platform(tag_target(request)), "aarch64-manylinux_2_28");
}

TEST(UvRequest, APlatformThatNoDataRowHasIsABug) {
  for (const auto& [platform, glibc] :
       {std::pair{"linux/s390x", "2.36"}, {"linux/amd64", "2.12"}, {"linux/amd64", "x"}}) {
    PythonRequest request = debian12();
    request.platform = platform;
    request.glibc = glibc;
    EXPECT_THROW(tag_target(request), support::Error) << platform << " " << glibc;
  }
}

TEST(UvRequest, APackageMayHaveACutoffOfItsOwnButNotAPin) {
  PythonRequest request = debian12();
  request.exclude_newer = "2026-01-01T00:00:00Z";
  request.exclude_newer_of = {{"numpy", "2026-02-01T00:00:00Z"}, {"torch", "2026-02-01T00:00:00Z"}};
  request.pin_index = {{"torch", "pytorch-cu118"}};
  const auto arguments = uv_compile_arguments(request, "pylock.toml");
  EXPECT_THAT(arguments, Contains("--exclude-newer-package=numpy=2026-02-01T00:00:00Z"));
  EXPECT_THAT(arguments, Not(Contains("--exclude-newer-package=torch=2026-02-01T00:00:00Z")));
}

TEST(UvRequest, TheProjectNamesEachPinsIndex) {
  PythonRequest request = debian12();
  request.pins = {"torch==2.6.0+cu118"};
  request.requirements = {"jupyterlab>=4"};
  request.indexes = {{"pytorch-cu118", "https://download.pytorch.org/whl/cu118", ""},
                     {"other", "https://a/b", "https://mirror/b"}};
  request.pin_index = {{"Torch", "pytorch-cu118"}};
  EXPECT_EQ(uv_project(request), R"([project]
name = "the-recipe"
version = "0"
requires-python = "==3.11.*"
dependencies = [
  "torch==2.6.0+cu118",
  "jupyterlab>=4",
]

[tool.uv.workspace]
members = []

[[tool.uv.index]]
name = "pytorch-cu118"
url = "https://download.pytorch.org/whl/cu118"
explicit = true

[[tool.uv.index]]
name = "other"
url = "https://mirror/b"
explicit = true

[tool.uv.sources]
"torch" = { index = "pytorch-cu118" }
)");
}

TEST(UvRequest, TextCannotLeaveItsString) {
  PythonRequest request = debian12();
  request.requirements = {"a\"]\n[tool.uv]\\"};
  EXPECT_THAT(uv_project(request), HasSubstr(R"("a\"]\u000A[tool.uv]\\")"));
}

TEST(UvRequest, AFolderLeavesNoIndexAndNoCutoff) {
  PythonRequest request = debian12();
  request.wheels_dir = "/wheels";
  request.indexes = {{"pytorch-cu118", "https://download.pytorch.org/whl/cu118", ""}};
  request.pin_index = {{"torch", "pytorch-cu118"}};
  request.exclude_newer = "2026-01-01T00:00:00Z";
  EXPECT_THAT(uv_project(request), Not(HasSubstr("index")));
  EXPECT_THAT(uv_source_arguments(request, "/c"), Contains("--no-index"));
  EXPECT_THAT(uv_source_arguments(request, "/c"), Contains("--find-links=/wheels"));
  EXPECT_THAT(uv_compile_arguments(request, "pylock.toml"), Not(Contains(HasSubstr("exclude-newer"))));
}

TEST(UvRequest, ACutoffLeavesExplicitIndexesAlone) {
  PythonRequest request = debian12();
  request.exclude_newer = "2026-01-01T00:00:00Z";
  request.pin_index = {{"Nvidia_NCCL-cu11", "pytorch-cu118"}};
  const auto arguments = uv_compile_arguments(request, "pylock.toml");
  EXPECT_THAT(arguments, Contains("--exclude-newer=2026-01-01T00:00:00Z"));
  EXPECT_THAT(arguments, Contains("--exclude-newer-package=nvidia-nccl-cu11=false"));
}

TEST(UvRequest, EveryCommandIsHermeticAndBuildsNothing) {
  const auto arguments = uv_source_arguments(debian12(), "/c");
  for (const char* argument :
       {"--no-config", "--no-build", "--no-python-downloads", "--default-index=https://pypi.org/simple"}) {
    EXPECT_THAT(arguments, Contains(argument));
  }
}

TEST(UvRequest, PreferencesBecomeALockThatUvReads) {
  PythonRequest request = debian12();
  request.preferences = {"numpy==2.1.0", "numpy==9", "without-a-version"};
  EXPECT_EQ(
      uv_preferences(request),
      "lock-version = \"1.0\"\ncreated-by = \"envforge\"\n\n[[packages]]\nname = \"numpy\"\nversion = \"2.1.0\"\n");
}

TEST(UvRequest, TakesTheRequirementsOfPep508) {
  for (const char* good : {"numpy", "jupyterlab>=4", "pandas ==2.*", "torch[opt-einsum]==2.6.0+cu118", "a>=1,<2,!=1.5",
                           "a (>=1)", "a~=1.4.2 ; python_version < '3.12'", "A.b_c-d", "x===1!2.0"}) {
    EXPECT_EQ(requirement_problem(good), "") << good;
  }
}

TEST(UvRequest, RefusesWhatIsNoRequirement) {
  for (const char* bad : {"",
                          " ",
                          "-e .",
                          "--index-url=x",
                          "a @ https://x/a.whl",
                          "git+https://x",
                          "./a",
                          "/a",
                          "a b",
                          "a>=",
                          "a>=1,",
                          "a=1",
                          "a==1 b",
                          "a\nb",
                          "a\n[b]",
                          "\"a\"",
                          "a==$(x)",
                          "https://x/y",
                          "b.whl",
                          "a#b",
                          "a==1 --hash=sha256:0"}) {
    EXPECT_NE(requirement_problem(bad), "") << bad;
  }
  EXPECT_NE(requirement_problem(std::string(100000, 'a')), "");
}

}  // namespace
}  // namespace envforge::packages
