#include <envforge/documents/import_environment.hpp>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Imported requirements(const std::string& text) {
  return import_environment(text, "requirements.txt");
}

Imported conda(const std::string& dependencies) {
  return import_environment("dependencies:\n" + dependencies, "environment.yml");
}

const ImportNote& note(const Imported& imported, const std::string& what) {
  const auto found = std::find_if(imported.notes.begin(), imported.notes.end(),
                                  [&](const ImportNote& one) { return one.what.find(what) != std::string::npos; });
  if (found == imported.notes.end()) throw std::out_of_range("no note about " + what);
  return *found;
}

TEST(ImportRequirements, ABuildsLocalVersionBecomesTorchAndCuda) {
  const auto imported = requirements("torch==2.1.0+cu118\ntorchvision==0.16.0+cu118\n");
  EXPECT_EQ(imported.torch, "2.1.0");
  EXPECT_EQ(imported.cuda, "cu118");
  EXPECT_THAT(imported.include, ElementsAre("torchvision"));
  EXPECT_THAT(imported.pip, IsEmpty());
  EXPECT_THAT(note(imported, "torch==2.1.0+cu118").why, HasSubstr("cuda: cu118"));
  EXPECT_THAT(note(imported, "torchvision").why, HasSubstr("follows from torch"));
  EXPECT_EQ(support::to_string(note(imported, "torchvision").where), "requirements.txt:2:1");
}

TEST(ImportRequirements, TheAddressOfAWheelOfTorchSaysVersionAndVariant) {
  const std::string wheel = "https://download.pytorch.org/whl/cu121/torch-2.3.0%2Bcu121-cp311-cp311-linux_x86_64.whl";
  for (const std::string& line :
       {"torch @ " + wheel, wheel, "torch @ " + wheel + "#sha256=00 ; python_version > '3'"}) {
    const auto imported = requirements(line + "\n");
    EXPECT_EQ(imported.torch, "2.3.0") << line;
    EXPECT_EQ(imported.cuda, "cu121") << line;
    EXPECT_FALSE(note(imported, "torch").dropped) << line;
  }
  const auto pypi = requirements("torch @ https://host/torch-2.6.0-cp311-cp311-manylinux1_x86_64.whl\n");
  EXPECT_EQ(pypi.torch, "2.6.0");
  EXPECT_THAT(note(pypi, "torch").why, HasSubstr("became torch 2.6.0"));
  EXPECT_TRUE(note(requirements("torch @ https://host/nightly\n"), "torch").dropped);
  const auto vision =
      requirements("torchvision @ https://host/torchvision-0.18.0%2Bcu121-cp311-cp311-linux_x86_64.whl");
  EXPECT_THAT(vision.include, ElementsAre("torchvision"));
  EXPECT_THAT(note(vision, "torchvision").why, HasSubstr("follows from torch"));
}

TEST(ImportRequirements, RangesAreKeptAndABuildForTheProcessorIsTold) {
  EXPECT_EQ(requirements("torch>=2.0, <2.8\n").torch, ">=2.0,<2.8");
  EXPECT_EQ(requirements("torch\n").torch, "");
  EXPECT_EQ(requirements("torch~=2.5.0; sys_platform == 'linux'\n").torch, "~=2.5.0");
  const auto cpu = requirements("torch==2.6.0+cpu\n");
  EXPECT_EQ(cpu.torch, "2.6.0");
  EXPECT_EQ(cpu.cuda, "");
  EXPECT_THAT(note(cpu, "+cpu").why, HasSubstr("no CUDA build"));
}

TEST(ImportRequirements, ALineOfTorchForAnotherSystemIsLeftOut) {
  const auto imported = requirements(
      "torch==2.7.1+cu128 ; platform_system == 'Linux'\ntorch==2.6.0 ; platform_system == 'Darwin'\n"
      "torchvision==0.21.0; sys_platform == 'win32'\n");
  EXPECT_EQ(imported.torch, "2.7.1");
  EXPECT_EQ(imported.cuda, "cu128");
  EXPECT_THAT(imported.include, IsEmpty());
  EXPECT_THAT(note(imported, "torch==2.6.0").why, HasSubstr("another system than Linux"));
}

