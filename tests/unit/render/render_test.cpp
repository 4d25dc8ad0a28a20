#include <envforge/render/render.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include <envforge/support/error.hpp>

#include "support/golden.hpp"
#include "support/sample_lock.hpp"

namespace envforge::render {
namespace {

using testing::deb;
using ::testing::HasSubstr;
using testing::hex64;
using testing::kPlatform;
using ::testing::Not;
using testing::small_lock;
using testing::wheel;

const std::filesystem::path kGoldens = std::filesystem::path(ENVFORGE_SOURCE_DIR) / "tests/golden/render";

// The digests of recipe and lock change with the documents' form, which is not this test's matter.
std::string normalised(const std::string& text) {
  return std::regex_replace(text, std::regex("(dev\\.envforge\\.(?:recipe|lock)-digest=sha256:)[0-9a-f]+"), "$1...");
}

std::string dockerfile(const documents::Lock& lock) {
  return render::render(lock, kPlatform).dockerfile;
}

const ContextFile* file(const RenderedImage& image, const std::string& path) {
  const auto found =
      std::find_if(image.files.begin(), image.files.end(), [&](const ContextFile& f) { return f.path == path; });
  return found == image.files.end() ? nullptr : &*found;
}

std::vector<std::string> reference_paths(const RenderedImage& image) {
  std::vector<std::string> out;
  for (const auto& reference : image.references) out.push_back(reference.path);
  return out;
}

TEST(RenderGolden, BootstrappedBase) {
  envforge::testing::expect_golden(kGoldens / "bootstrap.Dockerfile", normalised(dockerfile(small_lock())));
}

TEST(RenderGolden, RegistryBase) {
  auto lock = small_lock();
  auto& base = lock.platforms[kPlatform].base;
  base.kind = documents::BaseKind::kRegistry;
  base.name = "ubuntu:24.04";
  base.reference = "docker.io/library/ubuntu:24.04";
  base.digest = "sha256:" + hex64('e');
  envforge::testing::expect_golden(kGoldens / "registry.Dockerfile", normalised(dockerfile(lock)));
}

TEST(RenderGolden, LocalBaseAndWheelFolder) {
  auto lock = small_lock();
  auto& platform = lock.platforms[kPlatform];
  platform.base.kind = documents::BaseKind::kLocal;
  platform.base.reference = "base:local";
  platform.base.digest = "sha256:" + hex64('e');
  platform.debs.clear();
  for (auto& each : platform.wheels) each.index = "folder";
  envforge::testing::expect_golden(kGoldens / "local-wheels.Dockerfile", normalised(dockerfile(lock)));
}

documents::Lock full_lock() {
  auto lock = small_lock();
  auto& spec = lock.spec;
  spec.user_name = "trainer";
  spec.uid = 1234;
  spec.environment = {{"NCCL_DEBUG", "WARN"}, {"LANG", "de_DE.UTF-8"}, {"ODD", "a $(b) `c` \"d\" 'e' \\ $F"}};
  spec.workdir = "/work";
  spec.services = {{"jupyter", {8888}}, {"ssh", {2222}}};
  spec.copy = {{"src", "/work"}, {"train.py", "/work/"}};
  spec.command = {"python", "train.py", "--name", "it's $HOME"};
  auto& platform = lock.platforms[kPlatform];
  platform.debs.push_back(deb("git", '9'));
  platform.builder_debs = {deb("g++", 'a')};
  platform.wheels.push_back(wheel("torchvision", "0.21.0+cu118", true, 'c', "https://download.pytorch.org/whl/cu118"));
  return lock;
}

TEST(RenderGolden, EverythingThatARecipeMaySay) {
  const TorchGroupSources torch_group{"src/validator/checks/torch/build.sh"};
  envforge::testing::expect_golden(kGoldens / "full.Dockerfile",
                                   normalised(render::render(full_lock(), kPlatform, torch_group).dockerfile));
}

TEST(RenderGolden, TorchCompile) {
  auto lock = small_lock();
  lock.spec.capabilities = {{"torch_compile", {}}};
  lock.platforms[kPlatform].debs.push_back(deb("gcc", '9'));
  const auto image = render::render(lock, kPlatform);
  envforge::testing::expect_golden(kGoldens / "torch-compile.Dockerfile", normalised(image.dockerfile));
  EXPECT_NE(file(image, "torch_compile/libcuda.c"), nullptr);
}

documents::Lock devel_lock() {
  auto lock = small_lock();
  lock.spec.variant.value = "devel";
  auto& platform = lock.platforms[kPlatform];
  platform.debs.push_back(deb("g++", '9'));
  platform.wheels.push_back(wheel("nvidia-cuda-nvcc", "13.0.88", false, 'a'));
  platform.wheels.push_back(wheel("ninja", "1.13.0", false, 'b'));
  for (auto each = platform.wheels.end() - 2; each != platform.wheels.end(); ++each) each->toolkit = true;
  return lock;
}

TEST(RenderGolden, Devel) {
  const auto image = render::render(devel_lock(), kPlatform);
  envforge::testing::expect_golden(kGoldens / "devel.Dockerfile", normalised(image.dockerfile));
  EXPECT_NE(file(image, "from_source/cuda-home"), nullptr);
}

// The instructions of a stage as text, one after the other.
std::vector<std::string> layers(const documents::Lock& lock) {
  const std::string text = dockerfile(lock);
  const auto begin = text.find(" AS environment"), end = text.find("\nFROM ", begin);
  std::vector<std::string> out;
  const std::string stage = text.substr(begin, end - begin);
  for (auto at = stage.find("\nRUN "); at != std::string::npos;) {
    const auto next = stage.find("\nRUN ", at + 1);
    out.push_back(stage.substr(at, next - at));
    at = next;
  }
  for (auto& layer : out) layer = layer.substr(0, layer.find("\n#"));
  return out;
}

TEST(Render, DevelSharesItsLayersUpToTorchWithTheRuntimeImage) {
  auto runtime = devel_lock();
  runtime.spec.variant.value = "runtime";
  auto& platform = runtime.platforms[kPlatform];
  platform.debs.pop_back();
  std::erase_if(platform.wheels, [](const auto& each) { return each.toolkit; });
  const auto shared = layers(runtime), all = layers(devel_lock());
  const auto torch = std::find_if(all.begin(), all.end(), [](const std::string& layer) {
    return layer.find("requirements/torch.txt") != std::string::npos;
  });
  ASSERT_NE(torch, all.end());
  const auto count = torch - all.begin() + 1;
  ASSERT_GE(shared.size(), static_cast<std::size_t>(count));
  EXPECT_TRUE(std::equal(all.begin(), all.begin() + count, shared.begin()));
  EXPECT_THAT(all.at(static_cast<std::size_t>(count)), HasSubstr("requirements/toolkit.txt"));
}

TEST(Render, ARuntimeImageHasNothingOfAToolkit) {
  for (const char* word : {"toolkit", "/opt/cuda", "CUDA_HOME", "LIBRARY_PATH=", "from_source"})
    EXPECT_THAT(dockerfile(full_lock()), Not(HasSubstr(word))) << word;
}

TEST(Render, WithoutTorchCompileNamesNoLibraryToLink) {
  const auto image = render::render(full_lock(), kPlatform);
  EXPECT_EQ(file(image, "torch_compile/libcuda.c"), nullptr);
  EXPECT_THAT(image.dockerfile, Not(HasSubstr("TRITON_LIBCUDA_PATH")));
}

TEST(Render, IsTheSameForTheSameLock) {
  const auto once = render::render(full_lock(), kPlatform);
  const auto again = render::render(full_lock(), kPlatform);
  EXPECT_EQ(once.files, again.files);
  EXPECT_EQ(once.references, again.references);
  EXPECT_EQ(once.tree, again.tree);
}

TEST(Render, MakesTheImageTheLastStageForAPlainBuild) {
  EXPECT_EQ(render::render(full_lock(), kPlatform, {"build.sh"}).tree.stages.back().name, kImageTarget);
}

TEST(Render, InstallsTheRecipesPackagesAboveTheSharedLayers) {
  const std::string text = dockerfile(full_lock());
  EXPECT_LT(text.find("debs/foundation"), text.find("requirements/cuda.txt"));
  EXPECT_LT(text.find("requirements/torch.txt"), text.find("debs/image"));
  EXPECT_LT(text.find("debs/image"), text.find("requirements/packages.txt"));
}

TEST(Render, HasTheSameSharedLayersForTwoRecipesOnOneTorch) {
  auto other = full_lock();
  other.spec.image = "other";
  other.platforms[kPlatform].debs.push_back(deb("tmux", 'f'));
  other.platforms[kPlatform].wheels.push_back(wheel("pandas", "2.2.0", false, 'f'));
  const auto a = render::render(full_lock(), kPlatform).tree.stages[1].instructions;
  const auto b = render::render(other, kPlatform).tree.stages[1].instructions;
  ASSERT_GE(a.size(), 4U);  // foundation, venv, cuda, torch
  EXPECT_TRUE(std::equal(a.begin(), a.begin() + 4, b.begin()));
}

TEST(Render, NeedsNoNewerFrontendThanEngine2010Has) {
  const std::string text = render::render(full_lock(), kPlatform, {"build.sh"}).dockerfile;
  EXPECT_THAT(text, Not(HasSubstr("syntax")));
  EXPECT_THAT(text, Not(HasSubstr("<<")));
  EXPECT_THAT(text, Not(HasSubstr("COPY --link")));
  EXPECT_THAT(text, Not(HasSubstr("\nARG ")));
}

TEST(Render, SetsNoLibraryPath) {
  EXPECT_THAT(dockerfile(full_lock()), Not(HasSubstr("LD_LIBRARY_PATH=")));
}

TEST(Render, NamesEverythingThatTheContextNeeds) {
  const auto image = render::render(full_lock(), kPlatform, {"build.sh"});
  EXPECT_THAT(reference_paths(image),
              ::testing::ElementsAre("base.tar", "build/uv", "copy/0", "copy/1", "debs/builder/g++.deb",
                                     "debs/foundation/python3.11-minimal.deb", "debs/foundation/tini.deb",
                                     "debs/image/git.deb"));
  EXPECT_EQ(std::get<ContextReference::BaseTar>(image.references[0].what).sha256, hex64('b'));
  EXPECT_TRUE(image.references[4].only_for_torch_group);
  EXPECT_EQ(std::get<ContextReference::CopySource>(image.references[3].what).from, "train.py");
  ASSERT_NE(file(image, "debs/image/SHA256SUMS"), nullptr);
  EXPECT_EQ(file(image, "debs/image/SHA256SUMS")->content, hex64('9') + "  /run/debs/git.deb\n");
  ASSERT_NE(file(image, "build/with-site"), nullptr);
  EXPECT_TRUE(file(image, "build/with-site")->executable);
}

TEST(Render, SendsOnlyWhatTheBuildUses) {
  const auto image = render::render(small_lock(), kPlatform);
  ASSERT_NE(file(image, ".dockerignore"), nullptr);
  EXPECT_EQ(file(image, ".dockerignore")->content,
            "*\n!Dockerfile\n!base.tar\n!build\n!check\n!debs\n!requirements\n!runtime\n!validator\n");
}

TEST(Render, SendsTheFilesOfServicesOnlyToImagesThatHaveThem) {
  EXPECT_NE(file(render::render(full_lock(), kPlatform), "services/sshd_config"), nullptr);
  EXPECT_EQ(file(render::render(small_lock(), kPlatform), "services/sshd_config"), nullptr);
  auto lock = small_lock();
  lock.spec.services = {{"jupyter", {8888}}};
  EXPECT_EQ(file(render::render(lock, kPlatform), "services/ssh"), nullptr);
  EXPECT_NE(file(render::render(lock, kPlatform), "services/jupyter"), nullptr);
}

TEST(Render, LeavesTheCompilerOutWithoutTorchGroup) {
  const auto image = render::render(full_lock(), kPlatform);
  EXPECT_THAT(image.dockerfile, Not(HasSubstr("g++")));
  EXPECT_THAT(reference_paths(image), Not(::testing::Contains("debs/builder/g++.deb")));
}

TEST(Render, RefusesAUserThatWouldBecomeAnother) {
  auto lock = small_lock();
  lock.spec.user_name = "x:0:0";
  EXPECT_THROW(render::render(lock, kPlatform), support::Error);
  lock.spec.user_name = "aiuser";
  lock.spec.uid = 0;
  EXPECT_THROW(render::render(lock, kPlatform), support::Error);
}

TEST(Render, RefusesAPlatformThatTheLockLacks) {
  EXPECT_THROW(render::render(small_lock(), "linux/arm64"), support::Error);
}

TEST(SiteSecret, HasALineForEachSetting) {
  EXPECT_EQ(site_secret({{{"https://pypi.org/simple", "https://user:pw@mirror.example/simple"}},
                         "",
                         "http://proxy:3128",
                         "localhost,.example"}),
            "index https://pypi.org/simple https://user:pw@mirror.example/simple\nhttps_proxy "
            "http://proxy:3128\nno_proxy localhost,.example\n");
  EXPECT_EQ(site_secret({}), "");
}

TEST(SiteSecret, RefusesAValueThatWouldBeTwo) {
  EXPECT_THROW(site_secret({{{"https://pypi.org/simple", "https://a\nhttp_proxy http://evil"}}, "", "", ""}),
               support::Error);
  EXPECT_THROW(site_secret({{}, "http://a b", "", ""}), support::Error);
}

}  // namespace
}  // namespace envforge::render
