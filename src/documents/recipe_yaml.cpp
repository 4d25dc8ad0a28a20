#include <envforge/documents/recipe_yaml.hpp>

#include <envforge/support/text.hpp>

#include "recipe_parts.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;

const std::vector<std::string>& top_words() {
  static const std::vector<std::string> words{"schema",   "image",       "target",  "platforms",    "base",
                                              "python",   "torch",       "variant", "capabilities", "packages",
                                              "user",     "environment", "workdir", "copy",         "command",
                                              "services", "run",         "size",    "tags",         "verify"};
  return words;
}

Located<std::string> located(const YamlNode& node, const std::string& what, Checked (*check)(std::string_view)) {
  const std::string& text = text_of(node, what);
  accept(check(text), node.where);
  return {text, node.where};
}

std::vector<Located<std::string>> words_of(const YamlNode& node, const std::string& what,
                                           const std::vector<std::string>& words) {
  auto found = texts_of(node, what, [](std::string_view) -> Checked { return std::nullopt; });
  for (const auto& item : node.items) word_of(item, "an entry of " + what, words);
  return found;
}

versions::VersionRange read_range(const YamlNode& node) {
  const std::string& text = text_of(node, "torch");
  if (text == "auto") return {};  // any: the newest that fits, or what a package pins
  auto range = versions::VersionRange::parse(text);
  if (!range) {
    throw Error(ErrorCode::kWrongValue,
                "torch '" + support::printable(text.substr(0, 80)) + "': expected a version or a range of versions",
                node.where, "such as \"2.6\", \"2.6.*\", \">=2.6,<2.8\" or \"==2.6.0\"");
  }
  return *range;
}

std::vector<LibraryWish> read_libraries(const YamlMap& torch) {
  std::vector<LibraryWish> out;
  for (const std::string& name : torch_libraries()) {
    const YamlNode* node = torch.find(name);
    if (node == nullptr) continue;
    const std::string& text = text_of(*node, name);
    const auto range = versions::VersionRange::parse_prefix(text);
    if (!range) {
      throw Error(ErrorCode::kWrongValue,
                  name + " '" + support::printable(text.substr(0, 80)) + "': expected a version or a range of versions",
                  node->where, "such as \"9.10\" for every one that begins so, or \">=9.10,<9.14\"");
    }
    out.push_back({name, {*range, node->where}});
  }
  return out;
}

TorchWish read_torch(const YamlNode& node) {
  TorchWish torch;
  torch.cuda.value = "auto";
  if (node.kind == YamlNode::Kind::kScalar) {
    torch.version = {read_range(node), node.where};
    return torch;
  }
  if (node.kind != YamlNode::Kind::kMap) {
    throw Error(ErrorCode::kWrongType, "torch: found " + node.kind_name() + ", expected a version or a mapping",
                node.where, "such as `torch: \"2.6\"` or `torch: {version: \"2.6.*\", cuda: auto}`");
  }
  std::vector<std::string> words = {"version", "cuda", "include"};
  words.insert(words.end(), torch_libraries().begin(), torch_libraries().end());
  const YamlMap map(node, "'torch'", words);
  const YamlNode& version = map.need("version", "torch: {version: \"2.6.*\"}");
  torch.version = {read_range(version), version.where};
  if (const YamlNode* cuda = map.find("cuda")) torch.cuda = located(*cuda, "cuda", check_cuda);
  if (const YamlNode* include = map.find("include"))
    torch.include = words_of(*include, "include", {"torchvision", "torchaudio"});
  torch.libraries = read_libraries(map);
  return torch;
}

std::vector<std::string> read_platforms(const YamlNode& node) {
  std::vector<std::string> out;
  for (const auto& platform : words_of(node, "platforms", {"linux/amd64", "linux/arm64"}))
    out.push_back(platform.value);
  if (out.empty())
    throw Error(ErrorCode::kWrongValue, "platforms is an empty list; expected at least one", node.where,
                "such as `platforms: [linux/amd64]`");
  return out;
}

void read_user(const YamlNode& node, ImageSpec& spec) {
  const YamlMap map(node, "'user'", {"name", "uid"});
  if (const YamlNode* name = map.find("name")) {
    spec.user_name = text_of(*name, "name");
    accept(check_user_name(spec.user_name), name->where);
  }
  if (const YamlNode* uid = map.find("uid")) {
    const std::int64_t value = integer_of(*uid, "uid");
    accept(check_uid(value), uid->where);
    spec.uid = static_cast<unsigned>(value);
  }
}

