#include <envforge/documents/site_config.hpp>

#include <gtest/gtest.h>

namespace envforge::documents {
namespace {

using support::ErrorCode;

constexpr const char* kFull = R"yaml(schema: envforge/config/v1
default_index: https://reader:secret@pypi.example.com/simple
pytorch_index: https://mirror.example.com/whl
ca_bundle: /etc/ssl/our certificates.pem
http_proxy: http://proxy.example.com:3128
https_proxy: http://user:p%40ss@proxy.example.com:3128
no_proxy: localhost,127.0.0.1,.example.com
wheels_dir: /srv/wheels
debs_dir: /srv/debs
cache_dir: /var/cache/envforge
fleet: /etc/envforge/fleet.yaml
docker: /usr/bin/docker
docker_host: tcp://builder.example.com:2376
registry:
  debian:12: mirror.example.com:5000/library/debian:12-slim
bases:
  debian:12: {image: "local/debian:12", builder: "local/debian-builder:12"}
deb_mirrors:
  debian: {mirror: "http://mirror.example.com/debian", security: "https://mirror.example.com/debian-security"}
)yaml";

TEST(SiteConfig, HasIndexesOfItsOwnAndAPackageStandsInOneOfThem) {
  const std::string head = "schema: envforge/config/v1\nindexes:\n";
  const std::string first =
      "  ours: {url: \"https://w.example.com/simple\", packages: [Our_Lib], credentials: /etc/ours.credentials}\n";
  const auto config = read_site_config(head + first, "c.yaml");
  const auto& index = config.indexes.at("ours");
  EXPECT_EQ(index.packages, std::vector<std::string>{"our-lib"});
  const auto settings = describe(merge_site_configs({config, SiteConfig{}}));
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_EQ(settings[0].name, "indexes.ours");
  EXPECT_EQ(settings[1].value, "/etc/ours.credentials");
  try {
    read_site_config(head + first + "  b: {url: \"https://b.example.com/simple\", packages: [x, our.lib]}\n", "c.yaml");
    ADD_FAILURE() << "a package of two indexes was taken";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kWrongValue);
    EXPECT_EQ(support::to_string(error.where().value_or(support::Where{})), "c.yaml:4:58");
  }
  EXPECT_THROW(read_site_config(head + "  b: {url: \"https://me:x@b.example.com/simple\", packages: [x]}\n", "c.yaml"),
               support::Error);
}

template <class Body>
std::string told(Body&& body) {
  try {
    body();
  } catch (const support::Error& error) {
    return support::format_error(error);
  }
  return "nothing was thrown";
}

std::string read_error(const std::string& line) {
  return told([&] { read_site_config("schema: envforge/config/v1\n" + line + "\n", "config.yaml"); });
}

TEST(SiteConfig, ReadsEveryWord) {
  const SiteConfig config = read_site_config(kFull, "/etc/envforge/config.yaml");
  EXPECT_EQ(config.default_index.value, "https://reader:secret@pypi.example.com/simple");
  EXPECT_EQ(config.ca_bundle.value, "/etc/ssl/our certificates.pem");
  EXPECT_EQ(support::to_string(config.ca_bundle.where), "/etc/envforge/config.yaml:4:12");
  EXPECT_EQ(config.docker_host.value, "tcp://builder.example.com:2376");
  EXPECT_EQ(config.registry.at("debian:12").value, "mirror.example.com:5000/library/debian:12-slim");
  EXPECT_EQ(config.bases.at("debian:12").builder.value, "local/debian-builder:12");
  EXPECT_EQ(config.deb_mirrors.at("debian").security.value, "https://mirror.example.com/debian-security");
}

constexpr const char* kSha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string python_line(const std::string& version, const std::string& url, const std::string& more = "") {
  return "  - {version: \"" + version + "\", platform: linux/amd64, url: \"" + url + "\", sha256: " + kSha +
         ", glibc: \"2.17\"" + more + "}\n";
}

TEST(SiteConfig, HasArchivesOfPythonByAddressAndByFile) {
  const std::string text =
      "schema: envforge/config/v1\npythons:\n" + python_line("3.13.5t", "https://mirror.example.com/a+b/p.tar.gz") +
      python_line("3.12.7", "pythons/p.tar.gz") + python_line("3.11.9", "/srv/our pythons/p.tar.gz");
  const auto config = read_site_config(text, "/etc/envforge/config.yaml");
  ASSERT_EQ(config.pythons.size(), 3U);
  EXPECT_EQ(config.pythons[0].value.version, "3.13.5t");
  EXPECT_EQ(config.pythons[0].value.glibc, "2.17");
  EXPECT_EQ(config.pythons[1].value.url, "/etc/envforge/pythons/p.tar.gz") << "beside the configuration";
  EXPECT_EQ(config.pythons[2].value.url, "/srv/our pythons/p.tar.gz");
  const auto settings = describe(config);
  ASSERT_EQ(settings.size(), 3U);
  EXPECT_EQ(settings[0].name, "pythons.3.13.5t.linux/amd64");
  EXPECT_EQ(settings[0].origin, "/etc/envforge/config.yaml:3:5");
}

TEST(SiteConfig, OfALaterLayerReplacesTheArchiveOfTheSamePythonOnly) {
  const std::string head = "schema: envforge/config/v1\npythons:\n";
  const auto low = read_site_config(
      head + python_line("3.13.5t", "https://a.example.com/p") + python_line("3.12.7", "https://a.example.com/q"),
      "low.yaml");
  const auto high = read_site_config(head + python_line("3.13.5t", "https://b.example.com/p"), "high.yaml");
  const auto merged = merge_site_configs({low, high});
  ASSERT_EQ(merged.pythons.size(), 2U);
  EXPECT_EQ(merged.pythons[0].value.url, "https://a.example.com/q");
  EXPECT_EQ(merged.pythons[1].value.url, "https://b.example.com/p");
}

