#include <envforge/support/text.hpp>
#include <envforge/versions/driver.hpp>

#include "recipe_parts.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;

constexpr const char* kPoolExample = "target: [{name: ampere, gpus: A100, driver: \"550.90.07\"}]";

std::vector<Located<std::string>> read_gpus(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) {
    accept(check_gpu(text_of(node, "gpus")), node.where);
    return {{node.text, node.where}};
  }
  auto gpus = texts_of(node, "gpus", check_gpu);
  if (gpus.empty())
    throw Error(ErrorCode::kWrongValue, "gpus is an empty list; expected at least one GPU", node.where,
                "such as `gpus: [H100, H200]`");
  return gpus;
}

Pool read_pool(const YamlNode& node) {
  const YamlMap map(node, "a pool", {"name", "gpus", "driver", "forward_compat"});
  Pool pool;
  pool.where = node.where;
  const YamlNode& name = map.need("name", "name: ampere");
  pool.name = text_of(name, "name");
  accept(check_pool_name(pool.name), name.where);
  pool.gpus = read_gpus(map.need("gpus", "gpus: A100"));
  if (const YamlNode* driver = map.find("driver")) {
    accept(check_driver(text_of(*driver, "driver")), driver->where);
    pool.driver = Located<versions::Version>{versions::parse_driver(driver->text).value(), driver->where};
  }
  if (const YamlNode* forward = map.find("forward_compat")) {
    pool.forward_compat = truth_of(*forward, "forward_compat");
    if (!pool.driver)
      throw Error(ErrorCode::kMissingKey, "forward_compat is about a driver, and the pool states none", forward->where,
                  "add the version that nvidia-smi prints, such as `driver: \"535.183.06\"`");
  }
  return pool;
}

std::vector<Pool> read_pools(const YamlNode& node, const std::string& what) {
  constexpr std::size_t kMost = 64;
  std::vector<Pool> pools;
  for (const auto& item : list_of(node, what)) {
    Pool pool = read_pool(item);
    for (const auto& other : pools) {
      if (other.name != pool.name) continue;
      throw Error(ErrorCode::kWrongValue,
                  "two pools are named '" + pool.name + "'; first on line " + std::to_string(other.where.line),
                  pool.where, "give each pool a name of its own");
    }
    pools.push_back(std::move(pool));
  }
  if (pools.empty())
    throw Error(ErrorCode::kWrongValue, what + " is an empty list; expected at least one pool", node.where,
                std::string("such as `") + kPoolExample + "`");
  if (pools.size() > kMost)
    throw Error(ErrorCode::kDocumentLimit, std::to_string(pools.size()) + " pools; expected at most 64", node.where);
  return pools;
}

}  // namespace

Companion load_companion(const FleetLoader& load, CompanionKind kind, const std::string& name,
                         const support::Where& where) {
  if (!load)
    throw Error(ErrorCode::kCompanionFile, "the recipe names the file '" + name + "', and no file can be read here",
                where);
  try {
    return load(kind, name);
  } catch (const Error& error) {
    throw Error(ErrorCode::kCompanionFile, error.message(), where, error.hint());
  }
}

std::vector<Pool> read_target(const YamlNode& node, const FleetLoader& load) {
  if (node.kind != YamlNode::Kind::kScalar) return read_pools(node, "target");
  const std::string& name = text_of(node, "target");
  if (name == "site") {
    const Companion fleet = load_companion(load, CompanionKind::kSiteFleet, "", node.where);
    return read_fleet(fleet.text, fleet.file);
  }
  accept(check_relative_path(name, "target"), node.where);
  if (!support::ends_with(name, ".yaml") && !support::ends_with(name, ".yml")) {
    throw Error(ErrorCode::kWrongValue,
                "target '" + name + "': expected a list of pools, the name of a fleet file (.yaml), or the word site",
                node.where, std::string("such as `") + kPoolExample + "`");
  }
  const Companion fleet = load_companion(load, CompanionKind::kFleet, name, node.where);
  return read_fleet(fleet.text, fleet.file);
}

std::vector<Pool> read_fleet(const std::string& yaml_text, const std::string& file) {
  const YamlNode root = parse_yaml(yaml_text, file);
  require_schema(root, "envforge/fleet/v1", file);
  const YamlMap map(root, "the fleet file", {"schema", "pools"});
  return read_pools(map.need("pools", "pools: [{name: ampere, gpus: A100}]"), "pools");
}

}  // namespace envforge::documents
