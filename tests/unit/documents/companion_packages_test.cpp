// requirements.txt and pyproject.toml as people and their enemies write them: each mistake has its code and its place.
#include <gtest/gtest.h>

#include <envforge/documents/pyproject.hpp>
#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/support/error.hpp>

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;

template <class Read>
void expect_error(const Read& read, ErrorCode code, const std::string& where, const std::string& text) {
  try {
    read();
    ADD_FAILURE() << "it was read: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(support::error_id(error.code()), support::error_id(code)) << text << "\n" << error.message();
    EXPECT_EQ(support::to_string(error.where().value_or(support::Where{})), where) << text;
  }
}

std::vector<std::string> texts(const std::vector<Located<std::string>>& located) {
  std::vector<std::string> out;
  for (const auto& text : located) out.push_back(text.value);
  return out;
}

TEST(Requirements, MayHaveCarriageReturnsCommentsMarkersAndTheTorchFamily) {
  const auto read = read_requirements("# ours\r\nnumpy>=2  # why\r\n\r\n torch>=2.5 \r\nx; sys_platform == 'linux'\r\n",
                                      "requirements.txt");
  EXPECT_EQ(texts(read), (std::vector<std::string>{"numpy>=2", "torch>=2.5", "x; sys_platform == 'linux'"}));
  EXPECT_EQ(support::to_string(read[1].where), "requirements.txt:4:2");
}

TEST(Requirements, MayGoOnInTheNextLineAndHaveHashesAsPipCompileWritesThem) {
  std::vector<RequirementHashes> hashes;
  const auto read = read_requirements(
      "#\n# pip-compile --generate-hashes\n#\nnumpy==1.26.4 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n"
      "    # via pandas\nx==1 ; sys_platform == 'linux' --hash=sha256:22\r\ny \\\r\n  >=2\r\nlast \\\n",
      "requirements.txt", &hashes);
  ASSERT_EQ(hashes.size(), 2U);
  EXPECT_EQ(hashes[0].package, "numpy");
  EXPECT_EQ(hashes[0].hashes, (std::vector<std::string>{"sha256:00", "sha256:11"}));
  EXPECT_EQ(support::to_string(hashes[1].where), "requirements.txt:8:1");
  EXPECT_EQ(texts(read),
            (std::vector<std::string>{"numpy==1.26.4", "x==1 ; sys_platform == 'linux'", "y >=2", "last"}));
  EXPECT_EQ(support::to_string(read[0].where), "requirements.txt:4:1");
  EXPECT_EQ(support::to_string(read[2].where), "requirements.txt:9:1");
}

TEST(Requirements, AnotherEncodingIsNamedWithTheCommandThatMendsIt) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {std::string("\xFF\xFEn\0u\0", 6), "iconv -f UTF-16 "},
      {std::string("n\0u\0m\0", 6), "iconv -f UTF-16LE "},
      {"\xEF\xBB\xBFnumpy\n", "sed -i"}};
  for (const auto& [text, mend] : cases) {
    try {
      read_requirements(text, "r.txt");
      ADD_FAILURE() << mend;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsafeText);
      EXPECT_NE(error.hint().find(mend), std::string::npos) << error.hint();
    }
  }
}