std::vector<CopyItem> read_copy(const YamlNode& node) {
  std::vector<CopyItem> out;
  for (const auto& item : list_of(node, "copy")) {
    const YamlMap map(item, "an entry of 'copy'", {"from", "to"});
    const YamlNode& from = map.need("from", "{from: src, to: /workspace}");
    const YamlNode& to = map.need("to", "{from: src, to: /workspace}");
    accept(check_relative_path(text_of(from, "from"), "copy.from"), from.where);
    accept(check_image_path(text_of(to, "to"), "copy.to"), to.where);
    out.push_back({from.text, to.text});
  }
  return out;
}

std::vector<std::string> read_command(const YamlNode& node) {
  std::vector<std::string> out;
  for (const auto& item : list_of(node, "command")) {
    const std::string& argument = scalar_of(item, "an entry of command");
    accept(check_argument(argument, out.empty()), item.where);
    out.push_back(argument);
  }
  if (out.empty())
    throw Error(ErrorCode::kWrongValue, "command is an empty list; expected a program and its arguments", node.where,
                "such as `command: [python, train.py]`, or leave the key out");
  return out;
}

std::map<std::string, Service> read_services(const YamlNode& node) {
  const YamlMap map(node, "'services'", {"jupyter", "ssh"});
  std::map<std::string, Service> out;
  const auto read = [&](const std::string& name, int usual) {
    const YamlNode* service = map.find(name);
    if (service == nullptr) return;
    const YamlMap words(*service, "'" + name + "'", {"port"});
    out[name].port = usual;
    const YamlNode* port = words.find("port");
    if (port == nullptr) return;
    const std::int64_t value = integer_of(*port, "port");
    accept(check_port(value), port->where);
    out[name].port = static_cast<int>(value);
  };
  read("jupyter", 8888);
  read("ssh", 2222);
  if (out.size() == 2 && out["jupyter"].port == out["ssh"].port) {
    throw Error(ErrorCode::kWrongValue, "jupyter and ssh have the same port " + std::to_string(out["ssh"].port),
                node.where, "give each service a port of its own");
  }
  return out;
}

void read_image_part(const YamlMap& map, const FleetLoader& load, Recipe& recipe) {
  ImageSpec& spec = recipe.spec;
  spec.image = located(map.need("image", "image: pytorch-cuda"), "image", check_image_name).value;
  spec.torch = read_torch(map.need("torch", "torch: \"2.6\""));
  spec.platforms = {"linux/amd64"};
  if (const YamlNode* node = map.find("platforms")) spec.platforms = read_platforms(*node);
  spec.base = {"debian:12", {}};
  if (const YamlNode* node = map.find("base")) spec.base = located(*node, "base", check_base);
  spec.python = {"auto", {}};
  if (const YamlNode* node = map.find("python")) spec.python = located(*node, "python", check_python);
  if (const YamlNode* node = map.find("variant"))
    spec.variant = {word_of(*node, "variant", {"runtime", "devel"}), node->where};
  if (const YamlNode* node = map.find("capabilities"))
    spec.capabilities = words_of(*node, "capabilities", {"torch_compile"});
  if (const YamlNode* node = map.find("user")) read_user(*node, spec);
  if (const YamlNode* node = map.find("environment")) spec.environment = read_variables(*node, check_variable_name);
  if (const YamlNode* node = map.find("workdir")) {
    spec.workdir = text_of(*node, "workdir");
    accept(check_image_path(spec.workdir, "workdir"), node->where);
  }
  if (const YamlNode* node = map.find("copy")) spec.copy = read_copy(*node);
  if (const YamlNode* node = map.find("command")) spec.command = read_command(*node);
  if (const YamlNode* node = map.find("services")) spec.services = read_services(*node);
  spec.pools = read_target(map.need("target", "target: [{name: ampere, gpus: A100, driver: \"550.90.07\"}]"), load);
  if (const YamlNode* node = map.find("packages")) read_packages(*node, load, recipe);
}

}  // namespace

const std::vector<std::string>& torch_libraries() {
  static const std::vector<std::string> names{"cudnn", "nccl", "cublas", "triton"};
  return names;
}

Recipe read_recipe(const std::string& yaml_text, const std::string& file, const FleetLoader& load) {
  const YamlNode root = parse_yaml(yaml_text, file);
  require_schema(root, "envforge/recipe/v1", file);
  const YamlMap map(root, "the recipe", top_words());
  Recipe recipe;
  recipe.file = file;
  read_image_part(map, load, recipe);
  if (const YamlNode* node = map.find("tags")) recipe.tags = read_tags(*node);
  if (const YamlNode* node = map.find("size")) {
    const YamlMap size(*node, "'size'", {"max"});
    recipe.max_size_bytes = read_bytes(size.need("max", "size: {max: 6.5GB}"), "max");
  }
  if (const YamlNode* node = map.find("run")) recipe.run = read_run(*node);
  if (const YamlNode* node = map.find("verify")) recipe.verify = read_verify(*node);
  return recipe;
}

}  // namespace envforge::documents
