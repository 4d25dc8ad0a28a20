// The published schemas and the readers agree: both accept what is shipped, both refuse what is mutated.
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/documents/site_config.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/sha256.hpp>

#include "support/golden.hpp"
#include "support/sample_lock.hpp"
#include "support/schema_check.hpp"

namespace envforge::documents {
namespace {

namespace fs = std::filesystem;
using envforge::testing::refused_by_schema;
using envforge::testing::Texts;
using nlohmann::json;

std::string schema_path(const std::string& name) {
  return std::string(ENVFORGE_SOURCE_DIR) + "/docs/schemas/" + name;
}

using Reader = std::function<void(const std::string& text)>;

void expect_both_refuse(const std::string& schema, const Texts& texts, const Reader& read) {
  const auto refused = refused_by_schema(schema, texts);
  for (const auto& [name, text] : texts) {
    EXPECT_EQ(refused.count(name), 1U) << "the schema accepts " << name << ":\n" << text;
    EXPECT_THROW(read(text), support::Error) << "the reader accepts " << name << ":\n" << text;
  }
}

void expect_both_accept(const std::string& schema, const Texts& texts, const Reader& read) {
  for (const auto& [name, complaint] : refused_by_schema(schema, texts)) ADD_FAILURE() << name << ": " << complaint;
  for (const auto& [name, text] : texts) EXPECT_NO_THROW(read(text)) << name;
}

using Schema = envforge::testing::SchemaTest;

constexpr const char* kRecipe = R"yaml(schema: envforge/recipe/v1
image: registry.example.com:5000/team/pytorch-cuda
target:
  - {name: volta,  gpus: V100,         driver: 535.183.06}
  - {name: hopper, gpus: [H100, "Tesla V100-SXM2-32GB"], driver: "580.65.06"}
platforms: [linux/amd64, linux/arm64]
base: ubuntu:24.04
python: "3.11"
torch: {version: ">=2.6,<2.8", cuda: cu126, include: [torchvision, torchaudio]}
variant: runtime
capabilities: [torch_compile]
packages: {apt: [git, g++, "curl=7.88.1-10+deb12u8"], pip: ["jupyterlab>=4", "uvicorn[standard]~=0.30", torchmetrics], build: [{source: a==1, pools: [], environment: {FORCE_CUDA: 1, FLAG: on}}], exclude_newer: "2026-11-01"}
user: {name: trainer, uid: 1234}
environment: {NCCL_DEBUG: WARN, WORKERS: 8}
workdir: /srv/work
copy: [{from: src, to: /srv/work}]
command: [python, train.py, --epochs, 10]
services: {jupyter: {port: 9999}, ssh: {}}
run: {shm: 16g, memory: 64GB, cpus: 7.5, volumes: ["./data:/data", "cache:/cache:ro"], ports: ["127.0.0.1:9999:9999"]}
size: {max: 6.5GB}
tags: ["{torch}-cuda{cuda}-{base}", v2.6]
verify: {suite: quick, require: [cublas, torch.matmul]}
)yaml";

void read_any_recipe(const std::string& text) {
  read_recipe(text, "x.yaml", [](CompanionKind, const std::string& name) {
    return Companion{name, "schema: envforge/fleet/v1\npools: [{name: a, gpus: A100}]\n"};
  });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST_F(Schema, OfRecipesAcceptsWhatIsShippedAndEveryWord) {
  Texts texts{{"every-word.yaml", kRecipe}};
  for (const auto& entry : fs::directory_iterator(std::string(ENVFORGE_SOURCE_DIR) + "/recipes")) {
    if (entry.path().extension() == ".yaml")
      texts[entry.path().filename()] = envforge::testing::read_text(entry.path());
  }
  const std::string small = "schema: envforge/recipe/v1\nimage: a\ntorch: 2.6\n";
  texts["unquoted-numbers.yaml"] = small + "python: 3.10\ntarget: [{name: a, gpus: A100, driver: 550.90}]\n";
  texts["fleet-file.yaml"] = small + "target: fleets/a.yaml\n";
  texts["site.yaml"] = small + "target: site\n";
  const std::string target = "target: [{name: a, gpus: A100}]\n";
  texts["wheel-by-address.yaml"] =
      small + target +
      "packages: {pip: [\"own @ https://x.example.com/own-1-py3-none-any.whl#sha256=" + testing::hex64('0') + "\"]}\n";
  const std::string any = "schema: envforge/recipe/v1\nimage: a\n" + target;
  texts["libraries.yaml"] =
      any + "torch: {version: auto, cudnn: 9.10, nccl: \">=2.27,<2.28\", cublas: \"12.8.4.1\", triton: \"*\"}\n";
  texts["any-torch.yaml"] = "schema: envforge/recipe/v1\nimage: a\ntorch: auto\n" + target;
  EXPECT_GE(texts.size(), 11U);
  expect_both_accept("recipe-v1.schema.json", texts, read_any_recipe);
}

TEST_F(Schema, OfRecipesAndTheReaderRefuseTheSameMutations) {
  const std::vector<std::array<const char*, 3>> edits{
      {"missing-schema", "schema: envforge/recipe/v1\n", ""},
      {"missing-image", "image: registry.example.com:5000/team/pytorch-cuda\n", ""},
      {"missing-torch", "torch: {version: \">=2.6,<2.8\", cuda: cu126, include: [torchvision, torchaudio]}\n", ""},
      {"missing-pool-name", "{name: volta,  gpus", "{gpus"},
      {"missing-pool-gpus", "gpus: V100,         ", ""},
      {"missing-torch-version", "version: \">=2.6,<2.8\", ", ""},
      {"missing-copy-to", ", to: /srv/work}", "}"},
      {"missing-size-max", "{max: 6.5GB}", "{}"},
      {"extra-key", "base:", "bases: x\nbase:"},
      {"extra-pool-key", "{name: volta,", "{name: volta, memory: 32,"},
      {"type-forward-compat", "{name: volta,", "{name: volta, forward_compat: yes,"},
      {"extra-service-key", "{port: 9999}", "{port: 9999, token: x}"},
      {"extra-run-key", "shm: 16g", "shm: 16g, ipc: host"},
      {"type-image", "image: registry.example.com:5000/team/pytorch-cuda", "image: [a]"},
      {"type-uid", "uid: 1234", "uid: \"1234\""},
      {"type-apt", "apt: [git, g++, \"curl=7.88.1-10+deb12u8\"]", "apt: git"},
      {"type-command", "command: [python, train.py, --epochs, 10]", "command: python train.py"},
      {"type-environment", "environment: {NCCL_DEBUG: WARN, WORKERS: 8}", "environment: [A=1]"},
      {"type-environment-value", "WORKERS: 8", "WORKERS: [8]"},
      {"type-port", "port: 9999", "port: \"9999\""},
      {"type-cpus", "cpus: 7.5", "cpus: \"7.5\""},
      {"type-size", "size: {max: 6.5GB}", "size: 6.5GB"},
      {"type-tags", "tags: [\"{torch}-cuda{cuda}-{base}\", v2.6]", "tags: v2.6"},
      {"value-schema", "recipe/v1", "recipe/v2"},
      {"value-image", "team/pytorch-cuda", "team/PyTorch"},
      {"value-image-tag", "team/pytorch-cuda", "team/pytorch:v1"},
      {"value-platform", "linux/arm64", "linux/arm"},
      {"value-platform-twice", "linux/arm64", "linux/amd64"},
      {"value-base", "ubuntu:24.04", "ubuntu"},
      {"value-python", "\"3.11\"", "\"3.11.2\""},
      {"value-cuda", "cu126", "cpu"},
      {"value-cudnn", "cuda: cu126", "cudnn: newest"},
      {"value-nccl", "cuda: cu126", "nccl: auto"},
      {"type-triton", "cuda: cu126", "triton: [3.2]"},
      {"value-include", "torchaudio", "torchtext"},
      {"value-variant", "runtime", "slim"},
      {"value-capability", "torch_compile", "compile"},
      {"value-driver", "535.183.06", "R535.183"},
      {"value-gpu", "gpus: V100", "gpus: \"$(id)\""},
      {"value-apt", "g++", "\"g++;id\""},
      {"value-apt-remove", "[git,", "[git-,"},
      {"value-pip-option", "\"jupyterlab>=4\"", "\"--pre\""},
      {"value-pip-url", "\"jupyterlab>=4\"", "\"x @ https://x\""},
      {"value-pip-url-without-hash", "\"jupyterlab>=4\"", "\"x @ https://x.example.com/x-1-py3-none-any.whl\""},
      {"value-pyproject", "pip: [", "pyproject: ../pyproject.toml, pip: ["},
      {"value-pip-torch", "\"jupyterlab>=4\"", "\"torch>=2\""},
      {"value-exclude-newer", "\"2026-11-01\"", "yesterday"},
      {"value-user", "name: trainer", "name: root"},
      {"value-uid", "uid: 1234", "uid: 0"},
      {"value-variable", "NCCL_DEBUG", "LD_PRELOAD"},
      {"value-build-variable", "FORCE_CUDA", "MAX_JOBS"},
      {"value-build-loader", "FORCE_CUDA", "LD_BIND_NOW"},
      {"value-build-python", "FORCE_CUDA", "PYTHONPATH"},
      {"value-build-secret", "FORCE_CUDA", "HF_TOKEN"},
      {"type-build-environment", "environment: {FORCE_CUDA: 1, FLAG: on}", "environment: [FORCE_CUDA]"},
      {"value-secret", "NCCL_DEBUG", "HF_TOKEN"},
      {"value-workdir", "workdir: /srv/work", "workdir: /etc"},
      {"value-workdir-relative", "workdir: /srv/work", "workdir: work"},
      {"value-copy-climbs", "from: src", "from: ../src"},
      {"value-copy-absolute", "from: src", "from: /src"},
      {"value-copy-system", "to: /srv/work}", "to: /usr/lib}"},
      {"value-port", "port: 9999", "port: 22"},
      {"value-shm", "shm: 16g", "shm: 16"},
      {"value-shm-unit", "shm: 16g", "shm: 16q"},
      {"value-volume", "cache:/cache:ro", "cache"},
      {"value-port-mapping", "127.0.0.1:9999:9999", "9999"},
      {"value-tag-latest", "v2.6", "latest"},
      {"value-tag-field", "{torch}", "{tourch}"},
      {"value-suite", "quick", "fast"},
      {"value-check", "torch.matmul", "../x"}};
  Texts texts;
  for (const auto& [name, from, to] : edits) texts[std::string(name) + ".yaml"] = replaced(kRecipe, from, to);
  expect_both_refuse("recipe-v1.schema.json", texts, read_any_recipe);
}

TEST_F(Schema, OfFleetFilesAgreesWithTheReader) {
  const std::string fleet =
      "schema: envforge/fleet/v1\npools: [{name: a, gpus: [A100, L4], driver: \"550.90.07\"}, {name: b, gpus: L4}]\n";
  const Reader read = [](const std::string& text) { read_fleet(text, "f.yaml"); };
  expect_both_accept("fleet-v1.schema.json", {{"good.yaml", fleet}}, read);
  expect_both_refuse("fleet-v1.schema.json",
                     {{"no-pools.yaml", "schema: envforge/fleet/v1\n"},
                      {"empty.yaml", "schema: envforge/fleet/v1\npools: []\n"},
                      {"recipe.yaml", kRecipe},
                      {"extra.yaml", fleet + "image: x\n"},
                      {"gpu.yaml", replaced(fleet, "L4", "\"`id`\"")},
                      {"no-name.yaml", replaced(fleet, "name: a, ", "")}},
                     read);
}

TEST_F(Schema, OfSiteConfigurationsAgreesWithTheReader) {
  const std::string head = "schema: envforge/config/v1\n";
  const Reader read = [](const std::string& text) { read_site_config(text, "c.yaml"); };
  const auto python = [](const std::string& version, const std::string& url, const std::string& platform,
                         const std::string& glibc) {
    return "pythons: [{version: \"" + version + "\", platform: \"" + platform + "\", url: \"" + url +
           "\", sha256: \"" + testing::hex64('0') + "\", glibc: \"" + glibc + "\"}]\n";
  };
  const std::string archive = "https://x.example.com/p+1.tar.gz", amd64 = "linux/amd64";
  expect_both_accept(
      "config-v1.schema.json",
      {{"empty.yaml", head},
       {"full.yaml",
        head + "default_index: https://u:p@pypi.example.com/simple\npytorch_index: http://127.0.0.1:8099/whl\n"
               "ca_bundle: /etc/ssl/our ca.pem\nhttp_proxy: http://proxy:3128\nhttps_proxy: http://u:p@proxy:3128\n"
               "no_proxy: localhost,.example.com\nwheels_dir: /srv/w\ndebs_dir: /srv/d\ncache_dir: /srv/c\n"
               "fleet: /etc/fleet.yaml\ndocker: docker\ndocker_host: ssh://me@host\n"
               "registry: {debian:12: \"mirror.example.com:5000/debian:12-slim\"}\n"
               "bases: {debian:12: {image: \"local/debian:12\", builder: local/builder}}\n"
               "deb_mirrors: {debian: {mirror: \"http://mirror.example.com/debian\"}}\n"
               "indexes: {ours: {url: \"https://w.example.com/simple\", packages: [our-lib, Our_Other], "
               "credentials: "
               "/etc/ours.credentials}}\n"},
       {"python.yaml", head + python("3.13.5t", archive, amd64, "2.17")},
       {"python-here.yaml", head + python("3.12.7", "pythons/p.tar.gz", "linux/arm64", "2.28")},
       {"python-there.yaml", head + python("3.12.7", "/srv/our own/p.tar.gz", amd64, "2.28")}},
      read);
  expect_both_refuse(
      "config-v1.schema.json",
      {{"no-schema.yaml", "ca_bundle: /x\n"},
       {"extra.yaml", head + "ca: /x\n"},
       {"relative.yaml", head + "ca_bundle: x.pem\n"},
       {"comma.yaml", head + "cache_dir: \"/a,b\"\n"},
       {"http.yaml", head + "default_index: http://pypi.example.com/simple\n"},
       {"type.yaml", head + "ca_bundle: [/x]\n"},
       {"registry.yaml", head + "registry: {debian: x}\n"},
       {"image.yaml", head + "registry: {debian:12: \"--x\"}\n"},
       {"base.yaml", head + "bases: {debian:12: {builder: x}}\n"},
       {"distribution.yaml", head + "deb_mirrors: {fedora: {mirror: \"http://x/y\"}}\n"},
       {"index-http.yaml", head + "indexes: {a: {url: \"http://w.example.com/simple\", packages: [x]}}\n"},
       {"index-packages.yaml", head + "indexes: {a: {url: \"https://w.example.com/simple\"}}\n"},
       {"index-name.yaml", head + "indexes: {A b: {url: \"https://w.example.com/simple\", packages: [x]}}\n"},
       {"index-credentials.yaml",
        head + "indexes: {a: {url: \"https://w.example.com/simple\", packages: [x], credentials: user}}\n"},
       {"python-series.yaml", head + python("3.13t", archive, amd64, "2.17")},
       {"python-http.yaml", head + python("3.13.5", "http://x.example.com/p", amd64, "2.17")},
       {"python-climbs.yaml", head + python("3.13.5", "a/../../p", amd64, "2.17")},
       {"python-file.yaml", head + python("3.13.5", "file:///p", amd64, "2.17")},
       {"python-platform.yaml", head + python("3.13.5", archive, "linux/x86", "2.17")},
       {"python-glibc.yaml", head + python("3.13.5", archive, amd64, "musl")},
       {"python-map.yaml", head + "pythons: {a: b}\n"},
       {"host.yaml", head + "docker_host: \"x --privileged\"\n"}},
      read);
}

TEST_F(Schema, OfLocksAgreesWithTheReader) {
  const Reader read = [](const std::string& text) { read_lock(text, "x.lock"); };
  const std::string golden =
      envforge::testing::read_text(std::string(ENVFORGE_SOURCE_DIR) + "/tests/golden/documents/lock/v1/sample.lock");
  Lock upgraded = testing::complete_lock();
  upgraded.exclude_newer_of = {{"numpy", "2026-12-01T00:00:00Z"}};
  Lock archived = testing::complete_lock();
  auto& with_archive = archived.platforms.at("linux/amd64");
  with_archive.python = "3.13t";
  with_archive.python_archive = {"3.13.5t", "linux/amd64", "https://x.example.com/p.tar.gz", testing::hex64('0'),
                                 "2.17"};
  Lock filed = archived;
  filed.platforms.at("linux/amd64").python_archive->url = "p.tar.gz";
  Lock pinned = testing::complete_lock();
  pinned.spec.torch.libraries = {{"cudnn", {*versions::VersionRange::parse_prefix("9.1.0"), {}}},
                                 {"nccl", {*versions::VersionRange::parse_prefix(">=2.21,<2.22"), {}}}};
  expect_both_accept("lock-v1.schema.json",
                     {{"golden.json", golden},
                      {"pinned.json", write_lock(pinned)},
                      {"archived.json", write_lock(archived)},
                      {"filed.json", write_lock(filed)},
                      {"written.json", write_lock(testing::complete_lock())},
                      {"built.json", write_lock(testing::lock_with_builds())},
                      {"upgraded.json", write_lock(upgraded)}},
                     read);

  const std::string platform = "/platforms/linux~1amd64";
  const json gone(json::value_t::discarded);
  std::vector<std::pair<std::string, json>> edits{{"/extra", 1},
                                                  {"/schema", "x"},
                                                  {"/schema_version", 2},
                                                  {"/schema_version", "1"},
                                                  {"/data", gone},
                                                  {"/data/digest", "x"},
                                                  {"/spec", gone},
                                                  {"/spec/user/uid", 0},
                                                  {"/spec/image", "A"},
                                                  {"/spec/packages/pip/0", "-e ."},
                                                  {"/spec/workdir", 1},
                                                  {"/spec/torch/cudnn", "new"},
                                                  {"/spec/torch/nccl", 2.21},
                                                  {"/exclude_newer_of", json::object()},
                                                  {"/exclude_newer_of", {{"numpy", "yesterday"}}},
                                                  {"/exclude_newer_of", {{"-x", "2026-12-01"}}},
                                                  {"/platforms", json::object()},
                                                  {"/platforms/linux~1riscv64", json::object()}};
  const std::vector<std::pair<std::string, json>> in_platform{{"/torch", gone},
                                                              {"/torch", 2.6},
                                                              {"/nccl", gone},
                                                              {"/extra", 1},
                                                              {"/cuda_variant", "cpu"},
                                                              {"/cxx11_abi", 2},
                                                              {"/cxx11_abi", "1"},
                                                              {"/base/digest", "x"},
                                                              {"/base/kind", "x"},
                                                              {"/base/debs", gone},
                                                              {"/wheels/0/sha256", "x"},
                                                              {"/wheels/0/size", -1},
                                                              {"/wheels/0/size", "1"},
                                                              {"/wheels/0/heavy", 1},
                                                              {"/wheels/0/filename", "../x-1-py3-none-any.whl"},
                                                              {"/wheels/0/index", "ftp://x"},
                                                              {"/wheels/0/extra", 1},
                                                              {"/debs/0/sha256", gone},
                                                              {"/debs/0/name", "-x"},
                                                              {"/debs/0/filename", "../x.deb"},
                                                              {"/debs/0/architecture", "i386"},
                                                              {"/choices/0/reason", gone},
                                                              {"/require_cuda", "x"},
                                                              {"/gpu_architectures/0", "sm_90;id"}};
  for (const auto& [pointer, value] : in_platform) edits.emplace_back(platform + pointer, value);
  Texts texts;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    json document = json::parse(golden);
    document.erase("digest");
    const json::json_pointer pointer(edits[i].first);
    if (edits[i].second.is_discarded()) {
      document.at(pointer.parent_pointer()).erase(pointer.back());
    } else {
      document[pointer] = edits[i].second;
    }
    document["digest"] = "sha256:" + support::sha256_hex(support::canonical_json(document));
    texts["edit-" + std::to_string(i) + ".json"] = document.dump();
  }
  expect_both_refuse("lock-v1.schema.json", texts, read);
}

json schema_of(const std::string& name) {
  return json::parse(envforge::testing::read_text(schema_path(name)));
}

// The words of a schema, at every depth.
void collect_words(const json& schema, std::set<std::string>& words) {
  if (schema.is_object() && schema.contains("properties")) {
    for (const auto& [word, inner] : schema.at("properties").items()) words.insert(word);
  }
  if (schema.is_structured()) {
    for (const auto& inner : schema) collect_words(inner, words);
  }
}

TEST(SchemaText, EveryWordOfARecipeAndOfAConfigurationIsExplainedInTheDocumentation) {
  for (const auto& [schema, page] : Texts{{"recipe-v1.schema.json", "recipe.md"},
                                          {"fleet-v1.schema.json", "recipe.md"},
                                          {"config-v1.schema.json", "configuration.md"}}) {
    const std::string text = envforge::testing::read_text(std::string(ENVFORGE_SOURCE_DIR) + "/docs/" + page);
    std::set<std::string> words;
    collect_words(schema_of(schema), words);
    EXPECT_GT(words.size(), 3U);
    for (const auto& word : words)
      EXPECT_NE(text.find("`" + word + "`"), std::string::npos) << page << " does not explain `" << word << "`";
  }
}

TEST(SchemaText, RecipeAndReaderKnowTheSameTopLevelWords) {
  std::set<std::string> words;
  const json schema = schema_of("recipe-v1.schema.json");
  for (const auto& [word, inner] : schema.at("properties").items()) words.insert(word);
  std::string hint;
  try {
    read_recipe("schema: envforge/recipe/v1\nzzzzzzzz: 1\n", "x.yaml");
  } catch (const support::Error& error) {
    hint = error.hint();
  }
  const std::string start = "known here: ";
  ASSERT_EQ(hint.substr(0, start.size()), start);
  std::set<std::string> known;
  std::string word;
  for (const char c : hint.substr(start.size()) + ",") {
    if (c == ',') {
      known.insert(word);
      word.clear();
    } else if (c != ' ') {
      word += c;
    }
  }
  EXPECT_EQ(known, words);
}

TEST(SchemaText, PoolsAreDescribedAlikeInRecipesAndFleetFiles) {
  EXPECT_EQ(schema_of("recipe-v1.schema.json").at("definitions").at("pool"),
            schema_of("fleet-v1.schema.json").at("definitions").at("pool"));
}

}  // namespace
}  // namespace envforge::documents
