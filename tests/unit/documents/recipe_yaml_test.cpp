#include <envforge/documents/recipe_yaml.hpp>

#include <filesystem>

#include <gtest/gtest.h>

#include "support/golden.hpp"

namespace envforge::documents {
namespace {

constexpr const char* kSmall = R"yaml(schema: envforge/recipe/v1
image: pytorch-cuda
target: [{name: hopper, gpus: H100}]
torch: "2.6"
)yaml";

constexpr const char* kFull = R"yaml(schema: envforge/recipe/v1
image: registry.example.com:5000/team/pytorch-cuda
target:
  - {name: volta,  gpus: V100,         driver: 535.183.06}
  - {name: hopper, gpus: [H100, "Tesla V100-SXM2-32GB"], driver: "580.65.06"}
platforms: [linux/amd64, linux/arm64]
base: ubuntu:24.04
python: 3.10
torch: {version: ">=2.6,<2.8", cuda: cu126, include: [torchvision, torchaudio]}
variant: runtime
capabilities: [torch_compile]
packages:
  apt: [git, tmux, g++, "curl=7.88.1-10+deb12u8"]
  pip: ["jupyterlab>=4", pandas, "uvicorn[standard]~=0.30 ; python_version >= '3.10' and (os_name == 'posix')"]
  requirements: requirements.txt
  exclude_newer: 2026-11-01
user: {name: trainer, uid: 1234}
environment: {NCCL_DEBUG: WARN, WORKERS: 8, PROMPT: "$HOME is not expanded", EMPTY: ""}
workdir: /srv/work
copy: [{from: src, to: /srv/work}, {from: ., to: /opt/app}]
command: [python, train.py, --epochs, 10]
services: {
jupyter : {
port:
  9999
}
  , ssh : {}
}
run: {shm: 16g, memory: 64GB, cpus: 7.5, volumes: ["./data:/data", "/srv/sets:/sets:ro", "cache:/cache"], ports: ["127.0.0.1:9999:9999"]}
size: {max: 6.5GB}
tags: ["{torch}-cuda{cuda}-{base}", v2.6]
verify: {suite: quick, require: [cublas, torch.matmul]}
)yaml";

Companion requirements(CompanionKind kind, const std::string& name) {
  EXPECT_EQ(kind, CompanionKind::kRequirements);
  return {"beside/" + name, "# ours\n\nrich  # for people\r\nhttpx >= 0.27\n"};
}

std::vector<std::string> values(const std::vector<Located<std::string>>& located) {
  std::vector<std::string> out;
  for (const auto& value : located) out.push_back(value.value);
  return out;
}