TEST(ImportRequirements, TwoWishesForTorchBothHoldUnlessAMarkerParts) {
  const auto imported = requirements("torch>=2.0\ntorch<2.4\n");
  EXPECT_EQ(imported.torch, ">=2.0,<2.4");
  EXPECT_THAT(note(imported, "torch<2.4").why, HasSubstr("both hold"));
  EXPECT_EQ(requirements("torch==2.1.0\ntorch<2.4\n").torch, "==2.1.0,<2.4");
  EXPECT_EQ(requirements("torch==2.1.0\ntorch==2.4.0; python_version > '3.10'\n").torch, "2.4.0");
}

TEST(ImportRequirements, WhatTorchPinsIsLeftOutWithTheReason) {
  const auto imported = requirements(
      "nvidia-cublas-cu12==12.4.5.8\nnvidia-cudnn-cu13==9.20.0.48\ntriton==3.2.0\nnvidia-nccl==2.29\n"
      "nvidia-ml-py==12\nnvidia-dali-cuda120==1.4\n");
  EXPECT_THAT(imported.pip, ElementsAre("nvidia-ml-py==12", "nvidia-dali-cuda120==1.4"));
  EXPECT_EQ(imported.notes.size(), 5U) << "torch itself is not named";
  EXPECT_TRUE(note(imported, "triton").dropped);
  EXPECT_THAT(note(imported, "nvidia-nccl").why, HasSubstr("torch's own wheel pins it"));
}

TEST(ImportRequirements, OptionsAndAddressesBecomeNotesAndTheRestGoesOn) {
  const auto imported = requirements(
      "--extra-index-url https://download.pytorch.org/whl/cu121\n-i https://pypi.example.com/simple\n-r base.txt\n"
      "-c constraints.txt\n-e .\n--pre\ngit+https://github.com/a/b@main\nx @ file:///etc/passwd\n../up\n"
      "pandas>=2 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nrich  # why\r\n");
  EXPECT_EQ(imported.cuda, "cu121");
  EXPECT_THAT(imported.pip, ElementsAre("pandas>=2", "rich"));
  for (const char* what : {"-i ", "-r ", "-c ", "-e .", "--pre", "git+", "file:///", "../up", "--hash"})
    EXPECT_TRUE(note(imported, what).dropped) << what;
  EXPECT_EQ(support::to_string(note(imported, "-r ").where), "requirements.txt:3:1");
  EXPECT_THAT(note(imported, "git+").why, HasSubstr("name before it"));
}

TEST(ImportRequirements, UnreadableBytesAreAnErrorWithTheirPlace) {
  for (const std::string text : {"numpy\n\xEF\xBB\xBF", "a\n\xFF", "a\n\x1b[2J"}) {
    try {
      requirements(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsafeText);
      EXPECT_EQ(error.where()->line, 2);
    }
  }
  EXPECT_THROW(requirements(std::string(300 * 1024, 'a')), Error);
}

TEST(ImportRequirements, APasswordInAnAddressIsNotShownAgain) {
  const auto imported = requirements(
      "-i https://user:secret@pypi.example.com/simple\nx @ https://user:secret@host/x.whl\n"
      "y @ git+https://secret@git.example.com/y@main\n");
  EXPECT_EQ(imported.notes.size(), 4U);
  EXPECT_EQ(imported.notes.front().what, "-i https://***@pypi.example.com/simple");
  for (const auto& one : imported.notes) EXPECT_EQ((one.what + one.why).find("secret"), std::string::npos) << one.what;
}

