#include <algorithm>
#include <array>

#include <envforge/support/text.hpp>
#include <envforge/versions/python_name.hpp>
#include <envforge/versions/version.hpp>

#include "grammar_text.hpp"

namespace envforge::documents {
namespace {

using grammar::alnum;
using grammar::digit;
using grammar::digits;
using grammar::hex_lower;
using grammar::lower;
using grammar::only;
using grammar::refusal;
using support::ErrorCode;

// OCI: [a-z0-9]+ joined by '.', '_', '__' or any number of '-'.
bool path_component(std::string_view text) {
  if (text.empty() || !only(
                          text, [](char c) { return lower(c) || digit(c); }, "._-"))
    return false;
  if (!alnum(text.front()) || !alnum(text.back())) return false;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (alnum(text[i]) || alnum(text[i + 1])) continue;
    if (text[i] == '-' && text[i + 1] == '-') continue;
    const bool two_underscores = text[i] == '_' && text[i + 1] == '_' && (i == 0 || alnum(text[i - 1])) &&
                                 i + 2 < text.size() && alnum(text[i + 2]);
    if (!two_underscores) return false;
  }
  return true;
}

bool registry_host(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    if (!digits(text.substr(colon + 1), 5)) return false;
    text = text.substr(0, colon);
  }
  for (const auto& label : support::split(text, '.')) {
    if (label.empty() || !only(label, alnum, "-") || label.front() == '-' || label.back() == '-') return false;
  }
  return true;
}

bool repository(std::string_view name) {
  constexpr std::size_t kLongest = 200;
  if (name.empty() || name.size() > kLongest) return false;
  auto parts = support::split(name, '/');
  const bool has_host =
      parts.size() > 1 && (parts[0].find_first_of(".:") != std::string::npos || parts[0] == "localhost");
  if (has_host && !registry_host(parts[0])) return false;
  if (has_host) parts.erase(parts.begin());
  return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return path_component(part); });
}

bool tag_grammar(std::string_view tag) {
  constexpr std::size_t kLongest = 128;
  return !tag.empty() && tag.size() <= kLongest && tag.front() != '.' && tag.front() != '-' && only(tag, alnum, "._-");
}

// Users that Debian's and Ubuntu's base-passwd create.
constexpr std::array<std::string_view, 26> kSystemUsers{
    "root", "daemon",   "bin",   "sys",      "sync",   "games",  "man",  "lp",     "mail",
    "news", "uucp",     "proxy", "www-data", "backup", "list",   "irc",  "gnats",  "nobody",
    "_apt", "operator", "staff", "users",    "sshd",   "shadow", "utmp", "nogroup"};

// MAJOR.MINOR, each of so many digits at most.
bool two_numbers(std::string_view text, std::size_t major, std::size_t minor) {
  const auto dot = text.find('.');
  return dot != std::string_view::npos && digits(text.substr(0, dot), major) && digits(text.substr(dot + 1), minor);
}

}  // namespace

Checked check_image_name(std::string_view name) {
  if (repository(name)) return std::nullopt;
  if (name.find('@') != std::string_view::npos) {
    return refusal(ErrorCode::kBadName, "image", name, "a digest is not part of the name that an image is given",
                   "leave '@...' out");
  }
  const auto colon = name.rfind(':');
  if (colon != std::string_view::npos && repository(name.substr(0, colon))) {
    return refusal(ErrorCode::kBadName, "image", name, "expected a repository name without a tag",
                   "write `image: " + std::string(name.substr(0, colon)) + "` and the tag under `tags`");
  }
  return refusal(ErrorCode::kBadName, "image", name,
                 "expected an OCI repository name: lower-case letters, digits and single separators . _ -, parts "
                 "joined by /, optionally a registry in front",
                 "such as pytorch-cuda or registry.example.com/team/pytorch-cuda");
}

Checked check_image_reference(std::string_view name) {
  std::string_view rest = name;
  const auto at = rest.find('@');
  if (at != std::string_view::npos) {
    if (check_sha256(rest.substr(at + 1), true)) {
      return refusal(ErrorCode::kBadName, "image", name, "expected @sha256: and 64 hex digits after the name");
    }
    rest = rest.substr(0, at);
  }
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos) {
    if (!tag_grammar(rest.substr(colon + 1)))
      return refusal(ErrorCode::kBadName, "image", name, "the tag is no OCI tag");
    rest = rest.substr(0, colon);
  }
  if (repository(rest)) return std::nullopt;
  return refusal(ErrorCode::kBadName, "image", name, "expected an image reference",
                 "such as registry.example.com/debian:12-slim");
}

