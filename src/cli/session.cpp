#include "session.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>

#include <envforge/app/update_data.hpp>
#include <envforge/bases/mmdebstrap_builder.hpp>
#include <envforge/compat/bundle.hpp>
#include <envforge/engine/docker_cli.hpp>
#include <envforge/packages/apt_deb_source.hpp>
#include <envforge/packages/curl_file_source.hpp>
#include <envforge/packages/uv_resolver.hpp>
#include <envforge/support/environment.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "logging.hpp"
#include "version.hpp"

namespace envforge::cli {
namespace {

namespace fs = std::filesystem;
using documents::SiteConfig;

constexpr const char* kBuiltIn = "built in";

std::string variable(const std::map<std::string, std::string>& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

// $XDG_..., else the folder below HOME, else below the temporary folder (a container user without a home).
fs::path user_folder(const std::map<std::string, std::string>& variables, const std::string& xdg,
                     const std::string& below_home) {
  const std::string folder = variable(variables, xdg);
  if (!folder.empty() && folder.front() == '/') return fs::path(folder) / "envforge";
  const std::string home = variable(variables, "HOME");
  if (!home.empty() && ::access(home.c_str(), W_OK) == 0) return fs::path(home) / below_home / "envforge";
  return fs::temp_directory_path() / ("envforge-" + std::to_string(::getuid()));
}

void add_file(std::vector<SiteConfig>& layers, const fs::path& path) {
  constexpr std::uint64_t kMaxBytes = 1 << 20;
  std::error_code error;
  if (fs::exists(path, error))
    layers.push_back(documents::read_site_config(support::read_file(path, kMaxBytes), path.string()));
}

// Lowest first: the host's own variables, /etc, the user's file (or --config instead of both), ENVFORGE_*, flags.
SiteConfig read_site(const GlobalOptions& options) {
  const auto variables = support::environment_of(environ);
  std::vector<SiteConfig> layers = {documents::site_config_from_host(variables)};
  if (!options.config.empty()) {
    layers.push_back(documents::read_site_config(support::read_file(options.config), options.config));
  } else {
    add_file(layers, "/etc/envforge/config.yaml");
    add_file(layers, user_folder(variables, "XDG_CONFIG_HOME", ".config") / "config.yaml");
  }
  layers.push_back(documents::site_config_from_environment(variables));
  SiteConfig flags;
  const auto flag = [&](const std::string& word, const std::string& value, const std::string& origin) {
    if (!value.empty()) documents::set_site_setting(flags, word, value, origin);
  };
  const auto absolute = [](const std::string& path) {
    return path.empty() ? path : fs::absolute(path).lexically_normal().string();
  };
  flag("docker", options.docker, "--docker");
  flag("docker_host", options.host, "--host");
  flag("cache_dir", absolute(options.cache_dir), "--cache-dir");
  if (options.ca_bundle != "none") flag("ca_bundle", absolute(options.ca_bundle), "--ca-bundle");
  flag("wheels_dir", absolute(options.wheels_dir), "--wheels");
  flag("debs_dir", absolute(options.debs_dir), "--debs");
  layers.push_back(flags);
  auto site = documents::merge_site_configs(layers);
  if (options.ca_bundle == "none") site.ca_bundle = {};
  return site;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string random_hex(int bytes) {
  const std::string random = support::read_file_prefix("/dev/urandom", static_cast<std::size_t>(bytes));
  return support::to_hex(reinterpret_cast<const std::uint8_t*>(random.data()), random.size());
}

packages::UvSettings uv_settings(const std::string& cache) {
  packages::UvSettings settings;
  settings.cache_dir = cache + "/uv";
  return settings;
}

packages::AptSettings apt_settings(const std::string& cache) {
  packages::AptSettings settings;
  settings.cache_dir = cache + "/apt";
  return settings;
}

compat::Knowledge read_user_data(const std::string& file) {
  try {
    return compat::parse_bundle(support::read_file(file), file);
  } catch (const support::Error& error) {
    throw support::Error(error.code(), error.message(), error.where(),
                         "remove " + file + ": the built-in data is then used, and `envforge data update` works again");
  }
}

void warn(const std::string& text) {
  const std::string begin = "warning: ";
  print_err(begin + support::wrap(text, begin.size(), 0) + "\n");
}

}  // namespace

/// The real twins, in the order in which they need each other.
struct Session::Real {
  Real(Session& session, const volatile std::sig_atomic_t* interrupted, const std::string& cache,
       const std::string& secret)
      : posix(interrupted),
        processes(posix),
        engine(processes, {session.site().docker.value, session.site().docker_host.value}),
        python(processes, uv_settings(cache)),
        debs(processes, apt_settings(cache)),
        files(processes),
        bases(processes),
        world{processes,      engine,           python,  debs,       files,    bases,   session.knowledge(),
              session.site(), session.events(), utc_now, random_hex, kVersion, kCommit, secret,
              cache} {}

  process::PosixProcessRunner posix;
  LoggingProcessRunner processes;
  engine::DockerCli engine;
  packages::UvResolver python;
  packages::AptDebSource debs;
  packages::CurlFileSource files;
  bases::MmdebstrapBuilder bases;
  app::World world;
};

Session::Session(GlobalOptions options, const volatile std::sig_atomic_t* interrupted)
    : options_(std::move(options)),
      interrupted_(interrupted),
      terminal_(look_at_terminal(options_.colour)),
      events_(std::make_unique<ConsoleEvents>(terminal_, options_.quiet)) {}

Session::~Session() = default;

std::string Session::today() const {
  return utc_now();
}

// Never below the temporary folder, where others could put one.
std::string Session::user_data_file() const {
  const auto variables = support::environment_of(environ);
  const std::string folder = variable(variables, "XDG_DATA_HOME"), home = variable(variables, "HOME");
  if (!folder.empty() && folder.front() == '/') return folder + "/envforge/data.json";
  return home.empty() || home.front() != '/' ? "" : home + "/.local/share/envforge/data.json";
}

// The newer of the user's own and the built-in, so that a newer envforge is not held back by an old update.
compat::Knowledge Session::find_knowledge() {
  data_origin_ = options_.data_dir;
  if (!options_.data_dir.empty()) return compat::load_knowledge(options_.data_dir);
  const std::string file = user_data_file();
  std::error_code error;
  if (!file.empty() && fs::exists(file, error)) {
    data_origin_ = file;
    auto own = read_user_data(file);
    if (own.as_of() >= compat::embedded().as_of()) return own;
  }
  data_origin_ = kBuiltIn;
  return compat::embedded();
}

void Session::tell_data() const {
  const std::string as_of = knowledge_->as_of();
  const long age = app::data_age_days(as_of, today());
  const std::string what = "compatibility data of " + as_of + ", " + std::to_string(age) + " days old";
  log_debug(what + ", " + data_origin_ + ", " + knowledge_->digest());
  if (data_origin_ != kBuiltIn) print_err("note: " + what + ", from " + data_origin_ + "\n");
  if (age > app::kStaleDataDays)
    warn(what +
         ": it may lack newer torch releases, GPUs and drivers, which are then not known (`envforge data update`, or a "
         "newer envforge)");
  if (app::is_after(as_of, today()))
    warn("compatibility data of " + as_of + " is dated after today, " + today().substr(0, 10) +
         ": the cutoff of a new lock is that date, so the same recipe locks otherwise tomorrow (mend `as_of`, or give "
         "--exclude-newer)");
}

const compat::Knowledge& Session::knowledge() {
  if (!knowledge_) {
    knowledge_ = std::make_unique<compat::Knowledge>(find_knowledge());
    tell_data();
  }
  return *knowledge_;
}

const std::string& Session::data_origin() {
  knowledge();
  return data_origin_;
}

const SiteConfig& Session::site() {
  if (!site_) site_ = std::make_unique<SiteConfig>(read_site(options_));
  return *site_;
}

app::World& Session::world() {
  if (!real_) {
    const auto variables = support::environment_of(environ);
    const std::string cache = site().cache_dir.value.empty()
                                  ? user_folder(variables, "XDG_CACHE_HOME", ".cache").string()
                                  : site().cache_dir.value;
    const std::string secret = (user_folder(variables, "XDG_CONFIG_HOME", ".config") / "report.key").string();
    real_ = std::make_unique<Real>(*this, interrupted_, cache, secret);
  }
  return real_->world;
}

}  // namespace envforge::cli