TEST(Requirements, EveryOtherLineIsRefusedWithItsCodeAndPlace) {
  struct Case {
    std::string text;
    ErrorCode code;
    std::string where;
  };
  const std::vector<Case> cases = {
      {"numpy\n-r more.txt\n", ErrorCode::kBadRequirement, "r.txt:2:1"},
      {"-r /etc/passwd\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"--requirement=../../secret\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"-c constraints.txt\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"--index-url https://evil.example/simple\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"  --extra-index-url=https://evil.example\n", ErrorCode::kBadRequirement, "r.txt:1:3"},
      {"--find-links /tmp\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"-e .\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"./local\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"/abs/x.whl\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"../up\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"numpy --config-settings=x\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"# why\n\n  numpy \\\n -e .\n", ErrorCode::kBadRequirement, "r.txt:3:3"},
      {"x @ git+https://example.com/x@main\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"x @ https://example.com/x-1-py3-none-any.whl\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"${HOME}\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"numpy; os.system('id')\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {"\xEF\xBB\xBFnumpy\n", ErrorCode::kUnsafeText, "r.txt:1:1"},
      {"numpy\n\xE2\x80\xAEpandas\n", ErrorCode::kUnsafeText, "r.txt:2:1"},
      {std::string("num\0py\n", 7), ErrorCode::kUnsafeText, "r.txt:1:4"},
      {"num\xFFpy\n", ErrorCode::kUnsafeText, "r.txt:1:4"},
      {std::string(513, 'a') + "\n", ErrorCode::kBadRequirement, "r.txt:1:1"},
      {std::string(300 * 1024, '\n'), ErrorCode::kDocumentLimit, "r.txt"},
  };
  for (const auto& one : cases)
    expect_error([&] { read_requirements(one.text, "r.txt"); }, one.code, one.where, one.text.substr(0, 80));
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "p" + std::to_string(i) + "\n";
  expect_error([&] { read_requirements(many, "r.txt"); }, ErrorCode::kDocumentLimit, "r.txt:1001:1", "1001 lines");
}

TEST(Requirements, TorchByItsAddressIsRefusedWithWhatToWriteInItsPlace) {
  const std::string index = "https://download.pytorch.org/whl/";
  const std::string file = "torch-2.6.0%2Bcu124-cp311-cp311-linux_x86_64.whl";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"torch @ " + index + "cu124/" + file, "write `torch: {version: \"2.6.0\", cuda: cu124}` in the recipe"},
      {index + "cu124/" + file + "#sha256=" + std::string(64, 'a'), "{version: \"2.6.0\", cuda: cu124}"},
      {"torch@" + index + "cpu/torch-2.6.0%2Bcpu-cp311-cp311-linux_x86_64.whl ; sys_platform == 'linux'",
       "write `torch: {version: \"2.6.0\"}` in the recipe"},
      {"torch @ " + index + file + " ; python_version < '3.11'", "in the recipe"},
      {"torchvision @ " + index + "torchvision-0.21.0-cp311-cp311-linux_x86_64.whl",
       "write `torchvision==0.21.0` in its place"}};
  for (const auto& [line, hint] : cases) {
    try {
      read_requirements("numpy\n" + line + "\n", "r.txt");
      ADD_FAILURE() << line;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadRequirement);
      EXPECT_EQ(support::to_string(error.where().value_or(support::Where{})), "r.txt:2:1");
      EXPECT_NE(error.message().find("never from an address"), std::string::npos) << error.message();
      EXPECT_NE(error.hint().find(hint), std::string::npos) << error.hint();
    }
  }
}

TEST(Requirements, TorchByItsAddressForAnotherSystemDoesNotCount) {
  const auto read = read_requirements(
      "torch @ https://download.pytorch.org/whl/cpu/torch-2.6.0-cp311-none-macosx_11_0_arm64.whl ; sys_platform == "
      "'darwin'\nnumpy\n",
      "requirements.txt");
  EXPECT_EQ(texts(read), std::vector<std::string>{"numpy"});
}

constexpr const char* kProject = R"toml(
# a project
[build-system]
requires = ["setuptools>=61"]  # not read

[project]
name = 'x'
description = """
[project]
dependencies = ["not-this"]
"""
requires-python = ">=3.10"
dependencies = [
  "numpy>=2",   # a comment, with ] and "
  'uvicorn[standard]>=0.1',
  "x; sys_platform == \"linux\"",
]

[project.optional-dependencies]
dev = ["pytest"]

[tool.x]
dependencies = ["nor-this"]
values = [1, 2.5, true, 1979-05-27T07:32:00Z, {a = "b"}]
)toml";

TEST(Pyproject, GivesTheDependenciesOfTheProjectAlone) {
  const auto project = read_pyproject(kProject, "pyproject.toml");
  EXPECT_EQ(texts(project.dependencies),
            (std::vector<std::string>{"numpy>=2", "uvicorn[standard]>=0.1", "x; sys_platform == \"linux\""}));
  EXPECT_EQ(support::to_string(project.dependencies[0].where), "pyproject.toml:14:3");
  EXPECT_EQ(project.requires_python.value, ">=3.10");
  EXPECT_EQ(texts(project.optional_groups), (std::vector<std::string>{"dev"}));
}