Checked check_tag(std::string_view tag) {
  if (!tag_grammar(tag)) {
    return refusal(ErrorCode::kBadName, "tag", tag,
                   "expected at most 128 letters, digits, '.', '_' and '-', the first a letter, a digit or '_'");
  }
  std::string word;
  const std::string lower_tag = support::to_lower(tag) + ".";
  for (const char c : lower_tag) {
    if (alnum(c)) {
      word += c;
      continue;
    }
    if (word == "latest") {
      return refusal(ErrorCode::kRefusedTag, "tag", tag,
                     "'latest' is refused: it says nothing about what is inside and moves under those who pull it");
    }
    word.clear();
  }
  return std::nullopt;
}

Checked check_base(std::string_view base) {
  constexpr std::size_t kLongest = 40;
  const auto small = [](char c) { return lower(c) || digit(c); };
  const auto colon = base.find(':');
  const bool fits = base.size() <= kLongest && colon != std::string_view::npos && lower(base[0]) &&
                    only(base.substr(0, colon), small, "-") && colon + 1 < base.size() && digit(base[colon + 1]) &&
                    small(base.back()) && only(base.substr(colon + 1), small, ".-");
  if (fits) return std::nullopt;
  return refusal(ErrorCode::kBadName, "base", base, "expected DISTRIBUTION:VERSION, such as debian:12 or ubuntu:24.04");
}

Checked check_python(std::string_view python) {
  if (python == "auto" || two_numbers(versions::without_t(python), 1, 2)) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "python", python,
                 "expected MAJOR.MINOR, such as \"3.11\", \"3.14t\" for the one without a GIL, or auto");
}

Checked check_python_series(std::string_view python) {
  return python == "auto" ? refusal(ErrorCode::kWrongValue, "python", python, "expected MAJOR.MINOR")
                          : check_python(python);
}

Checked check_python_release(std::string_view python) {
  const std::string_view number = versions::without_t(python);
  const auto dot = number.rfind('.');
  if (dot != std::string_view::npos && support::starts_with(number, "3.") && digits(number.substr(dot + 1), 2) &&
      two_numbers(number.substr(0, dot), 1, 2))
    return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "version", python,
                 "expected the whole version, such as \"3.12.7\", or \"3.13.5t\" for the one without a GIL");
}

Checked check_glibc(std::string_view version) {
  if (support::starts_with(version, "2.") && two_numbers(version, 1, 2)) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "glibc", version,
                 "expected the oldest version of the C library that it runs with, such as \"2.17\"");
}

Checked check_cuda(std::string_view cuda) {
  if (cuda == "auto") return std::nullopt;
  if (support::starts_with(cuda, "cu") && digits(cuda.substr(2), 4) && cuda.size() > 4) return std::nullopt;
  const auto dot = cuda.find('.');
  if (dot != std::string_view::npos && digits(cuda.substr(0, dot), 2) && digits(cuda.substr(dot + 1), 2))
    return std::nullopt;
  if (cuda == "cpu" || support::starts_with(cuda, "rocm") || support::starts_with(cuda, "xpu")) {
    return refusal(ErrorCode::kWrongValue, "cuda", cuda,
                   "envforge builds images for NVIDIA GPUs; expected auto, cu126 or \"12.6\"");
  }
  return refusal(ErrorCode::kWrongValue, "cuda", cuda,
                 "expected auto, a variant such as cu126, or a toolkit such as \"12.6\"");
}

Checked check_gpu(std::string_view gpu) {
  constexpr std::size_t kLongest = 64;
  if (!gpu.empty() && gpu.size() <= kLongest && alnum(gpu.front()) && gpu.back() != ' ' &&
      only(gpu, alnum, " -._()/+")) {
    return std::nullopt;
  }
  return refusal(ErrorCode::kBadName, "gpu", gpu,
                 "expected a GPU's name: at most 64 letters, digits, spaces and - . _ ( ) / +",
                 "as nvidia-smi prints it, or A100, \"RTX 5090\", sm_90, \"9.0\"");
}

Checked check_driver(std::string_view driver) {
  const std::string_view branch = driver.substr(driver.empty() || driver.front() != 'R' ? 0 : 1);
  if (branch.size() == 3 && digits(branch, 3)) return std::nullopt;
  const auto parts = support::split(driver, '.');
  const bool numbers = std::all_of(parts.begin(), parts.end(), [](const auto& part) { return digits(part, 4); });
  if (numbers && parts.size() >= 2 && parts.size() <= 3 && parts[0].size() == 3 && versions::Version::parse(driver)) {
    return std::nullopt;
  }
  return refusal(ErrorCode::kWrongValue, "driver", driver,
                 "expected the version of the driver, such as \"550.90.07\", or its branch, such as R550",
                 "`nvidia-smi --query-gpu=driver_version --format=csv,noheader` prints it");
}

Checked check_pool_name(std::string_view name) {
  constexpr std::size_t kLongest = 32;
  const auto fits = [](char c) { return lower(c) || digit(c); };
  if (!name.empty() && name.size() <= kLongest && fits(name.front()) && only(name, fits, "-")) return std::nullopt;
  return refusal(ErrorCode::kBadName, "pool", name, "expected at most 32 lower-case letters, digits and '-'");
}

