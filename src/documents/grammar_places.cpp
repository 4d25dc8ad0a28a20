#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "grammar_text.hpp"
#include "text_safety.hpp"

namespace envforge::documents {
namespace {

using grammar::alnum;
using grammar::digit;
using grammar::digits;
using grammar::hex_lower;
using grammar::only;
using grammar::refusal;
using support::ErrorCode;

// "" if the path is plain: segments of ordinary characters, none of them "." or "..", none beginning with '-'.
std::string path_trouble(std::string_view path) {
  constexpr std::size_t kLongest = 512;
  if (path.empty()) return "expected a path, found nothing";
  if (path.size() > kLongest) return "longer than 512 characters";
  for (const auto& segment : support::split(path, '/')) {
    if (segment == "..") return "'..' is refused: the path could leave its folder";
    if (!segment.empty() && segment.front() == '-') return "a part that begins with '-' could be read as an option";
    if (!only(segment, alnum, "._-+=%,@")) {
      return "expected letters, digits and . _ - + = % , @ between the slashes; spaces, quotes, '$', '*' and the like "
             "would mean something to a shell or to docker";
    }
  }
  return {};
}

bool within(std::string_view path, std::string_view folder) {
  return path == folder ||
         (support::starts_with(path, folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

std::string absolute_trouble(std::string_view path) {
  if (path.empty() || path.front() != '/') return "expected an absolute path, such as /workspace";
  if (path.find("//") != std::string_view::npos || within(path, "/.") || path.find("/./") != std::string_view::npos ||
      support::ends_with(path, "/.")) {
    return "expected a path without '//' and '/./'";
  }
  return path_trouble(path);
}

constexpr std::array<std::string_view, 15> kDistributionFolders{"/bin",   "/boot",  "/dev",    "/etc",  "/lib",
                                                                "/lib32", "/lib64", "/libx32", "/proc", "/root",
                                                                "/run",   "/sbin",  "/sys",    "/usr",  "/opt/venv"};
// A mount of these gives a container power over the host, or hides the host's own configuration from it.
constexpr std::array<std::string_view, 18> kHostFolders{"/bin",
                                                        "/boot",
                                                        "/dev",
                                                        "/etc",
                                                        "/lib",
                                                        "/lib32",
                                                        "/lib64",
                                                        "/libx32",
                                                        "/proc",
                                                        "/root",
                                                        "/run",
                                                        "/sbin",
                                                        "/sys",
                                                        "/usr",
                                                        "/var/run",
                                                        "/var/lib/docker",
                                                        "/var/lib/containerd",
                                                        "/var/lib/kubelet"};

template <class Folders>
std::string_view inside(std::string_view path, const Folders& folders) {
  for (const auto folder : folders) {
    if (within(path, folder)) return folder;
  }
  return {};
}

std::string ipv4_or_v6(std::string_view address) {
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    return only(address.substr(1, address.size() - 2), hex_lower, ":") ? "" : "the address is no IPv6 address";
  }
  const auto parts = support::split(address, '.');
  const bool fits = parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](const auto& part) {
                      return digits(part, 3) && std::stoi(part) <= 255;
                    });
  return fits ? "" : "the address is neither IPv4 nor [IPv6]";
}

std::string port_trouble(std::string_view text) {
  if (!digits(text, 5)) return "expected port numbers";
  const auto refused = check_port(std::stoi(std::string(text)));
  return refused ? "a port outside 1024 to 65535; lower ones need root" : "";
}

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr double kKi = 1024;
constexpr std::array<Unit, 14> kUnits{{{"b", 1},
                                       {"B", 1},
                                       {"k", kKi},
                                       {"m", kKi* kKi},
                                       {"g", kKi* kKi* kKi},
                                       {"t", kKi* kKi* kKi* kKi},
                                       {"kB", 1e3},
                                       {"MB", 1e6},
                                       {"GB", 1e9},
                                       {"TB", 1e12},
                                       {"KiB", kKi},
                                       {"MiB", kKi* kKi},
                                       {"GiB", kKi* kKi* kKi},
                                       {"TiB", kKi* kKi* kKi* kKi}}};

}  // namespace

Checked check_relative_path(std::string_view path, std::string_view word) {
  const auto refuse = [&](std::string_view why) { return refusal(ErrorCode::kUnsafePath, word, path, why); };
  if (!path.empty() && path.front() == '/')
    return refuse("an absolute path is refused; expected one inside the recipe's folder");
  if (!path.empty() && path.front() == '~') return refuse("'~' is refused; expected a path inside the recipe's folder");
  const std::string trouble = path_trouble(path);
  if (!trouble.empty()) return refuse(trouble);
  if (path.find("//") != std::string_view::npos) return refuse("expected a path without '//'");
  return std::nullopt;
}

Checked check_image_path(std::string_view path, std::string_view word) {
  std::string trouble = absolute_trouble(path);
  if (trouble.empty() && path == "/") trouble = "the root of the image is refused";
  const auto folder = inside(path, kDistributionFolders);
  if (trouble.empty() && !folder.empty()) {
    trouble = std::string(folder) + " holds what the lock lists or what the kernel provides, and nothing else";
  }
  if (trouble.empty() && support::starts_with(path, "/opt/python-3."))
    trouble = "/opt/python-3.N is where a Python that the base does not have lies";
  if (trouble.empty()) return std::nullopt;
  return refusal(ErrorCode::kUnsafePath, word, path, trouble,
                 "use /workspace, /data, /opt/NAME, /srv or the user's home");
}

Checked check_host_path(std::string_view path, std::string_view word) {
  constexpr std::size_t kLongest = 4096;
  std::string why;
  if (path.empty() || path.front() != '/') why = "expected an absolute path";
  if (path.size() > kLongest) why = "longer than 4096 characters";
  if (path.find_first_of(",\"") != std::string_view::npos)
    why = "',' and '\"' would end the path inside docker's arguments";
  if (find_unsafe(path, TextKind::kLine)) why = "expected one line of visible characters";
  if (why.empty()) return std::nullopt;
  return refusal(ErrorCode::kUnsafePath, word, path, why,
                 "write the whole path, beginning with /; '~' is not expanded");
}

Checked check_port(std::int64_t port) {
  if (port >= 1024 && port <= 65535) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "port", std::to_string(port), "expected 1024 to 65535; lower ones need root");
}

