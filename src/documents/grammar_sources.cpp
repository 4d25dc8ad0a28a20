// Where things come from and when: URLs, dates, names of wheels.
#include <algorithm>
#include <array>

#include <envforge/versions/date.hpp>

#include "grammar_text.hpp"

namespace envforge::documents {
namespace {

using grammar::alnum;
using grammar::digit;
using grammar::digits;
using grammar::only;
using grammar::refusal;
using support::ErrorCode;

struct Url {
  std::string_view scheme, user, host, rest;
};

// "" and the parts, or why `text` is no URL that may stand in a document.
std::string parse_url(std::string_view text, Url& out) {
  constexpr std::size_t kLongest = 2048;
  const auto end = text.find("://");
  if (end == std::string_view::npos || text.size() > kLongest) return "expected a URL";
  out.scheme = text.substr(0, end);
  if (out.scheme != "https" && out.scheme != "http") return "expected a URL that begins with https://";
  auto rest = text.substr(end + 3);
  auto authority = rest.substr(0, rest.find('/'));
  out.rest = rest.substr(authority.size());
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) out.user = authority.substr(0, at);
  if (at != std::string_view::npos) authority = authority.substr(at + 1);
  const bool v6 = !authority.empty() && authority.front() == '[';
  const auto close = v6 ? authority.find(']') : std::string_view::npos;
  if (v6 && close == std::string_view::npos) return "the host is no IPv6 address";
  const auto colon = authority.find(':', v6 ? close : 0);
  if (colon != std::string_view::npos && !digits(authority.substr(colon + 1), 5)) return "the port is no number";
  out.host = authority.substr(0, colon);
  const bool host_fits = v6 ? only(out.host, grammar::hex_lower, "[]:")
                            : !out.host.empty() && alnum(out.host.front()) && only(out.host, alnum, ".-");
  if (!host_fits) return "the host is no name or address";
  if (!only(out.rest, alnum, "/._-~+%=")) return "the path holds characters that mean something to a shell";
  if (out.rest.find("/../") != std::string_view::npos || support::ends_with(out.rest, "/..")) return "'..' is refused";
  return {};
}

bool loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || (support::starts_with(host, "127.") && only(host, digit, "."));
}

constexpr std::string_view kUserCharacters = ":._-~%!";
constexpr const char* kEscapeUser = "write special characters of the user or password as %XX";

}  // namespace

// Not only for URLs that parse: a refused one is shown in the error.
std::string masked(std::string_view url) {
  const auto start = url.find("://");
  const auto begin = start == std::string_view::npos ? 0 : start + 3;
  const auto at = url.rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  return std::string(url.substr(0, begin)) + "***" + std::string(url.substr(at));
}

Checked check_mirror_url(std::string_view url, std::string_view word) {
  Url parts;
  std::string trouble = parse_url(url, parts);
  if (trouble.empty() && !parts.user.empty())
    trouble = "credentials in a URL are refused: they would be shown and stored";
  if (trouble.empty()) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, word, masked(url), trouble, "such as https://mirror.example.com/path");
}

Checked check_index_url(std::string_view url, std::string_view word) {
  Url parts;
  std::string trouble = parse_url(url, parts);
  if (trouble.empty() && !only(parts.user, alnum, kUserCharacters)) trouble = kEscapeUser;
  if (!trouble.empty())
    return refusal(ErrorCode::kWrongValue, word, masked(url), trouble, "such as https://mirror.example.com/path");
  if (parts.scheme == "https" || loopback(parts.host)) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, word, masked(url),
                 "http is accepted from this machine (127.0.0.1, localhost) only", "use https");
}

Checked check_url(std::string_view url, std::string_view word) {
  if (auto refused = check_mirror_url(url, word)) return refused;
  return check_index_url(url, word);
}

Checked check_proxy_url(std::string_view url) {
  Url parts;
  std::string trouble = parse_url(url, parts);
  if (trouble.empty() && !only(parts.user, alnum, kUserCharacters)) trouble = kEscapeUser;
  if (trouble.empty()) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "proxy", masked(url), trouble, "such as http://proxy.example.com:3128");
}

Checked check_no_proxy(std::string_view list) {
  constexpr std::size_t kLongest = 4096;
  if (!list.empty() && list.size() <= kLongest && only(list, alnum, "._-*,:/[] ")) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "no_proxy", list,
                 "expected hosts, domains and networks with commas between them",
                 "such as localhost,127.0.0.1,.example.com");
}

Checked check_program(std::string_view program) {
  if (!program.empty() && program.front() == '/') return check_host_path(program, "program");
  const bool name = !program.empty() && program.size() <= 64 && alnum(program.front()) && only(program, alnum, "._-+");
  if (name) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "program", program, "expected a name on PATH or an absolute path",
                 "such as /usr/bin/docker");
}

Checked check_docker_host(std::string_view address) {
  const auto end = address.find("://");
  const auto scheme = address.substr(0, end);
  const auto rest = end == std::string_view::npos ? std::string_view() : address.substr(end + 3);
  const bool unix_socket = scheme == "unix" && !rest.empty() && rest.front() == '/' && only(rest, alnum, "/._-+@");
  const bool remote = (scheme == "tcp" || scheme == "ssh") && !rest.empty() &&
                      (alnum(rest.front()) || rest.front() == '[') &&
                      only(rest, alnum, ".-_:[]" + std::string(scheme == "ssh" ? "@" : ""));
  if (unix_socket || remote) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "docker_host", address,
                 "expected unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST");
}

Checked check_exclude_newer(std::string_view date) {
  constexpr std::string_view kTime = "Tdd:dd:ddZ";
  const auto day = date.substr(0, date.find('T')), time = date.substr(day.size());
  const bool fits =
      time.size() == kTime.size() &&
      std::equal(time.begin(), time.end(), kTime.begin(), [](char c, char p) { return p == 'd' ? digit(c) : c == p; });
  const auto number = [&](std::size_t at) { return (time[at] - '0') * 10 + (time[at + 1] - '0'); };
  const bool real = time.empty() || (fits && number(1) < 24 && number(4) < 60 && number(7) < 60);
  if (real && versions::parse_day(day)) return std::nullopt;
  return refusal(ErrorCode::kWrongValue, "exclude_newer", date,
                 "expected a UTC date, such as 2026-11-01 or 2026-11-01T12:00:00Z");
}

Checked check_wheel_filename(std::string_view name) {
  constexpr std::size_t kLongest = 255;
  const auto fields = std::count(name.begin(), name.end(), '-');
  if (name.size() <= kLongest && support::ends_with(name, ".whl") && alnum(name.front()) &&
      only(name, alnum, "._-+!") && fields >= 4 && fields <= 5) {
    return std::nullopt;
  }
  return refusal(ErrorCode::kBadName, "wheel", name, "expected NAME-VERSION-PYTHON-ABI-PLATFORM.whl");
}

Checked check_python_name(std::string_view name) {
  constexpr std::size_t kLongest = 128;
  if (!name.empty() && name.size() <= kLongest && alnum(name.front()) && alnum(name.back()) && only(name, alnum, "._-"))
    return std::nullopt;
  return refusal(ErrorCode::kBadName, "Python project", name, "expected letters, digits and . _ -");
}

}  // namespace envforge::documents