template <class Body>
support::Error error_of(Body&& body) {
  try {
    body();
  } catch (const support::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {support::ErrorCode::kInternal, "nothing was thrown"};
}

TEST(ReadRecipe, FillsTheDefaultsOfASmallRecipe) {
  const Recipe recipe = read_recipe(kSmall, "r.yaml");
  EXPECT_EQ(recipe.file, "r.yaml");
  EXPECT_EQ(recipe.spec.image, "pytorch-cuda");
  EXPECT_EQ(recipe.spec.platforms, std::vector<std::string>{"linux/amd64"});
  EXPECT_EQ(recipe.spec.base.value, "debian:12");
  EXPECT_EQ(recipe.spec.python.value, "auto");
  EXPECT_EQ(recipe.spec.torch.version.value.text(), "2.6");
  EXPECT_EQ(recipe.spec.torch.cuda.value, "auto");
  EXPECT_EQ(recipe.spec.user_name, "aiuser");
  EXPECT_EQ(recipe.spec.uid, 1000U);
  EXPECT_EQ(recipe.spec.pools.at(0).driver, std::nullopt);
  EXPECT_EQ(recipe.verify.suite, "standard");
}

TEST(ReadRecipe, ReadsEveryWord) {
  const Recipe recipe = read_recipe(kFull, "r.yaml", requirements);
  const ImageSpec& spec = recipe.spec;
  EXPECT_EQ(spec.image, "registry.example.com:5000/team/pytorch-cuda");
  ASSERT_EQ(spec.pools.size(), 2U);
  EXPECT_EQ(spec.pools[0].driver->value.text(), "535.183.06");
  EXPECT_EQ(values(spec.pools[1].gpus), (std::vector<std::string>{"H100", "Tesla V100-SXM2-32GB"}));
  EXPECT_EQ(spec.platforms.size(), 2U);
  EXPECT_EQ(spec.torch.cuda.value, "cu126");
  EXPECT_EQ(values(spec.torch.include), (std::vector<std::string>{"torchvision", "torchaudio"}));
  EXPECT_EQ(values(spec.capabilities), std::vector<std::string>{"torch_compile"});
  EXPECT_EQ(spec.apt.at(3).value, "curl=7.88.1-10+deb12u8");
  EXPECT_EQ(spec.exclude_newer, "2026-11-01");
  EXPECT_EQ(spec.user_name, "trainer");
  EXPECT_EQ(spec.uid, 1234U);
  EXPECT_EQ(spec.environment.at("WORKERS"), "8");
  EXPECT_EQ(spec.environment.at("PROMPT"), "$HOME is not expanded");
  EXPECT_EQ(spec.environment.at("EMPTY"), "");
  EXPECT_EQ(spec.workdir, "/srv/work");
  EXPECT_EQ(spec.copy.at(1), (CopyItem{".", "/opt/app"}));
  EXPECT_EQ(spec.command.at(3), "10");
  EXPECT_EQ(spec.services.at("jupyter").port, 9999);
  EXPECT_EQ(spec.services.at("ssh").port, 2222);
  EXPECT_EQ(recipe.run.shm_bytes, 16ULL << 30U);
  EXPECT_EQ(recipe.run.memory_bytes, 64000000000ULL);
  EXPECT_EQ(recipe.run.cpus, 7.5);
  EXPECT_EQ(recipe.run.volumes.size(), 3U);
  EXPECT_EQ(recipe.run.ports.size(), 1U);
  EXPECT_EQ(recipe.max_size_bytes, 6500000000ULL);
  EXPECT_EQ(values(recipe.tags), (std::vector<std::string>{"{torch}-cuda{cuda}-{base}", "v2.6"}));
  EXPECT_EQ(recipe.verify.suite, "quick");
  EXPECT_EQ(recipe.verify.require.at(1).value, "torch.matmul");
}

TEST(ReadRecipe, ReadsTheLibrariesThatTorchMustBringInOneOrder) {
  const std::string head = "schema: envforge/recipe/v1\nimage: a\ntarget: [{name: a, gpus: A100}]\n";
  const auto spec =
      read_recipe(head + "torch: {triton: 3.2, version: auto, cudnn: \"9.10.2\", nccl: \">=2.27,<2.28\"}\n", "r.yaml")
          .spec;
  const auto& libraries = spec.torch.libraries;
  ASSERT_EQ(libraries.size(), 3U);
  EXPECT_EQ(libraries[0].name, "cudnn");
  EXPECT_TRUE(libraries[0].version.value.contains(versions::Version::of("9.10.2.21")));
  EXPECT_EQ(libraries[0].version.where.line, 4);
  EXPECT_EQ(libraries[1].name, "nccl");
  EXPECT_EQ(libraries[2].name, "triton");
  EXPECT_THROW(read_recipe(head + "torch: {version: auto, cublas: newest}\n", "r.yaml"), support::Error);
}

TEST(ReadRecipe, KeepsAPythonVersionWithoutQuotesAsItIsWritten) {
  EXPECT_EQ(read_recipe(kFull, "r.yaml", requirements).spec.python.value, "3.10");
}

TEST(ReadRecipe, KeepsThePlaceOfEachValueAndOfEachRequirement) {
  const Recipe recipe = read_recipe(kFull, "r.yaml", requirements);
  EXPECT_EQ(support::to_string(recipe.spec.python.where), "r.yaml:8:9");
  EXPECT_EQ(support::to_string(recipe.spec.pools[1].gpus[0].where), "r.yaml:5:27");
  EXPECT_EQ(support::to_string(recipe.spec.pools[0].where), "r.yaml:4:5");
  ASSERT_EQ(recipe.spec.pip.size(), 5U);
  EXPECT_EQ(recipe.spec.pip[3].value, "rich");
  EXPECT_EQ(support::to_string(recipe.spec.pip[3].where), "beside/requirements.txt:3:1");
  EXPECT_EQ(recipe.spec.pip[4].value, "httpx >= 0.27");
}

TEST(ReadRecipe, TakesPoolsFromAFleetFileAndFromTheSite) {
  const auto recipe = [](const std::string& target) {
    return "schema: envforge/recipe/v1\nimage: a\ntarget: " + target + "\ntorch: \"2.6\"\n";
  };
  const std::string fleet =
      "schema: envforge/fleet/v1\npools:\n- {name: a, gpus: A100}\n- {name: b, gpus: L4, driver: 550.90.07}\n";
  const auto load = [&](CompanionKind kind, const std::string& name) {
    return Companion{kind == CompanionKind::kSiteFleet ? "/etc/site-fleet.yaml" : name, fleet};
  };
  EXPECT_EQ(read_recipe(recipe("fleet.yaml"), "r.yaml", load).spec.pools.at(1).name, "b");
  EXPECT_EQ(read_recipe(recipe("site"), "r.yaml", load).spec.pools.at(0).where.file, "/etc/site-fleet.yaml");
  EXPECT_EQ(error_of([&] { read_recipe(recipe("fleet.yaml"), "r.yaml"); }).code(), support::ErrorCode::kCompanionFile);
  const auto gone = error_of([&] {
    read_recipe(recipe("fleet.yaml"), "r.yaml", [](CompanionKind, const std::string&) -> Companion {
      throw support::Error(support::ErrorCode::kFileUnreadable, "cannot read fleet.yaml", std::nullopt, "write one");
    });
  });
  EXPECT_EQ(gone.code(), support::ErrorCode::kCompanionFile);
  EXPECT_EQ(gone.message(), "cannot read fleet.yaml");
  EXPECT_EQ(gone.hint(), "write one");
  EXPECT_GT(gone.where().value().line, 0) << "the line that names the file";
}

TEST(ReadRecipe, ReadsARecipeWithWindowsLineEnds) {
  std::string text = kSmall;
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, "\r");
  EXPECT_EQ(read_recipe(text, "r.yaml").spec.image, "pytorch-cuda");
}