Checked check_port_mapping(std::string_view mapping) {
  const auto last = mapping.rfind(':');
  std::string trouble = "expected [ADDRESS:]HOST:CONTAINER";
  if (mapping.size() <= 64 && last != std::string_view::npos && last > 0) {
    const auto front = mapping.substr(0, last);
    const auto middle = front.rfind(':');
    const auto host = middle == std::string_view::npos ? front : front.substr(middle + 1);
    trouble = port_trouble(mapping.substr(last + 1));
    if (trouble.empty()) trouble = port_trouble(host);
    if (trouble.empty() && middle != std::string_view::npos) trouble = ipv4_or_v6(front.substr(0, middle));
  }
  if (trouble.empty()) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "port mapping", mapping, trouble,
                 "such as \"8888:8888\" or \"127.0.0.1:8888:8888\"");
}

Checked check_volume(std::string_view volume) {
  const auto refuse = [&](std::string_view why, std::string hint = {}) {
    return refusal(ErrorCode::kRefusedVolume, "volume", volume, why, std::move(hint));
  };
  const auto parts = support::split(volume, ':');
  if (parts.size() < 2 || parts.size() > 3) return refuse("expected HOST:CONTAINER or HOST:CONTAINER:ro");
  if (parts.size() == 3 && parts[2] != "ro" && parts[2] != "rw")
    return refuse("expected 'ro' or 'rw' after the second ':'");
  const std::string& host = parts[0];
  if (!host.empty() && host.front() == '~')
    return refuse("'~' is not expanded here; expected an absolute path, ./FOLDER or a volume's name");
  const bool path = host.find('/') != std::string::npos || support::starts_with(host, ".");
  if (!path) {
    if (host.size() < 2 || !alnum(host.front()) || !only(host, alnum, "_.-"))
      return refuse("expected an absolute path, ./FOLDER or a volume's name before the ':'");
  } else if (host.front() == '/') {
    const std::string trouble = absolute_trouble(host);
    if (!trouble.empty()) return refuse(trouble);
    if (host == "/") return refuse("the host's root is refused: the container could rewrite the host");
    const auto folder = inside(host, kHostFolders);
    if (!folder.empty())
      return refuse("the host's " + std::string(folder) + " is refused: it gives a container power over the host");
  } else if (!support::starts_with(host, "./") && host != ".") {
    return refuse("expected ./ before a folder beside the recipe");
  } else if (const std::string trouble = path_trouble(host); !trouble.empty()) {
    return refuse(trouble);
  }
  if (support::ends_with(host, ".sock"))
    return refuse("a socket is refused: through an engine's socket a container commands the host");
  if (const auto target = check_image_path(parts[1], "volume"))
    return refuse("the folder in the container: " + target->message, target->hint);
  return std::nullopt;
}

Checked check_variable_name(std::string_view name) {
  constexpr std::size_t kLongest = 128;
  if (name.empty() || name.size() > kLongest || digit(name.front()) || !only(name, alnum, "_")) {
    return refusal(ErrorCode::kBadName, "environment variable", name,
                   "expected letters, digits and '_', the first no digit");
  }
  const auto refuse = [&](std::string_view why, std::string hint) {
    return refusal(ErrorCode::kRefusedVariable, "environment variable", name, why, std::move(hint));
  };
  for (const std::string_view loader : {"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"}) {
    if (name == loader)
      return refuse("it makes the loader pick other libraries than those that are locked and verified",
                    "remove it; torch's wheels find their libraries by themselves");
  }
  for (const std::string_view ours : {"PATH", "HOME", "VIRTUAL_ENV", "PYTHONHOME", "NVIDIA_VISIBLE_DEVICES",
                                      "NVIDIA_DRIVER_CAPABILITIES", "NVIDIA_REQUIRE_CUDA", "NVIDIA_DISABLE_REQUIRE"}) {
    if (name == ours)
      return refuse("envforge sets it", "remove it; `docker run -e` can still change it for one container");
  }
  if (support::starts_with(name, "ENVFORGE_"))
    return refuse("names that begin with ENVFORGE_ belong to envforge", "choose another name");
  if (support::names_secret(name)) {
    return refuse("a secret in an image is readable by everyone who can pull it",
                  "give it at run time: `docker run -e " + std::string(name) + "`");
  }
  return std::nullopt;
}

