#include "loader/python_environment.hpp"

#include <algorithm>

#include <envforge/support/text.hpp>

namespace envforge::validator::loader {
namespace {

/// "key = value" lines of a pyvenv.cfg.
std::string config_value(const std::string& config, const std::string& key) {
  for (const std::string& line : support::split(config, '\n')) {
    const auto equals = line.find('=');
    if (equals != std::string::npos && support::trim(line.substr(0, equals)) == key) {
      return support::trim(line.substr(equals + 1));
    }
  }
  return "";
}

/// "3.11" of "3.11.2", "3.11.2.final.0", "python3.11" or "python3.11t"; "" of anything else.
std::string short_version(std::string text) {
  if (support::starts_with(text, "python")) text.erase(0, 6);
  if (!text.empty() && text.back() == 't') text.pop_back();
  const auto parts = support::split(text, '.');
  if (parts.size() < 2 || parts[0] != "3" || parts[1].empty()) return "";
  if (parts[1].find_first_not_of("0123456789") != std::string::npos) return "";
  return parts[0] + "." + parts[1];
}

/// "3.13t" where the folders of the prefix are those of the build without a GIL, which neither a pyvenv.cfg nor a link
/// to python3 tells.
std::string with_t(const Root& root, const std::string& prefix, const std::string& version) {
  const std::string folder = prefix + "/lib/python" + version;
  return !root.is_folder(folder) && root.is_folder(folder + "t") ? version + "t" : version;
}

/// The version by the interpreter's real name, else by the highest lib/pythonX.Y of the prefix that holds packages.
std::string find_version(const Root& root, const std::string& prefix, const std::string& config) {
  for (const char* key : {"version_info", "version"}) {
    const std::string version = short_version(config_value(config, key));
    if (!version.empty()) return version;
  }
  for (const char* name : {"python3", "python"}) {
    const auto real = root.real(prefix + "/bin/" + name);
    const std::string version = real ? short_version(file_name(*real)) : "";
    if (!version.empty()) return version;
  }
  std::string best;
  int best_minor = -1;
  for (const std::string& name : root.list(prefix + "/lib")) {
    const std::string version = support::starts_with(name, "python3.") ? short_version(name) : "";
    if (version.empty()) continue;
    const int minor = std::stoi(version.substr(2, 4));
    if (minor > best_minor) best = version;
    best_minor = std::max(minor, best_minor);
  }
  return best;
}

void add_folder(const Root& root, const std::string& folder, std::vector<std::string>& out) {
  const auto real = root.real(folder);
  if (!real || !root.is_folder(*real)) return;
  if (std::find(out.begin(), out.end(), *real) == out.end()) out.push_back(*real);
}

/// A site folder and the folders that its .pth files name (lines that start with "import" are code and not followed).
void add_site(const Root& root, const std::string& folder, std::vector<std::string>& out) {
  if (!root.is_folder(folder)) return;
  add_folder(root, folder, out);
  for (const std::string& name : root.list(folder)) {
    if (!support::ends_with(name, ".pth")) continue;
    for (const std::string& raw : support::split(root.read(folder + "/" + name, 1U << 20).value_or(""), '\n')) {
      const std::string line = support::trim(raw);
      if (line.empty() || line.front() == '#' || support::starts_with(line, "import")) continue;
      add_folder(root, line.front() == '/' ? line : folder + "/" + line, out);
    }
  }
}

void add_prefix(const Root& root, const std::string& prefix, const std::string& version,
                std::vector<std::string>& out) {
  const std::string python = "/python" + version;
  if (prefix == "/usr") {  // Debian's own Python
    add_site(root, "/usr/local/lib" + python + "/dist-packages", out);
    add_site(root, "/usr/lib/python3/dist-packages", out);
    add_site(root, "/usr/lib" + python + "/dist-packages", out);
  }
  for (const char* folder : {"/lib", "/lib64"}) add_site(root, prefix + folder + python + "/site-packages", out);
}

std::vector<std::string> search_path(const Root& root, const Environment& environment, const std::string& prefix,
                                     const std::string& version, const std::string& config) {
  std::vector<std::string> out;
  for (const std::string& entry : support::split(variable(environment, "PYTHONPATH"), ':')) {
    if (!entry.empty() && entry.front() == '/') add_folder(root, entry, out);
  }
  const bool isolated =
      !config.empty() && support::to_lower(config_value(config, "include-system-site-packages")) != "true";
  const std::string home = variable(environment, "HOME");
  if (!isolated && !home.empty() && variable(environment, "PYTHONNOUSERSITE").empty()) {
    add_site(root, home + "/.local/lib/python" + version + "/site-packages", out);
  }
  add_prefix(root, prefix, version, out);
  if (!config.empty() && !isolated) {
    const std::string base = parent(config_value(config, "home"));
    if (!base.empty()) add_prefix(root, base, version, out);
  }
  return out;
}

std::optional<PythonEnvironment> environment_at(const Root& root, const Environment& environment,
                                                const std::string& prefix, const std::string& found_by) {
  if (!root.is_folder(prefix)) return std::nullopt;
  PythonEnvironment out;
  out.prefix = prefix == "/bin" ? "/usr" : prefix;
  out.found_by = found_by;
  const std::string config = root.read(prefix + "/pyvenv.cfg", 1U << 16).value_or("");
  out.version = find_version(root, prefix, config);
  if (out.version.empty()) return std::nullopt;
  out.version = with_t(root, out.prefix, out.version);
  out.kind = !config.empty() ? "venv" : root.is_folder(prefix + "/conda-meta") ? "conda" : "system";
  out.search_path = search_path(root, environment, out.prefix, out.version, config);
  return out;
}

/// The prefix that an interpreter belongs to: a venv by the link's own place, else by the real file's.
std::string prefix_of(const Root& root, const std::string& interpreter) {
  const std::string place = parent(parent(interpreter));
  if (root.is_file(place + "/pyvenv.cfg") || root.is_folder(place + "/conda-meta")) return place == "" ? "/" : place;
  const auto real = root.real(interpreter);
  return real ? parent(parent(*real)) : place;
}

}  // namespace

std::vector<PythonEnvironment> find_python_environments(const Root& root, const Environment& environment,
                                                        const std::string& wanted) {
  std::vector<PythonEnvironment> out;
  const auto add = [&](const std::string& prefix, const std::string& found_by) {
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const PythonEnvironment& one) { return one.prefix == normal(prefix); });
    if (prefix.empty() || known) return;
    if (auto one = environment_at(root, environment, normal(prefix), found_by)) out.push_back(std::move(*one));
  };
  if (!wanted.empty()) add(root.is_file(wanted) ? prefix_of(root, wanted) : wanted, "the request");
  add(variable(environment, "VIRTUAL_ENV"), "VIRTUAL_ENV");
  for (const std::string& folder : support::split(variable(environment, "PATH"), ':')) {
    for (const char* name : {"/python", "/python3"}) {
      if (!folder.empty() && root.is_file(folder + name)) add(prefix_of(root, folder + name), "PATH");
    }
  }
  add("/opt/venv", "/opt/venv");
  add(variable(environment, "CONDA_PREFIX"), "CONDA_PREFIX");
  // Where images that set no PATH keep theirs: an entrypoint that activates an environment is not run here.
  for (const char* conda : {"/opt/conda", "/opt/miniconda3", "/opt/miniforge3", "/opt/mambaforge", "/opt/micromamba",
                            "/root/miniconda3", "/root/miniforge3"}) {
    add(conda, conda);
    const std::string environments = std::string(conda) + "/envs";
    for (const std::string& name : root.list(environments)) add(environments + "/" + name, environments);
  }
  for (const char* prefix : {"/venv", "/app/venv", "/app/.venv", "/workspace/.venv", "/usr/local", "/usr"})
    add(prefix, prefix);
  return out;
}

std::optional<TorchPlace> find_torch(const Root& root, const std::vector<PythonEnvironment>& environments) {
  for (const PythonEnvironment& one : environments) {
    for (const std::string& folder : one.search_path) {
      if (root.is_file(folder + "/torch/version.py")) return TorchPlace{one, folder, folder + "/torch"};
    }
  }
  return std::nullopt;
}

}  // namespace envforge::validator::loader
