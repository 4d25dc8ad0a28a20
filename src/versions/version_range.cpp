#include <envforge/versions/version_range.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <envforge/support/text.hpp>

namespace envforge::versions {
namespace {

constexpr std::size_t kMaxLength = 256;

bool has_prefix(const Version& version, const Version& prefix) {
  for (std::size_t i = 0; i < prefix.release().size(); ++i) {
    if (version.part(i) != prefix.part(i)) return false;
  }
  return true;
}

bool same_release(const Version& a, const Version& b) {
  return has_prefix(a, b) && has_prefix(b, a);
}

bool is_plain(const Version& version) {
  return version.local().empty() && !version.is_prerelease() && version.text().find("post") == std::string::npos;
}

// "2.6.1" -> 2.6: what "~=2.6.1" holds fixed.
Version all_but_last(const Version& version) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i + 1 < version.release().size(); ++i) parts.push_back(std::to_string(version.part(i)));
  return Version::of(support::join(parts, "."));
}

}  // namespace

std::optional<VersionRange> VersionRange::parse(std::string_view text) {
  using Op = Clause::Op;
  static constexpr std::array<std::pair<std::string_view, Op>, 6> kOps{{{"==", Op::kEqual},
                                                                        {"!=", Op::kNotEqual},
                                                                        {"<=", Op::kLessEqual},
                                                                        {">=", Op::kGreaterEqual},
                                                                        {"<", Op::kLess},
                                                                        {">", Op::kGreater}}};
  VersionRange range;
  range.text_ = support::trim(text);
  if (range.text_.empty() || range.text_.size() > kMaxLength) return std::nullopt;
  if (range.text_ == "*") return range;
  for (const std::string& part : support::split(range.text_, ',')) {
    std::string rest = support::trim(part);
    const bool compatible = support::starts_with(rest, "~=");
    std::optional<Op> op;
    for (const auto& [sign, meaning] : kOps) {
      if (op || !support::starts_with(rest, sign)) continue;
      op = meaning;
      rest = support::trim(rest.substr(sign.size()));
    }
    if (compatible) rest = support::trim(rest.substr(2));
    const bool wildcard = support::ends_with(rest, ".*");
    if (wildcard) rest.resize(rest.size() - 2);
    auto version = Version::parse(rest);
    if (!version) return std::nullopt;
    if (wildcard) {
      const bool allowed = !compatible && (!op || *op == Op::kEqual || *op == Op::kNotEqual);
      if (!allowed || !is_plain(*version)) return std::nullopt;
      range.clauses_.push_back({op == Op::kNotEqual ? Op::kNotPrefix : Op::kPrefix, *std::move(version)});
    } else if (compatible) {
      if (version->release().size() < 2 || !version->local().empty()) return std::nullopt;
      range.clauses_.push_back({Op::kPrefix, all_but_last(*version)});
      range.clauses_.push_back({Op::kGreaterEqual, *std::move(version)});
    } else if (!op) {
      const bool short_form = version->release().size() < 3 && is_plain(*version);
      range.clauses_.push_back({short_form ? Op::kPrefix : Op::kEqual, *std::move(version)});
    } else {
      range.clauses_.push_back({*op, *std::move(version)});
    }
  }
  return range;
}

std::optional<VersionRange> VersionRange::parse_prefix(std::string_view text) {
  const std::string bare = support::trim(text);
  const auto version = bare.size() > kMaxLength ? std::nullopt : Version::parse(bare);
  if (!version || !is_plain(*version)) return parse(text);
  VersionRange range;
  range.text_ = bare;
  range.clauses_.push_back({Clause::Op::kPrefix, *version});
  return range;
}

VersionRange VersionRange::exactly(const Version& version) {
  VersionRange range;
  range.text_ = "==" + version.text();
  range.clauses_.push_back({Clause::Op::kEqual, version});
  return range;
}

bool VersionRange::contains(const Version& candidate) const {
  using Op = Clause::Op;
  for (const Clause& clause : clauses_) {
    const Version& bound = clause.version;
    // A bound without a local part speaks of every build of that version.
    const Version version = bound.local().empty() ? candidate.without_local() : candidate;
    bool fits = false;
    switch (clause.op) {
      case Op::kEqual:
        fits = version == bound;
        break;
      case Op::kNotEqual:
        fits = version != bound;
        break;
      case Op::kPrefix:
        fits = has_prefix(version, bound);
        break;
      case Op::kNotPrefix:
        fits = !has_prefix(version, bound);
        break;
      case Op::kLess:
        // "<2.7" means before 2.7 and its candidates: 2.7.0rc1 is not meant.
        fits = version < bound && (bound.is_prerelease() || !version.is_prerelease() || !same_release(version, bound));
        break;
      case Op::kLessEqual:
        fits = version <= bound;
        break;
      case Op::kGreater:
        // ">2.6.0" does not mean 2.6.0.post1.
        fits = version > bound && (!is_plain(bound) || !same_release(version, bound));
        break;
      case Op::kGreaterEqual:
        fits = version >= bound;
        break;
    }
    if (!fits) return false;
  }
  return true;
}

bool VersionRange::is_before(const Version& version) const {
  using Op = Clause::Op;
  return std::any_of(clauses_.begin(), clauses_.end(), [&](const Clause& clause) {
    switch (clause.op) {
      case Op::kEqual:
      case Op::kLessEqual:
        return clause.version < version;
      case Op::kPrefix:
        return clause.version < version && !has_prefix(version, clause.version);
      case Op::kLess:
        return clause.version <= version;
      default:
        return false;
    }
  });
}

bool VersionRange::is_empty() const {
  using Op = Clause::Op;
  return std::any_of(clauses_.begin(), clauses_.end(), [&](const Clause& lower) {
    if (lower.op == Op::kGreater) {
      const auto ends_here = [&](const Clause& c) { return c.op == Op::kLessEqual && c.version == lower.version; };
      if (std::any_of(clauses_.begin(), clauses_.end(), ends_here)) return true;
    }
    return (lower.op == Op::kGreaterEqual || lower.op == Op::kGreater || lower.op == Op::kEqual) &&
           is_before(lower.version);
  });
}

}  // namespace envforge::versions
