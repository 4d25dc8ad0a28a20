#include <envforge/documents/site_config.hpp>

#include <algorithm>

#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

#include "site_settings.hpp"
#include "text_safety.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;
using support::Where;

Checked index_url(std::string_view text) {
  return check_index_url(text, "index");
}
Checked ca_path(std::string_view text) {
  return check_host_path(text, "ca_bundle");
}
Checked folder(std::string_view text) {
  return check_host_path(text, "folder");
}
Checked credentials_path(std::string_view text) {
  return check_host_path(text, "git_credentials");
}
Checked fleet_path(std::string_view text) {
  return check_host_path(text, "fleet");
}

Located<std::string> from(const std::string& value, const std::string& origin) {
  return {value, Where{origin, 0, 0, {}}};
}

const SettingRow* row_of(std::string_view word) {
  for (const auto& row : setting_rows()) {
    if (word == row.word) return &row;
  }
  return nullptr;
}

void take(Located<std::string>& into, const Located<std::string>& value) {
  if (!value.value.empty()) into = value;
}

bool same_python(const PythonArchive& a, const PythonArchive& b) {
  return a.version == b.version && a.platform == b.platform;
}

void merge_into(SiteConfig& into, const SiteConfig& layer) {
  for (const auto& row : setting_rows()) take(into.*row.member, layer.*row.member);
  for (const auto& [base, image] : layer.registry) take(into.registry[base], image);
  for (const auto& [base, images] : layer.bases) {
    take(into.bases[base].image, images.image);
    take(into.bases[base].builder, images.builder);
  }
  for (const auto& [distribution, mirror] : layer.deb_mirrors) {
    take(into.deb_mirrors[distribution].mirror, mirror.mirror);
    take(into.deb_mirrors[distribution].security, mirror.security);
  }
  for (const auto& [name, index] : layer.indexes) into.indexes[name] = index;
  for (const auto& python : layer.pythons) {
    std::erase_if(into.pythons, [&](const auto& other) { return same_python(other.value, python.value); });
    into.pythons.push_back(python);
  }
}

}  // namespace

const std::array<SettingRow, 13>& setting_rows() {
  static const std::array<SettingRow, 13> rows{{
      {"default_index", "ENVFORGE_DEFAULT_INDEX", &SiteConfig::default_index, index_url},
      {"pytorch_index", "ENVFORGE_PYTORCH_INDEX", &SiteConfig::pytorch_index, index_url},
      {"ca_bundle", "ENVFORGE_CA_BUNDLE", &SiteConfig::ca_bundle, ca_path},
      {"http_proxy", "ENVFORGE_HTTP_PROXY", &SiteConfig::http_proxy, check_proxy_url},
      {"https_proxy", "ENVFORGE_HTTPS_PROXY", &SiteConfig::https_proxy, check_proxy_url},
      {"no_proxy", "ENVFORGE_NO_PROXY", &SiteConfig::no_proxy, check_no_proxy},
      {"wheels_dir", "ENVFORGE_WHEELS_DIR", &SiteConfig::wheels_dir, folder},
      {"debs_dir", "ENVFORGE_DEBS_DIR", &SiteConfig::debs_dir, folder},
      {"cache_dir", "ENVFORGE_CACHE_DIR", &SiteConfig::cache_dir, folder},
      {"git_credentials", "ENVFORGE_GIT_CREDENTIALS", &SiteConfig::git_credentials, credentials_path},
      {"fleet", "ENVFORGE_FLEET", &SiteConfig::fleet, fleet_path},
      {"docker", "ENVFORGE_DOCKER", &SiteConfig::docker, check_program},
      {"docker_host", "ENVFORGE_DOCKER_HOST", &SiteConfig::docker_host, check_docker_host},
  }};
  return rows;
}

