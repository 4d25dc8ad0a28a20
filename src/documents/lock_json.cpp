#include "lock_json.hpp"

#include <nlohmann/json.hpp>

#include <envforge/support/canonical_json.hpp>
#include <envforge/support/sha256.hpp>

#include "spec_json.hpp"

namespace envforge::documents {
namespace {

using nlohmann::json;

// Its platform is the key that it stands under.
json archive_to_json(const PythonArchive& python) {
  return {{"version", python.version}, {"url", python.url}, {"sha256", python.sha256}, {"glibc", python.glibc}};
}

json debs_to_json(const std::vector<LockedDeb>& debs) {
  json out = json::array();
  for (const auto& deb : debs) {
    out.push_back({{"name", deb.name},
                   {"version", deb.version},
                   {"architecture", deb.architecture},
                   {"suite", deb.suite},
                   {"filename", deb.filename},
                   {"sha256", deb.sha256},
                   {"size", deb.size},
                   {"foundation", deb.foundation}});
  }
  return out;
}

json wheels_to_json(const std::vector<LockedWheel>& wheels) {
  json out = json::array();
  for (const auto& wheel : wheels) {
    json row = {{"name", wheel.name},     {"version", wheel.version}, {"filename", wheel.filename},
                {"sha256", wheel.sha256}, {"index", wheel.index},     {"size", wheel.size},
                {"heavy", wheel.heavy},   {"direct", wheel.direct}};
    // Left out of the others: the digests of older locks stay.
    if (wheel.toolkit) row["toolkit"] = true;
    out.push_back(std::move(row));
  }
  return out;
}

json builds_to_json(const std::vector<LockedBuild>& builds) {
  json out = json::array();
  for (const auto& build : builds) {
    json row = {{"name", build.name},
                {"source", build.source},
                {"index", build.index},
                {"filename", build.filename},
                {"sha256", build.sha256},
                {"needs", build.needs},
                {"architectures", build.architectures}};
    if (!build.environment.empty()) row["environment"] = build.environment;
    if (!build.required_by.empty()) row["required_by"] = build.required_by;
    out.push_back(std::move(row));
  }
  return out;
}

const char* kind_name(BaseKind kind) {
  switch (kind) {
    case BaseKind::kRegistry:
      return "registry";
    case BaseKind::kLocal:
      return "local";
    case BaseKind::kBootstrap:
      break;
  }
  return "bootstrap";
}

json platform_to_json(const LockedPlatform& platform) {
  json choices = json::array();
  for (const auto& choice : platform.choices) {
    choices.push_back({{"component", choice.component},
                       {"version", choice.version},
                       {"reason", choice.reason},
                       {"source", choice.source}});
  }
  json out = {{"base",
               {{"name", platform.base.name},
                {"kind", kind_name(platform.base.kind)},
                {"reference", platform.base.reference},
                {"digest", platform.base.digest},
                {"glibc", platform.base.glibc},
                {"debs", debs_to_json(platform.base.debs)}}},
              {"python", platform.python},
              {"torch", platform.torch},
              {"cuda_variant", platform.cuda_variant},
              {"cuda", platform.cuda},
              {"cudnn", platform.cudnn},
              {"nccl", platform.nccl},
              {"torch_index", platform.torch_index},
              {"require_cuda", platform.require_cuda},
              {"cxx11_abi", platform.cxx11_abi},
              {"cxx_standard", platform.cxx_standard},
              {"gpu_architectures", platform.gpu_architectures},
              {"choices", choices},
              {"wheels", wheels_to_json(platform.wheels)},
              {"tools", wheels_to_json(platform.tools)},
              {"debs", debs_to_json(platform.debs)},
              {"builder_debs", debs_to_json(platform.builder_debs)}};
  // Left out when empty: the digests of older locks stay.
  if (!platform.builds.empty()) out["builds"] = builds_to_json(platform.builds);
  if (platform.python_archive) out["python_archive"] = archive_to_json(*platform.python_archive);
  if (!platform.build_wheels.empty()) out["build_wheels"] = wheels_to_json(platform.build_wheels);
  return out;
}

}  // namespace

json lock_to_json(const Lock& lock) {
  json platforms = json::object();
  for (const auto& [name, platform] : lock.platforms) platforms[name] = platform_to_json(platform);
  json out = {{"schema", "envforge/lock"},
              {"schema_version", kLockSchemaVersion},
              {"data", {{"digest", lock.data_digest}, {"as_of", lock.data_as_of}}},
              {"exclude_newer", lock.exclude_newer},
              {"spec", spec_to_json(lock.spec)},
              {"platforms", platforms}};
  // Left out when empty: the digests of older locks stay.
  if (!lock.exclude_newer_of.empty()) out["exclude_newer_of"] = lock.exclude_newer_of;
  return out;
}

std::string digest_of(const json& value) {
  return "sha256:" + support::sha256_hex(support::canonical_json(value));
}

std::string spec_digest(const ImageSpec& spec) {
  return digest_of(spec_to_json(spec));
}

std::string lock_digest(const Lock& lock) {
  return digest_of(lock_to_json(lock));
}

std::string write_lock(const Lock& lock) {
  json document = lock_to_json(lock);
  document["digest"] = digest_of(document);
  return support::readable_json(document);
}

}  // namespace envforge::documents
