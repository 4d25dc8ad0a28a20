// PEP 508, its URL form only with a hash, and what else may stand where a Python project is named.
#include <algorithm>
#include <array>
#include <cctype>

#include <envforge/versions/marker.hpp>
#include <envforge/versions/package_name.hpp>

#include "grammar_text.hpp"

namespace envforge::documents {
namespace {

using grammar::alnum;
using grammar::digit;
using grammar::only;
using grammar::refusal;
using support::ErrorCode;

constexpr std::array<std::string_view, 4> kVersionControl{"git+", "hg+", "svn+", "bzr+"};

bool space(char c) {
  return c == ' ';
}

// A cursor over the requirement. Every step returns false when the text does not go on as the grammar says.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  void skip() {
    while (!text_.empty() && space(text_.front())) text_.remove_prefix(1);
  }
  bool done() {
    skip();
    return text_.empty();
  }
  bool take(std::string_view word) {
    skip();
    if (!support::starts_with(text_, word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  template <class Is>
  std::string_view run(Is is) {
    skip();
    std::size_t length = 0;
    while (length < text_.size() && is(text_[length])) ++length;
    const auto taken = text_.substr(0, length);
    text_.remove_prefix(length);
    return taken;
  }
  std::string_view rest() {
    skip();
    return text_;
  }

 private:
  std::string_view text_;
};

bool identifier(std::string_view text) {
  return !text.empty() && alnum(text.front()) && alnum(text.back());
}

bool name(Cursor& cursor) {
  return identifier(cursor.run([](char c) { return alnum(c) || c == '.' || c == '_' || c == '-'; }));
}

bool extras(Cursor& cursor) {
  if (!cursor.take("[")) return true;
  if (cursor.take("]")) return true;
  do {
    if (!name(cursor)) return false;
  } while (cursor.take(","));
  return cursor.take("]");
}

bool one_specifier(Cursor& cursor) {
  const auto op = cursor.run([](char c) { return c == '=' || c == '<' || c == '>' || c == '!' || c == '~'; });
  constexpr std::array<std::string_view, 8> kOps{"==", "!=", "<=", ">=", "<", ">", "~=", "==="};
  if (std::find(kOps.begin(), kOps.end(), op) == kOps.end()) return false;
  const auto version = cursor.run(
      [](char c) { return alnum(c) || c == '.' || c == '*' || c == '+' || c == '!' || c == '-' || c == '_'; });
  const auto star = version.find('*');
  const bool star_fits =
      star == std::string_view::npos ||
      (star + 1 == version.size() && support::ends_with(version, ".*") && (op == "==" || op == "!="));
  return !version.empty() && (digit(version.front()) || version.front() == 'v') && star_fits;
}

bool specifiers(Cursor& cursor) {
  const bool parenthesis = cursor.take("(");
  const auto next = cursor.rest();
  if (next.empty() || next.front() == ';' || next.front() == ')') return parenthesis ? cursor.take(")") : true;
  do {
    if (!one_specifier(cursor)) return false;
  } while (cursor.take(","));
  return !parenthesis || cursor.take(")");
}

// Nothing, or ';' and a marker.
bool ends_with_marker(Cursor& cursor) {
  return cursor.done() || (cursor.take(";") && versions::Marker::parse(cursor.rest()));
}

Checked refused_form(std::string_view text) {
  const auto refuse = [&](std::string_view why, std::string hint) {
    return refusal(ErrorCode::kBadRequirement, "requirement", text, why, std::move(hint));
  };
  const std::string_view plain = text.substr(0, text.find(';'));  // a marker may hold any text
  if (support::starts_with(text, "-") || plain.find(" -") != std::string_view::npos) {
    return refuse("an option of pip is refused: it would change where packages come from, outside the lock's sight",
                  "indexes and wheel folders stand in the site configuration; name only the project here");
  }
  const std::string own = "put a wheel of your own into the wheel folder (--wheels)";
  if (plain.find("://") != std::string_view::npos || plain.find('@') != std::string_view::npos) {
    return refuse("a URL needs a name before it and a hash behind it: NAME @ https://HOST/FILE.whl#sha256=DIGEST",
                  "sha256sum of the wheel gives the digest; or " + own);
  }
  const bool path = text.find('/') != std::string_view::npos || text.find('\\') != std::string_view::npos ||
                    support::starts_with(text, ".") || support::starts_with(text, "~") ||
                    support::ends_with(text, ".whl") || support::ends_with(text, ".tar.gz") ||
                    support::ends_with(text, ".zip");
  const bool in_marker = text.find(';') != std::string_view::npos;
  if (path && !in_marker) {
    return refuse(
        "a local path is refused: an image made from it could not be made again elsewhere",
        "name the project and its version; a source beside the recipe stands under packages.build, a wheel of "
        "your own in the wheel folder (--wheels)");
  }
  return std::nullopt;
}

// A version control address; a marker may hold any text.
bool names_repository(std::string_view requirement) {
  const auto plain = requirement.substr(0, requirement.find(';'));
  return std::any_of(kVersionControl.begin(), kVersionControl.end(),
                     [&](std::string_view system) { return plain.find(system) != std::string_view::npos; });
}

// The address in "NAME @ ADDRESS; MARKER" or in "ADDRESS; MARKER"; "" where there is none.
std::string_view address_in(std::string_view requirement) {
  const auto plain = requirement.substr(0, requirement.find(';'));
  const auto at = plain.find("http");
  if (at == std::string_view::npos || plain.find("://", at) == std::string_view::npos) return "";
  const auto before = support::trim(plain.substr(0, at));
  return before.empty() || support::ends_with(before, "@") ? plain.substr(at) : "";
}

// The wheel of torch, torchvision or torchaudio that is named by its address.
std::optional<versions::WheelName> torch_by_address(std::string_view requirement) {
  auto wheel = versions::wheel_name(support::trim(address_in(requirement)));
  const bool family =
      wheel && (wheel->project == "torch" || wheel->project == "torchvision" || wheel->project == "torchaudio");
  return family ? wheel : std::nullopt;
}

// A lock has torch by version and CUDA variant, which the resolver chooses together with everything else.
Checked refused_torch(std::string_view requirement) {
  const auto wheel = torch_by_address(requirement);
  if (!wheel) return std::nullopt;
  const auto plus = wheel->version.find('+');
  const std::string version = wheel->version.substr(0, plus);
  const std::string build = plus == std::string::npos ? "" : wheel->version.substr(plus + 1);
  const bool cuda = support::starts_with(build, "cu") && grammar::digits(build.substr(2));
  std::string hint = "write `" + wheel->project + "==" + version + "` in its place";
  if (wheel->project == "torch")
    hint = "leave the line out and write `torch: {version: \"" + version + "\"" + (cuda ? ", cuda: " + build : "") +
           "}` in the recipe";
  return refusal(ErrorCode::kBadRequirement, "requirement", requirement,
                 "a lock takes " + wheel->project +
                     " by its version, from PyPI or from PyTorch's index of the CUDA variant, never from an address",
                 std::move(hint));
}

// What stands behind "NAME @": the address of a wheel of that project, by its hash, and a marker.
Checked direct_reference(std::string_view requirement, std::string_view project, std::string_view address) {
  const auto refuse = [&](std::string_view why, std::string hint = {}) {
    return refusal(ErrorCode::kBadRequirement, "requirement", requirement, why, std::move(hint));
  };
  constexpr std::string_view kHash = "#sha256=";
  constexpr std::size_t kDigits = 64;
  const auto hash = address.find(kHash);
  if (hash == std::string_view::npos) {
    return refuse("a URL without a hash: what lies there tomorrow may be something else",
                  "add #sha256=DIGEST; sha256sum of the file gives it");
  }
  const auto url = address.substr(0, hash);
  const auto digest = address.substr(hash + kHash.size(), kDigits);
  if (check_sha256(digest, false)) return refuse("the hash is no sha256 of 64 digits 0-9 a-f");
  if (!only(url, alnum, "-_./@+:")) {
    return refuse("the address may hold letters, digits and - _ . / @ + : only",
                  url.find("%2") == std::string_view::npos ? "" : "write + for %2B: the address is the same");
  }
  if (const auto refused = check_url(url, "url")) return refuse(refused->message, refused->hint);
  const auto file = url.substr(url.rfind('/') + 1);
  if (!support::ends_with(file, ".whl")) {
    return refuse("the address is of no wheel, and envforge runs no package's code on this machine to build one",
                  "give the address of a .whl");
  }
  if (check_wheel_filename(file) ||
      versions::normal_name(file.substr(0, file.find('-'))) != versions::normal_name(project)) {
    return refuse("the file at that address is no wheel of '" + std::string(project) + "'");
  }
  Cursor rest(address.substr(hash + kHash.size() + kDigits));
  if (!ends_with_marker(rest)) return refuse("expected nothing or a marker behind the hash");
  return std::nullopt;
}

}  // namespace

bool is_torch_of_other_systems(std::string_view requirement) {
  const auto semicolon = requirement.find(';');
  if (semicolon == std::string_view::npos || !torch_by_address(requirement)) return false;
  const auto marker = versions::Marker::parse(requirement.substr(semicolon + 1));
  return marker && marker->holds(versions::image_marker_values("", "")) == versions::Truth::kNo;
}

Checked check_pip_entry(std::string_view requirement) {
  if (auto refused = check_requirement(requirement)) return refused;
  const std::string project = versions::requirement_name(requirement);
  for (const std::string_view family : {"torch", "torchvision", "torchaudio"}) {
    if (project != family) continue;
    return refusal(ErrorCode::kBadRequirement, "requirement", requirement,
                   "the torch family is decided under `torch`, together with CUDA and the target",
                   family == "torch" ? "write its version under `torch`"
                                     : "write `torch: {include: [" + std::string(family) + "]}`");
  }
  return std::nullopt;
}

Checked check_requirement(std::string_view requirement) {
  constexpr std::size_t kLongest = 512;
  if (requirement.size() > kLongest) {
    return refusal(ErrorCode::kBadRequirement, "requirement", requirement, "longer than 512 characters");
  }
  if (auto refused = refused_torch(requirement)) return refused;
  Cursor direct(requirement);
  const auto named = direct.run([](char c) { return alnum(c) || c == '.' || c == '_' || c == '-'; });
  if (identifier(named) && extras(direct) && direct.take("@") && support::starts_with(direct.rest(), "http"))
    return direct_reference(requirement, named, direct.rest());
  if (names_repository(requirement)) return check_git_source(requirement);
  if (auto refused = refused_form(requirement)) return refused;
  Cursor cursor(requirement);
  if (!name(cursor) || !extras(cursor) || !specifiers(cursor) || !ends_with_marker(cursor)) {
    return refusal(ErrorCode::kBadRequirement, "requirement", requirement,
                   "expected a project's name with optional extras, versions and marker (PEP 508)");
  }
  return std::nullopt;
}

}  // namespace envforge::documents