TEST(SiteConfig, RefusesAnArchiveOfPythonThatIsNotWhollySaid) {
  for (const auto& [line, expected] : std::vector<std::pair<std::string, std::string>>{
           {python_line("3.13", "https://a.example.com/p"), "expected the whole version"},
           {python_line("3.13.5", "http://a.example.com/p"), "http is accepted from this machine"},
           {python_line("3.13.5", "https://me:x@a.example.com/p"), "credentials"},
           {python_line("3.13.5", "../p.tar.gz"), "EF3013"},
           {python_line("3.13.5", "/srv/a b.tar.gz"), "EF3013"},
           {python_line("3.13.5", "https://a.example.com/p", ", size: 1"), "'size'"},
           {"  - {version: \"3.13.5\"}\n", "platform"},
           {python_line("3.13.5", "https://a.example.com/p") + python_line("3.13.5", "https://a.example.com/q"),
            "stands twice"}})
    EXPECT_NE(read_error("pythons:\n" + line).find(expected), std::string::npos) << read_error("pythons:\n" + line);
}

TEST(SiteConfig, ThatSaysNothingButItsSchemaIsEmpty) {
  EXPECT_EQ(read_site_config("schema: envforge/config/v1\n", "c.yaml"), SiteConfig{});
}

TEST(SiteConfig, RefusesAnUnknownWordWithASuggestion) {
  EXPECT_EQ(read_error("ca_bundel: /x.pem"),
            "error[EF3006]: the configuration has no key 'ca_bundel'\n  --> config.yaml:2:1\n  hint: did you mean "
            "'ca_bundle'?\n");
}

TEST(SiteConfig, RefusesARelativePath) {
  EXPECT_EQ(read_error("ca_bundle: ~/ca.pem"),
            "error[EF3013]: ca_bundle '~/ca.pem': expected an absolute path\n  --> config.yaml:2:12\n"
            "  hint: write the whole path, beginning with /; '~' is not expanded\n");
}

TEST(SiteConfig, RefusesAnIndexOverPlainHttpWithoutShowingItsPassword) {
  EXPECT_EQ(read_error("default_index: http://reader:secret@pypi.example.com/simple"),
            "error[EF3010]: index 'http://***@pypi.example.com/simple': http is accepted from this machine (127.0.0.1, "
            "localhost) only\n"
            "  --> config.yaml:2:16\n  hint: use https\n");
  EXPECT_EQ(read_error("default_index: http://127.0.0.1:8099/simple"), "nothing was thrown");
}

TEST(SiteConfig, RefusesWhatIsNoAddressOfAnEngine) {
  EXPECT_NE(read_error("docker_host: \"tcp://x --privileged\"").find("error[EF3010]: docker_host"), std::string::npos);
  EXPECT_NE(read_error("docker: \"docker; id\"").find("error[EF3010]: program"), std::string::npos);
  EXPECT_NE(read_error("registry: {debian:12: \"--pull\"}").find("error[EF3011]: image"), std::string::npos);
}

TEST(SiteConfig, LayersAreMergedAndEachValueKeepsItsOrigin) {
  const SiteConfig host = site_config_from_host(
      {{"SSL_CERT_FILE", "/etc/ssl/host.pem"}, {"HTTPS_PROXY", "http://old:1"}, {"HTTP_PROXY", "socks5://x:1"}});
  const SiteConfig system =
      read_site_config("schema: envforge/config/v1\ncache_dir: /var/a\nregistry: {debian:12: a/b, debian:13: a/c}\n",
                       "/etc/envforge/config.yaml");
  const SiteConfig user = read_site_config(
      "schema: envforge/config/v1\ncache_dir: /home/a\nregistry: {debian:13: mine/c}\n", "/home/config.yaml");
  const SiteConfig environment = site_config_from_environment(
      {{"ENVFORGE_HTTPS_PROXY", "http://u:p@new:2"}, {"ENVFORGE_REQUIRE", "engine"}, {"PATH", "/bin"}});
  SiteConfig flags;
  set_site_setting(flags, "ca_bundle", "/flag.pem", "--ca-bundle");
  const std::vector<SiteSetting> expected{{"ca_bundle", "/flag.pem", "--ca-bundle"},
                                          {"https_proxy", "http://***@new:2", "ENVFORGE_HTTPS_PROXY"},
                                          {"cache_dir", "/home/a", "/home/config.yaml:2:12"},
                                          {"registry.debian:12", "a/b", "/etc/envforge/config.yaml:3:23"},
                                          {"registry.debian:13", "mine/c", "/home/config.yaml:3:23"}};
  const auto described = describe(merge_site_configs({host, system, user, environment, flags}));
  EXPECT_EQ(described, expected);
}

TEST(SiteConfig, RefusesAVariableThatIsNearlyOneOfOurs) {
  EXPECT_EQ(told([] {
              site_config_from_environment({{"ENVFORGE_CA_BUNDEL", "/x"}});
            }),
            "error[EF3301]: ENVFORGE_CA_BUNDEL is no variable of envforge\n  --> ENVFORGE_CA_BUNDEL\n  hint: did you "
            "mean 'ENVFORGE_CA_BUNDLE'?\n");
}

TEST(SiteConfig, RefusesAVariableWithAWrongValue) {
  EXPECT_EQ(told([] {
              site_config_from_environment({{"ENVFORGE_WHEELS_DIR", "wheels"}});
            }),
            "error[EF3301]: folder 'wheels': expected an absolute path\n  --> ENVFORGE_WHEELS_DIR\n  hint: write the "
            "whole path, beginning with /; '~' is not expanded\n");
}

}  // namespace
}  // namespace envforge::documents