TEST(ImportRequirements, APackageThatHasNoWheelIsBuiltOrItsVersionIsAskedFor) {
  const auto imported = requirements(
      "flash-attn==2.5.8\ntorch_scatter==2.1.2+pt23cu121 -f https://data.pyg.org/whl/torch-2.3.0+cu121.html\n"
      "torch-sparse -f https://data.pyg.org/whl/\nmamba-ssm>=2\nnumpy\n");
  EXPECT_THAT(imported.build, ElementsAre("flash-attn==2.5.8", "torch-scatter==2.1.2"));
  EXPECT_THAT(imported.pip, ElementsAre("numpy"));
  EXPECT_THAT(note(imported, "flash-attn").why, HasSubstr("packages.build: flash-attn==2.5.8"));
  for (const char* what : {"torch-sparse", "mamba-ssm"}) {
    EXPECT_TRUE(note(imported, what).dropped);
    EXPECT_THAT(note(imported, what).why, HasSubstr(std::string(what) + "==VERSION"));
  }
  EXPECT_THAT(note(imported, "-f https").why, HasSubstr("where packages come from"));
}

TEST(ImportEnvironment, RefusesWhatIsNoSuchFileByItsNameOrNamesNothing) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"setup.py", "import os\n"},
      {"a/report-v1.schema.json", "{}"},
      {"/dev/null", ""},
      {"requirements.txt", "# nothing\n\n"},
      {"pyproject.toml", "[tool.black]\nline-length = 100\n"}};
  for (const auto& [file, text] : cases) {
    try {
      import_environment(text, file);
      ADD_FAILURE() << file;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kWrongValue) << file;
      EXPECT_EQ(error.where().value().file, file);
    }
  }
  EXPECT_THAT(import_environment("numpy\n", "a/requirements-dev.lock").pip, ElementsAre("numpy"));
}

TEST(ImportEnvironment, SaysWhereTorchIsNotNamed) {
  EXPECT_THAT(note(requirements("numpy\n"), "torch").why, HasSubstr("the newest that fits"));
  EXPECT_THAT(requirements("torch\n").notes, IsEmpty());
}

TEST(ImportPyproject, TakesTheProjectsOwnTable) {
  const auto imported = import_environment(
      "[project]\nname = \"My Lib\"\nrequires-python = \">=3.10,<3.12\"\n"
      "dependencies = [\"torch>=2.4\", \"numpy\"]\n[project.optional-dependencies]\ndev = [\"pytest\"]\n",
      "pyproject.toml");
  EXPECT_EQ(imported.name, "My Lib");
  EXPECT_EQ(imported.python, ">=3.10,<3.12");
  EXPECT_EQ(imported.torch, ">=2.4");
  EXPECT_THAT(imported.pip, ElementsAre("numpy"));
  EXPECT_TRUE(note(imported, "optional-dependencies.dev").dropped);
}

