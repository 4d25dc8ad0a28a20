#include <envforge/documents/site_config.hpp>

#include <algorithm>
#include <filesystem>

#include <envforge/versions/package_name.hpp>

#include "site_settings.hpp"
#include "yaml_map.hpp"

namespace envforge::documents {
namespace {

using Check = Checked (*)(std::string_view);

Checked deb_mirror(std::string_view text) {
  return check_mirror_url(text, "mirror");
}

Located<std::string> text(const YamlNode& node, const std::string& what, Check check) {
  const std::string& value = text_of(node, what);
  accept(check(value), node.where);
  return {value, node.where};
}

// A mapping whose keys are data: each passes `key_check`, then `each(key, value)`.
template <class Each>
void each_of(const YamlNode& node, const std::string& what, Check key_check, Each each) {
  map_of(node, what);
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    accept(key_check(node.keys[i].text), node.keys[i].where);
    each(node.keys[i].text, node.items[i]);
  }
}

void read_bases(const YamlNode& node, SiteConfig& config) {
  each_of(node, "bases", check_base, [&](const std::string& base, const YamlNode& value) {
    const YamlMap map(value, "'" + base + "'", {"image", "builder"});
    config.bases[base].image = text(map.need("image", "image: local/debian:12"), "image", check_image_reference);
    if (const YamlNode* builder = map.find("builder"))
      config.bases[base].builder = text(*builder, "builder", check_image_reference);
  });
}

void read_deb_mirrors(const YamlNode& node, SiteConfig& config) {
  const YamlMap distributions(node, "'deb_mirrors'", {"debian", "ubuntu"});
  for (const char* name : {"debian", "ubuntu"}) {
    const YamlNode* value = distributions.find(name);
    if (value == nullptr) continue;
    const YamlMap map(*value, std::string("'") + name + "'", {"mirror", "security"});
    config.deb_mirrors[name].mirror =
        text(map.need("mirror", "mirror: https://mirror.example.com/debian"), "mirror", deb_mirror);
    if (const YamlNode* security = map.find("security"))
      config.deb_mirrors[name].security = text(*security, "security", deb_mirror);
  }
}

void read_indexes(const YamlNode& node, SiteConfig& config) {
  std::map<std::string, std::string> owner;  // package -> index
  each_of(node, "indexes", check_pool_name, [&](const std::string& name, const YamlNode& value) {
    const YamlMap map(value, "'" + name + "'", {"url", "packages", "credentials"});
    SiteIndex index;
    const auto url = [](std::string_view address) { return check_url(address, "url"); };
    const auto file = [](std::string_view path) { return check_host_path(path, "credentials"); };
    index.url = text(map.need("url", "url: https://wheels.example.com/simple"), "url", url);
    if (const YamlNode* credentials = map.find("credentials"))
      index.credentials = text(*credentials, "credentials", file);
    for (const auto& package : texts_of(map.need("packages", "packages: [our-lib]"), "packages", check_python_name)) {
      const std::string normal = versions::normal_name(package.value);
      const auto [known, fresh] = owner.emplace(normal, name);
      if (!fresh) {
        throw support::Error(support::ErrorCode::kWrongValue,
                             "'" + normal + "' stands in the index '" + known->second + "' and in '" + name + "'",
                             package.where, "a package comes from one index: leave it out of the other");
      }
      index.packages.push_back(normal);
    }
    config.indexes[name] = std::move(index);
  });
}

// An https address, or a file: absolute, or in or below the configuration's own folder.
std::string python_place(const YamlNode& node, const std::string& file) {
  const std::string& value = text_of(node, "url");
  if (has_address({"", "", value, "", ""})) {
    accept(check_url(value, "url"), node.where);
    return value;
  }
  const std::filesystem::path path = std::filesystem::path(file).parent_path() / value;
  accept(value.front() == '/' ? check_host_path(value, "url") : check_relative_path(value, "url"), node.where);
  accept(check_relative_path(path.filename().string(), "url"), node.where);  // a lock names the file
  return path.lexically_normal().string();
}

void read_pythons(const YamlNode& node, const std::string& file, SiteConfig& config) {
  for (const YamlNode& item : list_of(node, "pythons")) {
    const YamlMap map(item, "an entry of 'pythons'", {"version", "platform", "url", "sha256", "glibc"});
    const auto sha256 = [](std::string_view digest) { return check_sha256(digest, false); };
    PythonArchive python;
    python.version = text(map.need("version", "version: \"3.12.7\""), "version", check_python_release).value;
    python.platform =
        word_of(map.need("platform", "platform: linux/amd64"), "platform", {"linux/amd64", "linux/arm64"});
    python.url = python_place(map.need("url", "url: https://mirror.example.com/cpython-3.12.7.tar.gz"), file);
    python.sha256 = text(map.need("sha256", "sha256: 0123...cdef"), "sha256", sha256).value;
    python.glibc = text(map.need("glibc", "glibc: \"2.17\""), "glibc", check_glibc).value;
    const auto same = [&](const auto& other) {
      return other.value.version == python.version && other.value.platform == python.platform;
    };
    if (std::any_of(config.pythons.begin(), config.pythons.end(), same))
      throw support::Error(support::ErrorCode::kWrongValue,
                           "Python " + python.version + " for " + python.platform + " stands twice under 'pythons'",
                           item.where, "leave one of the two out");
    config.pythons.push_back({std::move(python), item.where});
  }
}

}  // namespace

SiteConfig read_site_config(const std::string& yaml_text, const std::string& file) {
  const YamlNode root = parse_yaml(yaml_text, file);
  require_schema(root, "envforge/config/v1", file);
  std::vector<std::string> words{"schema"};
  for (const auto& row : setting_rows()) words.emplace_back(row.word);
  for (const char* word : {"registry", "bases", "deb_mirrors", "indexes", "pythons"}) words.emplace_back(word);
  const YamlMap map(root, "the configuration", words);
  SiteConfig config;
  for (const auto& row : setting_rows()) {
    if (const YamlNode* node = map.find(row.word)) config.*row.member = text(*node, row.word, row.check);
  }
  if (const YamlNode* node = map.find("registry")) {
    each_of(*node, "registry", check_base, [&](const std::string& base, const YamlNode& value) {
      config.registry[base] = text(value, "'" + base + "'", check_image_reference);
    });
  }
  if (const YamlNode* node = map.find("bases")) read_bases(*node, config);
  if (const YamlNode* node = map.find("deb_mirrors")) read_deb_mirrors(*node, config);
  if (const YamlNode* node = map.find("indexes")) read_indexes(*node, config);
  if (const YamlNode* node = map.find("pythons")) read_pythons(*node, file, config);
  return config;
}

}  // namespace envforge::documents