TEST(ExpandTag, PutsValuesInAndLeavesColonsOut) {
  const std::map<std::string, std::string> values{
      {"torch", "2.6.0"}, {"cuda", "12.4"}, {"base", "debian:12"}, {"python", "3.11"}};
  EXPECT_EQ(expand_tag({"{torch}-cuda{cuda}-{base}-py{python}", {}}, values), "2.6.0-cuda12.4-debian12-py3.11");
}

TEST(ExpandTag, RefusesATagThatBecomesLatestOnlyWhenExpanded) {
  const auto error = error_of([] { expand_tag({"la{torch}", {}}, {{"torch", "test"}}); });
  EXPECT_EQ(error.code(), support::ErrorCode::kRefusedTag);
  EXPECT_EQ(expand_tag({"greatest", {}}, {}), "greatest");
}

class ShippedRecipe : public ::testing::TestWithParam<const char*> {};

TEST_P(ShippedRecipe, IsReadWithoutAnError) {
  const auto path = std::filesystem::path(ENVFORGE_SOURCE_DIR) / "recipes" / GetParam();
  const Recipe recipe = read_recipe(testing::read_text(path), GetParam());
  EXPECT_FALSE(recipe.spec.pools.empty());
  EXPECT_FALSE(recipe.tags.empty());
  for (const auto& pool : recipe.spec.pools) EXPECT_TRUE(pool.driver.has_value()) << pool.name;
}

INSTANTIATE_TEST_SUITE_P(All, ShippedRecipe,
                         ::testing::Values("pytorch-2.6.yaml", "pytorch-2.7.yaml", "pytorch-2.15.yaml",
                                           "bench-2.6.yaml", "quickstart.yaml"));

TEST(Target, SaysWhereForwardCompatibilityMayBeUsedAndOnlyBesideADriver) {
  const auto pools = read_fleet(
      "schema: envforge/fleet/v1\npools:\n- {name: a, gpus: A100, driver: 535.1.2, forward_compat: true}\n"
      "- {name: b, gpus: L4, driver: 535.1.2}\n",
      "fleet.yaml");
  EXPECT_TRUE(pools.at(0).forward_compat);
  EXPECT_FALSE(pools.at(1).forward_compat);
  try {
    read_fleet("schema: envforge/fleet/v1\npools:\n- {name: a, gpus: A100, forward_compat: true}\n", "fleet.yaml");
    ADD_FAILURE() << "was not refused";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kMissingKey);
  }
}

}  // namespace
}  // namespace envforge::documents