TEST(ImportPyproject, WhatComesFromElsewhereIsCarriedOverOrLeftOutNeverTakenFromPyPI) {
  const std::string commit(40, 'a');
  const auto imported = import_environment(
      "[project]\ndependencies = [\"mylib\", \"Their.Lib\", \"ours>=1\", \"torch>=2.4,<2.6\", \"numpy\"]\n"
      "[tool.uv.sources]\nmylib = {git = \"https://github.com/x/mylib\", rev = \"main\"}\n"
      "their-lib = {git = \"https://github.com/x/their\", rev = \"" +
          commit +
          "\"}\nours = {index = \"corp\"}\n"
          "torch = [{index = \"cpu\", marker = \"sys_platform != 'linux'\"}, {index = \"gpu\"}]\n"
          "[[tool.uv.index]]\nname = \"cpu\"\nurl = \"https://download.pytorch.org/whl/cpu\"\nexplicit = true\n"
          "[[tool.uv.index]]\nname = \"gpu\"\nurl = \"https://download.pytorch.org/whl/cu121\"\nexplicit = true\n"
          "[[tool.uv.index]]\nname = \"corp\"\nurl = \"https://me:secret@corp.example.com/simple\"\n"
          "[dependency-groups]\ndev = [\"pytest\"]\n[tool.poetry.group.docs.dependencies]\nsphinx = \"*\"\n"
          "[tool.uv]\nconstraint-dependencies = [\"numpy<2\"]\n",
      "pyproject.toml");
  EXPECT_THAT(imported.pip, ElementsAre("their-lib @ git+https://github.com/x/their@" + commit, "numpy"));
  EXPECT_EQ(imported.torch, ">=2.4,<2.6");
  EXPECT_EQ(imported.cuda, "cu121");
  EXPECT_THAT(note(imported, "sources.mylib").why, HasSubstr("40 digits"));
  EXPECT_EQ(support::to_string(note(imported, "sources.mylib").where), "pyproject.toml:4:9");
  EXPECT_THAT(note(imported, "sources.ours").why, HasSubstr("site configuration"));
  EXPECT_EQ(note(imported, "tool.uv.index").what, "tool.uv.index https://***@corp.example.com/simple");
  for (const char* what : {"sources.mylib", "sources.ours", "dependency-groups.dev", "poetry.group.docs", "constraint"})
    EXPECT_TRUE(note(imported, what).dropped) << what;
}

TEST(ImportPoetry, ItsOwnFormsBecomeRangesAndItsSourceOfTorchTheVariant) {
  const auto imported = import_environment(
      "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"^3.10\"\nnumpy = \"~1.26\"\n"
      "torch = {version = \"^2.1\", source = \"pytorch\"}\nscipy = \"1.11.*\"\nattrs = \"^0.2.3\"\nrich = \"*\"\n"
      "pandas = {version = \"2.1\", extras = [\"excel\"], markers = \"sys_platform == 'linux'\"}\n"
      "mine = {path = \"../mine\"}\ndocs = {version = \"^1\", optional = true}\nodd = \"^1.0 || ^2.0\"\n"
      "[[tool.poetry.source]]\nname = \"pytorch\"\nurl = \"https://download.pytorch.org/whl/cu121\"\n"
      "priority = \"explicit\"\n",
      "pyproject.toml");
  EXPECT_EQ(imported.torch, ">=2.1,<3");
  EXPECT_EQ(imported.cuda, "cu121");
  EXPECT_EQ(imported.python, ">=3.10,<4");
  EXPECT_THAT(imported.pip, ElementsAre("attrs>=0.2.3,<0.3", "numpy>=1.26,<1.27",
                                        "pandas[excel]==2.1; sys_platform == 'linux'", "rich", "scipy==1.11.*"));
  for (const char* what : {"dependencies.mine", "dependencies.docs", "dependencies.odd"})
    EXPECT_TRUE(note(imported, what).dropped) << what;
  for (const ImportNote& one : imported.notes) EXPECT_EQ(one.why.find("is not named"), std::string::npos) << one.what;
}

TEST(ImportPoetry, ATorchThatIsNotUnderstoodIsNeverSaidToBeUnnamed) {
  const auto imported = import_environment("[tool.poetry.dependencies]\ntorch = \"^1.13 || ^2.1\"\n", "pyproject.toml");
  EXPECT_TRUE(note(imported, "dependencies.torch").dropped);
  EXPECT_EQ(imported.notes.size(), 1U);
}

TEST(ImportConda, ToolkitsAndBuildStringsBecomeTorchsCuda) {
  EXPECT_EQ(conda("  - cudatoolkit=11.3\n").cuda, "11.3");
  EXPECT_EQ(conda("  - pytorch-cuda=12.1\n").cuda, "12.1");
  EXPECT_EQ(conda("  - cuda-toolkit 12.4.*\n").cuda, "12.4");
  const auto built = conda("  - pytorch::pytorch=2.1.0=py3.10_cuda11.8_cudnn8.7.0_0\n");
  EXPECT_EQ(built.torch, "2.1.0");
  EXPECT_EQ(built.cuda, "11.8");
  EXPECT_EQ(conda("  - pytorch=2.1\n").torch, "2.1.*");
  EXPECT_EQ(conda("  - pytorch>=2.1,<2.3\n").torch, ">=2.1,<2.3");
}