TEST(Pyproject, ReadsDottedKeysInlineTablesAndCarriageReturns) {
  EXPECT_EQ(texts(read_pyproject("project.dependencies = [\"a\"]\r\n", "p").dependencies),
            (std::vector<std::string>{"a"}));
  EXPECT_EQ(texts(read_pyproject("project = {name = \"x\", dependencies = [\"a\", 'b']}\n", "p").dependencies),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(read_pyproject("[project]\nname = \"x\"\n", "p").dependencies.empty());
}

TEST(Pyproject, EveryMistakeHasItsCodeAndPlace) {
  struct Case {
    std::string text;
    ErrorCode code;
    std::string where;
  };
  const std::vector<Case> cases = {
      {"[project]\ndependencies = [\"-r x\"]\n", ErrorCode::kBadRequirement, "p:2:17"},
      {"[project]\ndependencies = [\n  \"a\",\n  \"b @ file:///etc\",\n]\n", ErrorCode::kBadRequirement, "p:4:3"},
      {"[project]\ndependencies = [\"a\" \"b\"]\n", ErrorCode::kRecipeSyntax, "p:2:21"},
      {"[project]\ndependencies = [\"a\n", ErrorCode::kRecipeSyntax, "p:2:19"},
      {"[project\n", ErrorCode::kRecipeSyntax, "p:1:9"},
      {"[project]\nname\n", ErrorCode::kRecipeSyntax, "p:2:5"},
      {"[project]\nname = \n", ErrorCode::kRecipeSyntax, "p:2:8"},
      {"[project]\nname = \"a\" \"b\"\n", ErrorCode::kRecipeSyntax, "p:2:12"},
      {"[project]\ndynamic = [\"version\", \"dependencies\"]\n", ErrorCode::kWrongValue, "p:2:23"},
      {"[tool.poetry.dependencies]\ntorch = \"^2.0\"\n", ErrorCode::kWrongValue, "p:1:1"},
      {"[tool.x]\na = 1\n", ErrorCode::kMissingKey, "p"},
      {"\xEF\xBB\xBF[project]\n", ErrorCode::kUnsafeText, "p:1:1"},
      {"[project]\nx = " + std::string(100, '[') + "\n", ErrorCode::kRecipeSyntax, "p:2:36"},
      {std::string(300 * 1024, '#'), ErrorCode::kDocumentLimit, "p"},
  };
  for (const auto& one : cases)
    expect_error([&] { read_pyproject(one.text, "p"); }, one.code, one.where, one.text.substr(0, 80));
}

const std::string kMine = "[project]\ndependencies = [\"mylib\", \"torch>=2.4\"]\n";

TEST(Pyproject, APackageFromElsewhereIsNotTakenFromPyPI) {
  struct Case {
    std::string table;
    ErrorCode code;
  };
  const std::vector<Case> cases = {
      {"[tool.uv.sources]\nmylib = {git = \"https://github.com/x/mylib\", rev = \"main\"}\n",
       ErrorCode::kBadRequirement},
      {"[tool.uv.sources]\nMyLib = {index = \"corp\"}\n", ErrorCode::kBadRequirement},
      {"[tool.uv.sources]\nmylib = [{path = \"../mylib\", marker = \"sys_platform == 'linux'\"}]\n",
       ErrorCode::kBadRequirement},
      {"[tool.uv.sources]\nmylib.workspace = true\n", ErrorCode::kBadRequirement},
      {"[tool.poetry.dependencies]\nmylib = {source = \"corp\"}\n", ErrorCode::kBadRequirement},
      {"[[tool.uv.index]]\nurl = \"https://corp.example.com/simple\"\n", ErrorCode::kWrongValue},
      {"[tool.uv]\nextra-index-url = [\"https://u:secret@corp.example.com/\"]\n", ErrorCode::kWrongValue},
      {"[[tool.poetry.source]]\nname = \"corp\"\nurl = \"https://corp.example.com\"\n", ErrorCode::kWrongValue},
      {"[[tool.pdm.source]]\nname = \"corp\"\nurl = \"https://corp.example.com\"\n", ErrorCode::kWrongValue},
  };
  for (const auto& one : cases) {
    try {
      read_pyproject(kMine + one.table, "p");
      ADD_FAILURE() << one.table;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), one.code) << error.message();
      EXPECT_GE(error.where().value().line, 3) << "at the table's place";
      EXPECT_EQ(error.message().find("secret"), std::string::npos);
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

TEST(Pyproject, OfSeveralSourcesNoneIsTakenAndOthersKeepTheirs) {
  const std::string git = "{git = \"https://git.example.com/mylib\", rev = \"" + std::string(40, 'a') + "\"}";
  const std::string several = "[tool.uv.sources]\nmylib = [" + git + ", {path = \"x\"}]\n";
  expect_error([&] { read_pyproject(kMine + several, "p"); }, ErrorCode::kBadRequirement, "p:4:10", several);
  const std::string other = "[tool.uv.sources]\nmylib = " + git + "\nz = [{marker = \"a\"}, {marker = \"b\"}]\n";
  EXPECT_NE(read_pyproject(kMine + other, "p").dependencies[0].value.find("git+https"), std::string::npos);
}

TEST(Pyproject, ACommitPyTorchsOwnIndexAndWhatNoDependencyUsesAreNoOtherPlace) {
  const std::string commit(40, 'a');
  const auto read = read_pyproject(
      kMine + "[tool.uv.sources]\nmylib = {git = \"https://git.example.com/mylib\", rev = \"" + commit +
          "\", subdirectory = \"py\"}\ntorch = {index = \"pytorch-cu121\"}\nother = {path = \"x\"}\n"
          "[[tool.uv.index]]\nname = \"pytorch-cu121\"\nurl = \"https://download.pytorch.org/whl/cu121\"\n"
          "[[tool.uv.index]]\nname = \"corp\"\nurl = \"https://corp.example.com/\"\nexplicit = true\n"
          "[[tool.uv.index]]\nurl = \"https://pypi.org/simple\"\n[dependency-groups]\ndev = [\"pytest\"]\n",
      "p");
  EXPECT_EQ(texts(read.dependencies),
            (std::vector<std::string>{"mylib @ git+https://git.example.com/mylib@" + commit + "#subdirectory=py",
                                      "torch>=2.4"}));
}

// Whatever is cut off or changed: an Error of ours or a value, never anything else.
TEST(Pyproject, NoCutAndNoChangedByteDoesHarm) {
  const std::string whole = kProject;
  const auto read = [](const std::string& text) {
    try {
      read_pyproject(text, "p");
    } catch (const Error& error) {
      EXPECT_EQ(static_cast<int>(error.code()) / 1000, 3) << text;
    }
  };
  for (std::size_t i = 0; i < whole.size(); ++i) {
    read(whole.substr(0, i));
    for (const char c : {'\0', '"', '[', '\n', '=', '\\', '\xff'}) {
      std::string changed = whole;
      changed[i] = c;
      read(changed);
    }
  }
}

TEST(Recipe, TakesPackagesFromBothFilesBesideIt) {
  const std::string yaml = R"yaml(schema: envforge/recipe/v1
image: x
target: [{name: a, gpus: A100}]
torch: auto
packages: {pip: [rich], requirements: requirements.txt, pyproject: sub/pyproject.toml}
)yaml";
  const auto load = [](CompanionKind kind, const std::string& name) {
    if (kind == CompanionKind::kPyproject)
      return Companion{"beside/" + name, "[project]\ndependencies = [\"numpy\", \"torch>=2.5\"]\n"};
    return Companion{"beside/" + name, "pandas\n"};
  };
  const auto recipe = read_recipe(yaml, "r.yaml", load);
  EXPECT_EQ(texts(recipe.spec.pip), (std::vector<std::string>{"rich", "pandas", "numpy", "torch>=2.5"}));
  EXPECT_TRUE(recipe.spec.torch.version.value.is_any());
  EXPECT_EQ(support::to_string(recipe.spec.pip[2].where), "beside/sub/pyproject.toml:2:17");
  for (const char* path : {"/etc/pyproject.toml", "../pyproject.toml", "a/../../b.toml", "~/p.toml"}) {
    std::string other = yaml;
    other.replace(other.find("sub/pyproject.toml"), 18, path);
    expect_error([&] { read_recipe(other, "r.yaml", load); }, ErrorCode::kUnsafePath, "r.yaml:5:68", path);
  }
}

}  // namespace
}  // namespace envforge::documents