Checked check_build_variable_name(std::string_view name) {
  if (auto refused = check_variable_name(name)) {
    if (refused->code == ErrorCode::kRefusedVariable)
      refused->hint = "leave it out: a build has no network, and its variables stand in the lock";
    return refused;
  }
  struct Row {
    std::string_view name, why, hint;
  };
  constexpr std::string_view kOurs = "the build's compiler and folders are envforge's", kLeaveOut = "leave it out";
  constexpr std::array<Row, 9> kRows{{
      {"TORCH_CUDA_ARCH_LIST", "the machine code follows from the target", "name the pools that need it under `pools`"},
      {"MAX_JOBS", "how many compilers run at once follows from the builder's memory", kLeaveOut},
      {"CXXFLAGS", "it carries the C++ ABI of torch", "give what the package's own script reads instead"},
      {"SOURCE_DATE_EPOCH", "with another one the same build gives another wheel", kLeaveOut},
      {"CUDA_HOME", kOurs, kLeaveOut},
      {"CUDA_PATH", kOurs, kLeaveOut},
      {"LIBRARY_PATH", kOurs, kLeaveOut},
      {"TMPDIR", kOurs, kLeaveOut},
      {"LANG", kOurs, kLeaveOut},
  }};
  constexpr std::array<Row, 3> kPrefixes{{
      {"LD_", "it belongs to the loader, which is to find what is locked", kLeaveOut},
      {"PYTHON", "it belongs to Python, which is to import what is locked and nothing else", kLeaveOut},
      {"UV_", "it belongs to uv, which is to take what is locked and nothing else", kLeaveOut},
  }};
  const auto refuse = [&](const Row& row) {
    return refusal(ErrorCode::kRefusedVariable, "environment variable", name, row.why, std::string(row.hint));
  };
  for (const Row& row : kRows) {
    if (name == row.name) return refuse(row);
  }
  for (const Row& row : kPrefixes) {
    if (support::starts_with(name, row.name)) return refuse(row);
  }
  return std::nullopt;
}

Checked check_variable_value(std::string_view value) {
  constexpr std::size_t kLongest = 4096;
  if (value.size() <= kLongest) return std::nullopt;
  return refusal(ErrorCode::kDocumentLimit, "environment value", value, "longer than 4096 characters");
}

Checked check_argument(std::string_view argument, bool first) {
  if (!first) return std::nullopt;
  if (argument.empty()) return refusal(ErrorCode::kWrongValue, "command", argument, "expected a program's name first");
  if (argument.front() == '-')
    return refusal(ErrorCode::kUnsafeText, "command", argument,
                   "a program's name that begins with '-' would be read as an option");
  return std::nullopt;
}

Checked parse_size(std::string_view text, std::uint64_t& out) {
  std::size_t length = 0;
  while (length < text.size() && (digit(text[length]) || text[length] == '.')) ++length;
  const auto number = text.substr(0, length);
  const auto name = text.substr(length);
  const auto refuse = [&](std::string_view why) { return refusal(ErrorCode::kWrongUnit, "size", text, why); };
  if (number.empty() || number.size() > 12 || !digit(number.front()) || !digit(number.back()) ||
      std::count(number.begin(), number.end(), '.') > 1) {
    return refuse("expected a number and a unit");
  }
  if (name.empty()) return refuse("a number without a unit");
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& known) { return known.name == name; });
  if (unit == kUnits.end()) {
    const std::string low = support::to_lower(name);
    if (low == "gb" || low == "mb" || low == "kb" || low == "tb")
      return refuse("the unit is ambiguous so written: docker's 'gb' is 2^30, the metric one 10^9");
    return refuse("the unit is not known; expected k, m, g, t, kB, MB, GB, TB, KiB, MiB, GiB or TiB");
  }
  double value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  const double bytes = std::floor(value * unit->bytes);
  constexpr double kMost = 1024.0 * 1024 * 1024 * 1024 * 1024;
  if (bytes < 1 || bytes > kMost)
    return refusal(ErrorCode::kWrongValue, "size", text, "expected more than nothing and at most 1024 TiB");
  out = static_cast<std::uint64_t>(bytes);
  return std::nullopt;
}

}  // namespace envforge::documents