TEST(ImportConda, OfTwoLinesThatSayACudaTheOneOfTorchCountsAndTheOtherIsToldAsLeftOut) {
  for (const char* lines :
       {"  - cudatoolkit=11.3\n  - pytorch-cuda=12.1\n", "  - pytorch-cuda=12.1\n  - cudatoolkit=11.3\n"}) {
    const auto imported = conda(lines);
    EXPECT_EQ(imported.cuda, "12.1") << lines;
    EXPECT_TRUE(note(imported, "cudatoolkit").dropped);
    EXPECT_THAT(note(imported, "cudatoolkit").why,
                HasSubstr("torch.cuda is 12.1, as pytorch-cuda=12.1 (environment.yml:"));
    EXPECT_FALSE(note(imported, "pytorch-cuda").dropped);
    EXPECT_THAT(note(imported, "pytorch-cuda").why, HasSubstr("became torch.cuda: 12.1"));
  }
  const auto built = conda("  - pytorch=2.1.0=py3.10_cuda11.8_cudnn8.7.0_0\n  - pytorch-cuda=12.1\n");
  EXPECT_EQ(built.cuda, "11.8");
  EXPECT_TRUE(note(built, "pytorch-cuda").dropped);
  const auto index = requirements("--index-url https://download.pytorch.org/whl/cu118\ntorch==2.3.1+cu121\n");
  EXPECT_EQ(index.cuda, "cu121");
  EXPECT_TRUE(note(index, "--index-url").dropped);
  const auto same = requirements("--index-url https://download.pytorch.org/whl/cu121\ntorch==2.3.1+cu121\n");
  EXPECT_FALSE(note(same, "--index-url").dropped);
}

TEST(ImportConda, ANameThatIsAStrangersOnPyPIOrNobodysIsLeftOutWithWhatWasMeant) {
  const auto imported =
      conda("  - nodejs=20\n  - rapids=24.10\n  - cupy\n  - pip:\n    - apex==0.1\n    - pkg-resources==0.0.0\n");
  EXPECT_THAT(imported.pip, IsEmpty());
  EXPECT_THAT(imported.apt, ElementsAre("nodejs"));
  EXPECT_THAT(note(imported, "rapids").why, HasSubstr("cudf-cu12"));
  EXPECT_THAT(note(imported, "cupy").why, HasSubstr("cupy-cuda12x"));
  EXPECT_THAT(note(imported, "apex").why, HasSubstr("git+https://github.com/NVIDIA/apex@COMMIT"));
  EXPECT_TRUE(note(imported, "pkg-resources").dropped);
  const std::string commit = "apex @ git+https://github.com/NVIDIA/apex@" + std::string(40, 'a');
  EXPECT_THAT(requirements(commit + "\n").pip, ElementsAre(commit));
  EXPECT_TRUE(note(requirements("nodejs\n"), "nodejs").dropped);
}

TEST(ImportConda, PyTorchGeometricIsNotTheStrangerThatHasItsNameOnPyPI) {
  const auto imported = conda("  - pyg=2.5\n  - pytorch-scatter=2.1.2\n");
  EXPECT_THAT(imported.pip, ElementsAre("torch-geometric==2.5.*"));
  EXPECT_THAT(note(imported, "torch-scatter").why, HasSubstr("packages.build: torch-scatter==VERSION"));
}