Checked check_deb_name(std::string_view name) {
  constexpr std::size_t kLongest = 100;
  const auto fits = [](char c) { return lower(c) || digit(c); };
  if (name.size() >= 2 && name.size() <= kLongest && fits(name.front()) && name.back() != '-' &&
      only(name, fits, "+-.")) {
    return std::nullopt;
  }
  return refusal(ErrorCode::kBadName, "apt package", name,
                 "expected a Debian package name: lower-case letters, digits and + - ., the first a letter or digit, "
                 "the last not '-' (apt would remove the package)");
}

Checked check_deb_version(std::string_view version) {
  constexpr std::size_t kLongest = 100;
  const auto colon = version.find(':');
  const auto upstream = colon == std::string_view::npos ? version : version.substr(colon + 1);
  const bool epoch = colon == std::string_view::npos || digits(version.substr(0, colon), 9);
  if (epoch && version.size() <= kLongest && !upstream.empty() && digit(upstream.front()) &&
      only(upstream, alnum, ".+-~")) {
    return std::nullopt;
  }
  return refusal(ErrorCode::kBadName, "Debian version", version, "expected [EPOCH:]VERSION, such as 1:2.39.2-1.1");
}

Checked check_apt(std::string_view package) {
  const auto equals = package.find('=');
  if (package.find('/') != std::string_view::npos) {
    return refusal(ErrorCode::kBadName, "apt package", package,
                   "a path or a suite (NAME/SUITE) is refused; expected NAME or NAME=VERSION");
  }
  if (equals == std::string_view::npos && package.find(':') != std::string_view::npos) {
    return refusal(ErrorCode::kBadName, "apt package", package,
                   "an architecture (NAME:ARCH) is refused; the platform decides it");
  }
  if (auto refused = check_deb_name(package.substr(0, equals))) return refused;
  return equals == std::string_view::npos ? std::nullopt : check_deb_version(package.substr(equals + 1));
}

Checked check_user_name(std::string_view name) {
  constexpr std::size_t kLongest = 32;
  if (name == "root") {
    return refusal(ErrorCode::kRefusedUser, "user", name,
                   "root is refused: a process that leaves the container would be root on the host, and clusters that "
                   "require non-root containers could not run the image");
  }
  if (std::find(kSystemUsers.begin(), kSystemUsers.end(), name) != kSystemUsers.end()) {
    return refusal(ErrorCode::kRefusedUser, "user", name, "the base has this user already, for the system's own use");
  }
  const auto first = [](char c) { return lower(c) || c == '_'; };
  const auto other = [](char c) { return lower(c) || digit(c); };
  if (!name.empty() && name.size() <= kLongest && first(name.front()) && only(name, other, "_-")) return std::nullopt;
  return refusal(ErrorCode::kBadName, "user", name,
                 "expected at most 32 lower-case letters, digits, '_' and '-', the first a letter or '_'");
}

Checked check_uid(std::int64_t uid) {
  constexpr std::int64_t kLeast = 100;
  constexpr std::int64_t kMost = 60000;
  const std::string text = std::to_string(uid);
  if (uid == 0) {
    return refusal(ErrorCode::kRefusedUser, "uid", text,
                   "root is refused: a process that leaves the container would be root on the host");
  }
  if (uid >= kLeast && uid <= kMost) return std::nullopt;
  return refusal(ErrorCode::kRefusedUser, "uid", text,
                 "expected 100 to 60000; 1 to 99 belong to the base's system users, above lie special ones");
}

Checked check_check_id(std::string_view id) {
  constexpr std::size_t kLongest = 64;
  const auto fits = [](char c) { return lower(c) || digit(c); };
  const auto parts = support::split(id, '.');
  const bool shaped =
      id.size() <= kLongest && parts.size() <= 2 && std::all_of(parts.begin(), parts.end(), [&](const auto& part) {
        return !part.empty() && lower(part.front()) && only(part, fits, "-_");
      });
  if (shaped) return std::nullopt;
  return refusal(ErrorCode::kBadName, "check", id,
                 "expected a check group such as cublas, or a check such as cublas.gemm-exact");
}

Checked check_sha256(std::string_view digest, bool prefixed) {
  std::string_view hex = digest;
  const bool has = support::starts_with(hex, "sha256:");
  if (has) hex = hex.substr(7);
  if (has == prefixed && hex.size() == 64 && only(hex, hex_lower)) return std::nullopt;
  return refusal(ErrorCode::kBadName, "digest", digest,
                 prefixed ? "expected sha256: and 64 lower-case hex digits" : "expected 64 lower-case hex digits");
}

}  // namespace envforge::documents
