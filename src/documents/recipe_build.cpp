#include <algorithm>
#include <set>

#include <envforge/documents/source_package.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

#include "recipe_parts.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;

std::vector<std::string> read_pools(const YamlNode& node, const std::vector<Pool>& known) {
  std::vector<std::string> names;
  for (const auto& pool : known) names.push_back(pool.name);
  std::vector<std::string> out;
  for (const auto& item : list_of(node, "pools")) {
    const std::string& name = text_of(item, "an entry of pools");
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(
          ErrorCode::kWrongValue,
          "the target has no pool '" + support::printable(name) + "'; expected one of " + support::join(names, ", "),
          item.where, support::did_you_mean(name, names));
    }
    out.push_back(name);
  }
  return out;
}

BuildWish read_wish(const YamlNode& item, const std::vector<Pool>& pools) {
  BuildWish wish;
  if (item.kind != YamlNode::Kind::kMap) {
    wish.source = {text_of(item, "an entry of build"), item.where};
  } else {
    const YamlMap map(item, "an entry of 'build'", {"source", "pools", "needs", "environment"});
    const YamlNode& source = map.need("source", "{source: flash-attn==2.8.3, pools: [hopper]}");
    wish.source = {text_of(source, "source"), source.where};
    if (const YamlNode* node = map.find("pools")) wish.pools = read_pools(*node, pools);
    if (const YamlNode* node = map.find("needs")) {
      for (const auto& need : texts_of(*node, "needs", check_build_need)) wish.needs.push_back(need.value);
    }
    if (const YamlNode* node = map.find("environment"))
      wish.environment = read_variables(*node, check_build_variable_name);
  }
  accept(check_build_source(wish.source.value), wish.source.where);
  return wish;
}

}  // namespace

std::map<std::string, std::string> read_variables(const YamlNode& node, Checked (*check_name)(std::string_view)) {
  map_of(node, "environment");
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const YamlNode& key = node.keys[i];
    accept(check_name(key.text), key.where);
    const std::string& value = scalar_of(node.items[i], "environment '" + key.text + "'");
    accept(check_variable_value(value), node.items[i].where);
    out[key.text] = value;
  }
  return out;
}

std::vector<BuildWish> read_build(const YamlNode& node, const std::vector<Pool>& pools) {
  std::vector<BuildWish> out;
  for (const auto& item : list_of(node, "build")) out.push_back(read_wish(item, pools));
  return out;
}

namespace {

// Depth first: a build is put behind all that it needs.
class BuildOrder {
 public:
  explicit BuildOrder(const std::vector<BuildWish>& builds) : builds_(builds), states_(builds.size(), State::kNew) {}

  std::vector<BuildWish> make() {
    for (std::size_t i = 0; i < builds_.size(); ++i) visit(i);
    return std::move(out_);
  }

 private:
  enum class State { kNew, kOpen, kDone };

  std::string name(std::size_t i) const { return parse_source(builds_[i].source.value).name; }

  void visit(std::size_t i) {
    if (states_[i] == State::kDone) return;
    if (states_[i] == State::kOpen) refuse(i);
    states_[i] = State::kOpen;
    path_.push_back(i);
    for (const auto& need : builds_[i].needs) {
      for (std::size_t other = 0; other < builds_.size(); ++other) {
        if (name(other) == versions::requirement_name(need)) visit(other);
      }
    }
    path_.pop_back();
    states_[i] = State::kDone;
    out_.push_back(builds_[i]);
  }

  [[noreturn]] void refuse(std::size_t i) const {
    std::string text = "the build of " + name(i);
    for (auto at = std::find(path_.begin(), path_.end(), i) + 1; at != path_.end(); ++at)
      text += " needs " + name(*at) + ", whose build";
    throw Error(
        ErrorCode::kWrongValue, text + " needs " + name(i) + ": none of them can be built first",
        builds_[i].source.where,
        "leave one of the `needs` out, or bring one of the wheels along (--wheels) and name it under packages.pip");
  }

  const std::vector<BuildWish>& builds_;
  std::vector<State> states_;
  std::vector<std::size_t> path_;
  std::vector<BuildWish> out_;
};

}  // namespace

std::vector<BuildWish> in_build_order(const std::vector<BuildWish>& builds) {
  return BuildOrder(builds).make();
}

void check_built_once(const ImageSpec& spec) {
  in_build_order(spec.build);
  std::set<std::string> seen;
  const auto once = [&](const std::string& name, const support::Where& where) {
    if (seen.insert(name).second) return;
    throw Error(ErrorCode::kDuplicateKey, "'" + name + "' is asked for twice, and one of them is to be built", where,
                "name it under packages.build alone");
  };
  for (const auto& wish : spec.build) once(parse_source(wish.source.value).name, wish.source.where);
  for (const auto& requirement : spec.pip) {
    if (is_git_requirement(requirement.value)) once(versions::requirement_name(requirement.value), requirement.where);
  }
  const std::set<std::string> built = seen;
  for (const auto& requirement : spec.pip) {
    const std::string name = versions::requirement_name(requirement.value);
    if (!is_git_requirement(requirement.value) && built.count(name) > 0) once(name, requirement.where);
  }
}

}  // namespace envforge::documents