TEST(ImportConda, ACompilerForCudaBecomesTheVariantThatHasOne) {
  for (const char* line : {"  - cuda-nvcc=13.0\n", "  - nvidia::cuda-nvcc\n", "  - cudatoolkit-dev\n"}) {
    const auto imported = conda(line);
    EXPECT_TRUE(imported.devel) << line;
    EXPECT_THAT(imported.pip, IsEmpty());
    ASSERT_FALSE(imported.notes.empty()) << line;
    EXPECT_THAT(imported.notes.front().why, HasSubstr("variant: devel"));
    EXPECT_FALSE(imported.notes.front().dropped);
  }
  EXPECT_FALSE(conda("  - cudatoolkit=11.3\n").devel);
}

TEST(ImportConda, VersionsAndNamesBecomePips) {
  const auto imported = conda(
      "  - numpy=1.26\n  - scipy==1.11.4\n  - pandas>=2,<3\n  - scikit-learn=1.4.2=py310h1fdf081_0\n"
      "  - conda-forge::opencv=4.9\n  - tqdm\n");
  EXPECT_THAT(imported.pip, ElementsAre("numpy==1.26.*", "scipy==1.11.4", "pandas>=2,<3", "scikit-learn==1.4.2",
                                        "opencv-python-headless==4.9.*", "tqdm"));
  EXPECT_THAT(note(imported, "opencv").why, HasSubstr("opencv-python-headless"));
}

TEST(ImportConda, WhatBelongsToTheSystemIsLeftOutOrBecomesADebianPackage) {
  const auto imported = conda(
      "  - python=3.10.13\n  - _libgcc_mutex=0.1=main\n  - libgcc-ng=13.2.0\n  - openssl=3.0\n  - mkl=2023\n"
      "  - ffmpeg\n  - gxx_linux-64=12\n  - cpuonly\n  - cudnn=8.9\n");
  EXPECT_EQ(imported.python, "3.10");
  EXPECT_THAT(imported.pip, IsEmpty());
  EXPECT_THAT(imported.apt, ElementsAre("ffmpeg", "g++"));
  for (const char* what : {"_libgcc_mutex", "libgcc-ng", "openssl", "mkl", "cpuonly", "cudnn"})
    EXPECT_TRUE(note(imported, what).dropped) << what;
}

TEST(ImportConda, PipsOwnListIsReadAsRequirements) {
  const auto imported = import_environment(
      "name: env\nchannels: [nvidia]\nprefix: /home/me/env\nvariables: {TOKEN: x}\n"
      "dependencies:\n  - pip\n  - pip:\n    - transformers\n    - -r more.txt\n    - torch==2.5.1+cu124\n",
      "environment.yml");
  EXPECT_EQ(imported.name, "env");
  EXPECT_THAT(imported.pip, ElementsAre("transformers"));
  EXPECT_EQ(imported.cuda, "cu124");
  EXPECT_EQ(support::to_string(note(imported, "-r more.txt").where), "environment.yml:9:7");
}

TEST(ImportConda, AnotherYamlFileIsRefused) {
  EXPECT_THROW(import_environment("schema: envforge/recipe/v1\n", "x.yaml"), Error);
  EXPECT_THROW(import_environment("- a\n", "x.yml"), Error);
  EXPECT_THROW(import_environment("dependencies: {a: b}\n", "x.yml"), Error);
  EXPECT_THROW(import_environment("a: &x [*x]\n", "x.yml"), Error);
}

TEST(ImportRequirements, ACommitOfARepositoryIsCarriedOverAndABranchIsLeftOut) {
  const std::string commit(40, 'a'), url = "git+https://git.example.com/lib@";
  const auto imported =
      requirements("lib @ " + url + commit + "\n-e " + url + commit + "#egg=other\n" + url + "main#egg=third\n");
  EXPECT_THAT(imported.pip, ElementsAre("lib @ " + url + commit, "other @ " + url + commit));
  EXPECT_THAT(note(imported, "third").why, HasSubstr("a branch, a tag"));
  const auto nameless = requirements(url + commit + "\n");
  EXPECT_THAT(note(nameless, "git+").why, HasSubstr("needs the package's name before it"));
}

}  // namespace
}  // namespace envforge::documents