void set_site_setting(SiteConfig& config, const std::string& word, const std::string& value,
                      const std::string& origin) {
  const SettingRow* row = row_of(word);
  if (row == nullptr) throw Error(ErrorCode::kInternal, "there is no setting '" + word + "'");
  const Where where{origin, 0, 0, {}};
  if (const auto unsafe = find_unsafe(value, TextKind::kLine)) {
    throw Error(ErrorCode::kConfigVariable, "the value holds " + unsafe->name, where);
  }
  if (const auto refused = row->check(value))
    throw Error(ErrorCode::kConfigVariable, refused->message, where, refused->hint);
  config.*row->member = {value, where};
}

SiteConfig site_config_from_environment(const std::map<std::string, std::string>& variables) {
  SiteConfig config;
  std::vector<std::string> names;
  for (const auto& row : setting_rows()) names.emplace_back(row.variable);
  for (const auto& [name, value] : variables) {
    if (!support::starts_with(name, "ENVFORGE_") || value.empty()) continue;
    const auto row = std::find_if(setting_rows().begin(), setting_rows().end(),
                                  [&](const auto& known) { return name == known.variable; });
    if (row != setting_rows().end()) {
      set_site_setting(config, row->word, value, name);
      continue;
    }
    // A third of the word, as suggestions reach, would take ENVFORGE_REQUIRE for a typing error.
    constexpr int kTypingErrors = 2;
    for (const auto& known : names) {
      if (support::edit_distance(name, known) > kTypingErrors) continue;
      throw Error(ErrorCode::kConfigVariable, support::printable(name) + " is no variable of envforge",
                  Where{support::printable(name), 0, 0, {}}, "did you mean '" + known + "'?");
    }
  }
  return config;
}

SiteConfig site_config_from_host(const std::map<std::string, std::string>& variables) {
  SiteConfig config;
  const std::map<std::string, std::string> words{{"SSL_CERT_FILE", "ca_bundle"}, {"HTTP_PROXY", "http_proxy"},
                                                 {"HTTPS_PROXY", "https_proxy"}, {"NO_PROXY", "no_proxy"},
                                                 {"http_proxy", "http_proxy"},   {"https_proxy", "https_proxy"},
                                                 {"no_proxy", "no_proxy"}};
  for (const auto& [variable, word] : words) {
    const auto found = variables.find(variable);
    const SettingRow* row = row_of(word);
    if (found == variables.end() || found->second.empty() || row == nullptr) continue;
    if (find_unsafe(found->second, TextKind::kLine) || row->check(found->second)) continue;
    config.*row->member = from(found->second, variable);
  }
  return config;
}

SiteConfig merge_site_configs(const std::vector<SiteConfig>& lowest_first) {
  SiteConfig merged;
  for (const auto& layer : lowest_first) merge_into(merged, layer);
  return merged;
}

std::vector<SiteSetting> describe(const SiteConfig& config) {
  std::vector<SiteSetting> out;
  const auto add = [&](const std::string& name, const Located<std::string>& value) {
    if (!value.value.empty())
      out.push_back({name, support::printable(masked(value.value)), support::to_string(value.where)});
  };
  for (const auto& row : setting_rows()) add(row.word, config.*row.member);
  for (const auto& [base, image] : config.registry) add("registry." + base, image);
  for (const auto& [base, images] : config.bases) {
    add("bases." + base + ".image", images.image);
    add("bases." + base + ".builder", images.builder);
  }
  for (const auto& [distribution, mirror] : config.deb_mirrors) {
    add("deb_mirrors." + distribution + ".mirror", mirror.mirror);
    add("deb_mirrors." + distribution + ".security", mirror.security);
  }
  for (const auto& [name, index] : config.indexes) {
    add("indexes." + name, index.url);
    add("indexes." + name + ".credentials", index.credentials);
  }
  for (const auto& [python, where] : config.pythons)
    add("pythons." + python.version + "." + python.platform, {python.url, where});
  return out;
}

}  // namespace envforge::documents
