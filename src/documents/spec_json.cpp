#include "spec_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <envforge/support/text.hpp>
#include <envforge/versions/driver.hpp>

namespace envforge::documents {
namespace {

using nlohmann::json;
using support::JsonReader;

std::vector<std::string> values(const std::vector<Located<std::string>>& located) {
  std::vector<std::string> out;
  for (const auto& value : located) out.push_back(value.value);
  return out;
}

std::vector<Located<std::string>> located(const std::vector<std::string>& texts) {
  std::vector<Located<std::string>> out;
  for (const auto& text : texts) out.push_back({text, {}});
  return out;
}

Checked no_check(std::string_view) {
  return std::nullopt;
}

json pools_to_json(const std::vector<Pool>& pools) {
  json out = json::array();
  for (const auto& pool : pools) {
    json driver = nullptr;
    if (pool.driver) driver = versions::driver_text(pool.driver->value);
    json entry = {{"name", pool.name}, {"gpus", values(pool.gpus)}, {"driver", driver}};
    if (pool.forward_compat) entry["forward_compat"] = true;
    out.push_back(std::move(entry));
  }
  return out;
}

std::vector<Pool> pools_from_json(JsonReader& reader) {
  std::vector<Pool> pools;
  for (auto& element : reader.objects("pools")) {
    Pool pool;
    pool.name = checked_text(element, "name", check_pool_name);
    pool.gpus = located(checked_texts(element, "gpus", check_gpu));
    if (const auto driver = element.maybe_string("driver")) {
      pool.driver =
          Located<versions::Version>{versions::parse_driver(checked_text(element, "driver", check_driver)).value(), {}};
    }
    pool.forward_compat = element.boolean_or("forward_compat", false);
    if (pool.forward_compat && !pool.driver) element.fail("needs a driver", "forward_compat");
    element.finish();
    pools.push_back(std::move(pool));
  }
  return pools;
}

// Words that are not there are left out: the digests of older locks stay.
json torch_to_json(const TorchWish& torch) {
  json out = {{"version", torch.version.value.text()}, {"cuda", torch.cuda.value}, {"include", values(torch.include)}};
  for (const auto& library : torch.libraries) out[library.name] = library.version.value.text();
  return out;
}

TorchWish torch_from_json(JsonReader reader) {
  TorchWish torch;
  const std::string text = reader.string("version");
  const auto range = versions::VersionRange::parse(text);
  if (!range) reader.fail("'" + support::printable(text) + "' is no range of versions", "version");
  torch.version.value = *range;
  torch.cuda.value = checked_text(reader, "cuda", check_cuda);
  torch.include = located(checked_texts(reader, "include", check_python_name));
  for (const std::string& name : torch_libraries()) {
    const auto library = reader.maybe_string(name);
    const auto versions = library ? versions::VersionRange::parse_prefix(*library) : std::nullopt;
    if (library && !versions) reader.fail("'" + support::printable(*library) + "' is no range of versions", name);
    if (versions) torch.libraries.push_back({name, {*versions, {}}});
  }
  reader.finish();
  return torch;
}

json packages_to_json(const ImageSpec& spec) {
  json out = {{"apt", values(spec.apt)}, {"pip", values(spec.pip)}, {"exclude_newer", spec.exclude_newer}};
  for (const auto& wish : spec.build) {
    // Left out when there is none: the digests of older locks stay.
    json row = {{"source", wish.source.value}, {"needs", wish.needs}};
    if (wish.pools) row["pools"] = *wish.pools;
    if (!wish.environment.empty()) row["environment"] = wish.environment;
    out["build"].push_back(std::move(row));
  }
  return out;
}

std::vector<BuildWish> build_from_json(JsonReader& reader) {
  std::vector<BuildWish> out;
  for (auto& element : reader.objects("build")) {
    BuildWish wish;
    wish.source.value = checked_text(element, "source", check_build_source);
    wish.needs = checked_texts(element, "needs", check_build_need);
    if (element.has("pools")) wish.pools = checked_texts(element, "pools", check_pool_name);
    if (element.has("environment"))
      wish.environment = checked_variables(element.object("environment"), check_build_variable_name);
    element.finish();
    out.push_back(std::move(wish));
  }
  return out;
}

void packages_from_json(JsonReader reader, ImageSpec& spec) {
  spec.apt = located(checked_texts(reader, "apt", check_apt));
  spec.pip = located(checked_texts(reader, "pip", check_requirement));
  if (reader.has("build")) spec.build = build_from_json(reader);
  spec.exclude_newer = reader.string("exclude_newer");
  if (!spec.exclude_newer.empty()) checked_text(reader, "exclude_newer", check_exclude_newer);
  reader.finish();
}

void user_from_json(JsonReader reader, ImageSpec& spec) {
  spec.user_name = checked_text(reader, "name", check_user_name);
  const std::int64_t uid = reader.integer("uid");
  if (const auto refused = check_uid(uid)) reader.fail(refused->message, "uid");
  spec.uid = static_cast<unsigned>(uid);
  reader.finish();
}

void services_from_json(JsonReader reader, ImageSpec& spec) {
  std::vector<std::string> names;
  reader.members([&](const std::string& name, const json&) { names.push_back(name); });
  for (const auto& name : names) {
    if (name != "jupyter" && name != "ssh") reader.fail("the service is not known; expected jupyter or ssh", name);
    JsonReader service = reader.object(name);
    const std::int64_t port = service.integer("port");
    if (const auto refused = check_port(port)) service.fail(refused->message, "port");
    service.finish();
    spec.services[name].port = static_cast<int>(port);
  }
}

std::vector<CopyItem> copy_from_json(JsonReader& reader) {
  std::vector<CopyItem> out;
  for (auto& element : reader.objects("copy")) {
    const auto from = [](std::string_view path) { return check_relative_path(path, "from"); };
    const auto to = [](std::string_view path) { return check_image_path(path, "to"); };
    out.push_back({checked_text(element, "from", from), checked_text(element, "to", to)});
    element.finish();
  }
  return out;
}

}  // namespace

std::string checked_text(JsonReader& reader, const std::string& key, Checked (*check)(std::string_view)) {
  const std::string text = reader.string(key);
  if (const auto refused = check(text)) reader.fail(refused->message, key);
  return text;
}

std::vector<std::string> checked_texts(JsonReader& reader, const std::string& key, Checked (*check)(std::string_view)) {
  auto texts = reader.strings(key);
  for (const auto& text : texts) {
    if (const auto refused = check(text)) reader.fail(refused->message, key);
  }
  return texts;
}

std::map<std::string, std::string> checked_variables(JsonReader reader, Checked (*check_name)(std::string_view)) {
  std::map<std::string, std::string> out;
  reader.members([&](const std::string& name, const json& value) {
    if (!value.is_string()) reader.fail("expected a string", name);
    auto refused = check_name(name);
    if (!refused) refused = check_variable_value(value.get<std::string>());
    if (refused) reader.fail(refused->message, name);
    out[name] = value.get<std::string>();
  });
  return out;
}

std::string one_of(JsonReader& reader, const std::string& key, const std::vector<std::string>& words) {
  const std::string text = reader.string(key);
  if (std::find(words.begin(), words.end(), text) == words.end()) {
    reader.fail("'" + support::printable(text) + "': expected one of " + support::join(words, ", "), key);
  }
  return text;
}

json spec_to_json(const ImageSpec& spec) {
  json copy = json::array();
  for (const auto& item : spec.copy) copy.push_back({{"from", item.from}, {"to", item.to}});
  json services = json::object();
  for (const auto& [name, service] : spec.services) services[name] = {{"port", service.port}};
  return {
      {"image", spec.image},
      {"pools", pools_to_json(spec.pools)},
      {"platforms", spec.platforms},
      {"base", spec.base.value},
      {"python", spec.python.value},
      {"torch", torch_to_json(spec.torch)},
      {"variant", spec.variant.value},
      {"capabilities", values(spec.capabilities)},
      {"packages", packages_to_json(spec)},
      {"user", {{"name", spec.user_name}, {"uid", spec.uid}}},
      {"environment", spec.environment},
      {"workdir", spec.workdir},
      {"copy", copy},
      {"command", spec.command},
      {"services", services},
  };
}

ImageSpec spec_from_json(JsonReader reader) {
  ImageSpec spec;
  spec.image = checked_text(reader, "image", check_image_name);
  spec.pools = pools_from_json(reader);
  for (const auto& platform : checked_texts(reader, "platforms", no_check)) {
    if (platform != "linux/amd64" && platform != "linux/arm64")
      reader.fail("'" + support::printable(platform) + "': expected linux/amd64 or linux/arm64", "platforms");
    spec.platforms.push_back(platform);
  }
  spec.base.value = checked_text(reader, "base", check_base);
  spec.python.value = checked_text(reader, "python", check_python);
  spec.torch = torch_from_json(reader.object("torch"));
  spec.variant.value = one_of(reader, "variant", {"runtime", "devel"});
  spec.capabilities = located(checked_texts(reader, "capabilities", check_check_id));
  packages_from_json(reader.object("packages"), spec);
  user_from_json(reader.object("user"), spec);
  spec.environment = checked_variables(reader.object("environment"), check_variable_name);
  const auto workdir = [](std::string_view path) { return check_image_path(path, "workdir"); };
  spec.workdir = checked_text(reader, "workdir", workdir);
  spec.copy = copy_from_json(reader);
  for (const auto& argument : reader.strings("command")) {
    if (const auto refused = check_argument(argument, spec.command.empty())) reader.fail(refused->message, "command");
    spec.command.push_back(argument);
  }
  services_from_json(reader.object("services"), spec);
  reader.finish();
  return spec;
}

}  // namespace envforge::documents
