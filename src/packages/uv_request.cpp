#include "uv_request.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <set>

#include <envforge/support/error.hpp>
#include <envforge/support/percent_encoding.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>
#include <envforge/versions/python_name.hpp>
#include <envforge/versions/version.hpp>

namespace envforge::packages {
namespace {

// The glibc versions that uv's --python-platform knows, newest first.
constexpr std::size_t kLongestRequirement = 500;  // std::regex recurses for each character

constexpr std::array<int, 12> kUvGlibc{40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17};

std::string toml_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04X", static_cast<unsigned>(byte));
      out += code.data();
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// NAME @ file:///FOLDER/NAME
std::string provided_reference(const std::string& name, const std::string& folder) {
  return name + " @ file://" + support::percent_encoded_path(folder + "/" + name);
}

}  // namespace

bool is_direct_reference(const std::string& requirement) {
  // Its parts are checked where the recipe is read; here it must not be anything else.
  static const std::regex grammar(
      R"([A-Za-z0-9][A-Za-z0-9._-]*[ \t]*(\[[A-Za-z0-9._, -]*\])?[ \t]*@[ \t]*https?://[!-~]+\.whl#sha256=[0-9a-f]{64})"
      R"([ \t]*(;.*)?)");
  return requirement.size() <= kLongestRequirement && std::regex_match(requirement, grammar);
}

std::string requirement_problem(const std::string& requirement) {
  if (is_direct_reference(requirement)) return {};
  // A marker may hold any text, '@' and '/' too.
  const std::string text = requirement.substr(0, requirement.find(';'));
  if (text.find('@') != std::string::npos || text.find('/') != std::string::npos ||
      support::ends_with(support::trim(text), ".whl")) {
    return "it is an address; only names with versions can be locked";
  }
  // NAME [EXTRA, ...] OPERATOR VERSION, ... ; MARKER
  static const std::regex grammar(
      R"([ \t]*[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?[ \t]*(\[[A-Za-z0-9._, -]*\])?[ \t]*)"
      R"((\(?[ \t]*(===|==|~=|!=|<=|>=|<|>)[ \t]*[A-Za-z0-9.*+!_-]+)"
      R"(([ \t]*,[ \t]*(===|==|~=|!=|<=|>=|<|>)[ \t]*[A-Za-z0-9.*+!_-]+)*[ \t]*\)?)?[ \t]*)");
  if (text.size() > kLongestRequirement || !std::regex_match(text, grammar)) {
    return "it is no requirement of the form NAME[EXTRA] >=VERSION,<VERSION";
  }
  return {};
}

TagTarget tag_target(const PythonRequest& request) {
  TagTarget target;
  if (request.platform == "linux/amd64") target.machine = "x86_64";
  if (request.platform == "linux/arm64") target.machine = "aarch64";
  const auto python = versions::Version::parse(versions::without_t(request.python_version));
  const auto glibc = versions::Version::parse(request.glibc);
  if (target.machine.empty() || !python || python->major() != 3 || !glibc || glibc->major() != 2) {
    throw support::Error(support::ErrorCode::kInternal, "no uv platform for '" + request.platform + "', Python '" +
                                                            request.python_version + "', glibc '" + request.glibc +
                                                            "'");
  }
  target.python_minor = static_cast<int>(python->minor());
  target.free_threaded = versions::is_free_threaded(request.python_version);
  const int have = static_cast<int>(glibc->minor());
  const auto* const known = std::find_if(kUvGlibc.begin(), kUvGlibc.end(), [&](int minor) { return minor <= have; });
  if (known == kUvGlibc.end()) {
    throw support::Error(support::ErrorCode::kInternal, "glibc " + request.glibc + " is older than 2.17");
  }
  target.glibc_minor = *known;
  return target;
}

std::string python_number(const PythonRequest& request) {
  return std::string(versions::without_t(request.python_version));
}

std::string uv_platform(const TagTarget& target) {
  return target.machine + "-manylinux_2_" + std::to_string(target.glibc_minor);
}

std::string uv_provided(const std::string& name, const std::string& version) {
  return "[project]\nname = " + toml_string(name) + "\nversion = " + toml_string(version.empty() ? "0" : version) +
         "\ndependencies = []\n";
}

std::string uv_overrides(const PythonRequest& request, const std::string& provided) {
  std::string text;
  for (const auto& [name, version] : request.provided) {
    if (version.empty()) text += provided_reference(name, provided) + "\n";
  }
  return text;
}

std::string uv_project(const PythonRequest& request, const std::string& provided) {
  std::string text = "[project]\nname = \"" + std::string(kProjectName) +
                     "\"\nversion = \"0\"\nrequires-python = " + toml_string("==" + python_number(request) + ".*") +
                     "\ndependencies = [\n";
  for (const auto* list : {&request.pins, &request.requirements}) {
    for (const std::string& requirement : *list) text += "  " + toml_string(requirement) + ",\n";
  }
  for (const auto& [name, version] : request.provided)
    text += "  " + toml_string(provided_reference(name, provided)) + ",\n";
  // A workspace of its own: uv must not look for one in the folders above.
  text += "]\n\n[tool.uv.workspace]\nmembers = []\n";
  if (!request.wheels_dir.empty()) return text;
  for (const PythonIndex& index : request.indexes) {
    text += "\n[[tool.uv.index]]\nname = " + toml_string(index.name) +
            "\nurl = " + toml_string(index.mirror.empty() ? index.url : index.mirror) + "\nexplicit = true\n";
  }
  if (!request.pin_index.empty()) text += "\n[tool.uv.sources]\n";
  for (const auto& [name, index] : request.pin_index) {
    text += toml_string(versions::normal_name(name)) + " = { index = " + toml_string(index) + " }\n";
  }
  return text;
}

std::string uv_preferences(const PythonRequest& request) {
  std::string text = "lock-version = \"1.0\"\ncreated-by = \"envforge\"\n";
  std::set<std::string> seen;
  for (const std::string& preference : request.preferences) {
    const std::size_t equals = preference.find("==");
    if (equals == std::string::npos || !seen.insert(versions::requirement_name(preference)).second) continue;
    text += "\n[[packages]]\nname = " + toml_string(versions::requirement_name(preference)) +
            "\nversion = " + toml_string(support::trim(preference.substr(equals + 2))) + "\n";
  }
  return text;
}

std::string uv_known_needs(const std::string& name, const std::string& version) {
  return "\n[[tool.uv.dependency-metadata]]\nname = " + toml_string(name) + "\nversion = " + toml_string(version) +
         "\nrequires-dist = []\n";
}

std::vector<std::string> uv_source_arguments(const PythonRequest& request, const std::string& cache_dir,
                                             const std::string& from_source) {
  std::vector<std::string> arguments{"--no-config", from_source.empty() ? "--no-build" : "--no-binary=" + from_source,
                                     "--no-python-downloads", "--color=never", "--cache-dir=" + cache_dir};
  if (!request.wheels_dir.empty()) {
    arguments.insert(arguments.end(), {"--offline", "--no-index",
                                       "--find-links=" + std::filesystem::absolute(request.wheels_dir).string()});
    return arguments;
  }
  arguments.push_back("--default-index=" +
                      (request.default_index.empty() ? kDefaultPythonIndex : request.default_index));
  return arguments;
}

std::vector<std::string> uv_compile_arguments(const PythonRequest& request, const std::string& format) {
  std::vector<std::string> arguments{"--no-header", "--python-version=" + python_number(request),
                                     "--python-platform=" + uv_platform(tag_target(request)), "--format=" + format,
                                     "--annotation-style=line"};
  if (request.exclude_newer.empty() || !request.wheels_dir.empty()) return arguments;
  arguments.push_back("--exclude-newer=" + request.exclude_newer);
  for (const auto& [name, cutoff] : request.exclude_newer_of) {
    if (request.pin_index.count(name) == 0)
      arguments.push_back("--exclude-newer-package=" + versions::normal_name(name) + "=" + cutoff);
  }
  // The PyTorch index gives no upload dates, and a file without one counts as newer than any cutoff.
  for (const auto& [name, index] : request.pin_index) {
    arguments.push_back("--exclude-newer-package=" + versions::normal_name(name) + "=false");
  }
  return arguments;
}

std::string uv_python_answer() {
  return R"(import contextlib, io, json, sys
out = io.StringIO()
with contextlib.redirect_stdout(out):
    try:
        exec(sys.argv[sys.argv.index("-c") + 1], {"__name__": "__main__"})
    except SystemExit:
        pass
answer = json.loads(out.getvalue())
answer["gil_disabled"] = True
print(json.dumps(answer))
)";
}

}  // namespace envforge::packages
