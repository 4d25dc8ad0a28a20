// The same answer, byte for byte, for any order of the data's rows and keys and of the recipe's keys.
#include <algorithm>

#include <gtest/gtest.h>

#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/resolve/explain.hpp>

#include "small_world.hpp"
#include "support/compat_data.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using testing::Dice;

// JSON with the keys of every object in a random order.
std::string shuffled(const nlohmann::json& value, Dice& dice) {
  if (value.is_array()) {
    std::string text;
    for (const auto& item : value) text += (text.empty() ? "" : ",") + shuffled(item, dice);
    return "[" + text + "]";
  }
  if (!value.is_object()) return value.dump();
  std::vector<std::string> members;
  for (const auto& [key, item] : value.items())
    members.push_back(nlohmann::json(key).dump() + ":" + shuffled(item, dice));
  dice.shuffle(members);
  std::string text;
  for (const auto& member : members) text += (text.empty() ? "" : ",") + member;
  return "{" + text + "}";
}

// All places of one length, so that lines break alike.
void same_places(ImageSpec& spec) {
  const auto set = [](auto& located) { located.where = {"r.yaml", 1, 1, {}}; };
  for (auto& pool : spec.pools) {
    for (auto& gpu : pool.gpus) set(gpu);
    if (pool.driver) set(*pool.driver);
    pool.where = {};
  }
  for (auto* list : {&spec.torch.include, &spec.capabilities}) {
    for (auto& value : *list) set(value);
  }
  set(spec.base);
  set(spec.python);
  set(spec.variant);
  set(spec.torch.version);
  set(spec.torch.cuda);
  for (auto& library : spec.torch.libraries) set(library.version);
}

std::string joined(const std::vector<std::string>& lines, const char* between) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : between) + line;
  return text;
}

TEST(SameBytes, ForAnyOrderOfKeysAndRowsOfTheData) {
  Dice dice(3);
  auto data = testing::shipped_data();
  std::vector<ImageSpec> specs;
  for (int i = 0; i < 15; ++i) specs.push_back(testing::small_recipe(dice).spec());
  const compat::Knowledge first = compat::embedded();
  for (int round = 0; round < 2; ++round) {
    for (auto* rows : {&data["pytorch.json"]["releases"], &data["bases.json"]["bases"], &data["gpus.json"]["gpus"],
                       &data["cuda.json"]["architectures"], &data["cuda.json"]["toolkits"],
                       &data["drivers.json"]["branches"], &data["drivers.json"]["forward_compat"]}) {
      dice.shuffle(*rows);
    }
    for (auto& release : data["pytorch.json"]["releases"]) dice.shuffle(release["builds"]);
    std::vector<compat::DataFile> files;
    for (const auto& [name, value] : data) files.push_back({name, shuffled(value, dice)});
    const compat::Knowledge other = compat::parse_knowledge(files);
    for (const auto& spec : specs) ASSERT_EQ(explain(resolve(spec, first)), explain(resolve(spec, other)));
  }
}

TEST(SameBytes, ForAnyOrderOfKeysOfTheRecipe) {
  Dice dice(5);
  std::vector<std::string> top = {"schema: envforge/recipe/v1",
                                  "image: test",
                                  "target: [@]",
                                  "base: debian:13",
                                  "python: \"3.11\"",
                                  "torch: {@}",
                                  "capabilities: [torch_compile]",
                                  "platforms: [linux/amd64, linux/arm64]"};
  std::vector<std::string> pool = {"name: old", "gpus: [V100, RTX 5090]", "driver: \"535.183.06\""};
  std::vector<std::string> torch = {"version: \">=2.9\"", "cuda: \"12.1\"",  "include: [torchvision, torchaudio]",
                                    "cudnn: \"9.1\"",     "triton: \">=3\"", "nccl: 2.21"};
  std::string first;
  for (int round = 0; round < 12; ++round) {
    std::string text;
    for (const auto& line : top) {
      const auto at = line.find('@');
      const std::string inner = line[0] == 't' && line[1] == 'a' ? "{" + joined(pool, ", ") + "}" : joined(torch, ", ");
      text += (at == std::string::npos ? line : line.substr(0, at) + inner + line.substr(at + 1)) + "\n";
    }
    ImageSpec spec = documents::read_recipe(text, "r.yaml").spec;
    same_places(spec);
    const std::string answer = explain(resolve(spec, compat::embedded()));
    if (first.empty()) first = answer;
    ASSERT_EQ(first, answer) << text;
    for (auto* list : {&top, &pool, &torch}) dice.shuffle(*list);
  }
}

}  // namespace
}  // namespace envforge::resolve
