// What stands against each member of a conflict, told in terms of the candidates that the other members leave.
#include <algorithm>
#include <set>

#include <envforge/compat/base_names.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/python_name.hpp>

#include "answer.hpp"
#include "part_rules.hpp"

namespace envforge::resolve {
namespace {

using compat::cite;
using versions::Version;

constexpr const char* kUsualPlatform = "linux/amd64";

// "2.1.0", "2.1.0 and 2.1.1", "2.1.0 to 2.5.1".
std::string list_or_span(const std::vector<std::string>& oldest_first) {
  if (oldest_first.size() == 1) return oldest_first.front();
  if (oldest_first.size() > 4) return oldest_first.front() + " to " + oldest_first.back();
  std::vector<std::string> head(oldest_first.begin(), oldest_first.end() - 1);
  return support::join(head, ", ") + " and " + oldest_first.back();
}

class ItemMaker {
 public:
  ItemMaker(const Problem& problem, const Search& search, const std::vector<std::size_t>& conflict)
      : problem_(problem), search_(search), conflict_(conflict) {}

  ConflictItem make(std::size_t constraint) const;

 private:
  bool has_kind(ConstraintKind kind) const {
    return std::any_of(conflict_.begin(), conflict_.end(),
                       [&](std::size_t i) { return problem_.constraints[i].kind == kind; });
  }
  bool only_other_is(std::size_t constraint, ConstraintKind kind) const {
    return conflict_.size() == 2 && problem_.constraints[conflict_[conflict_[0] == constraint ? 1 : 0]].kind == kind;
  }
  template <class Part>
  std::vector<std::string> distinct(const std::vector<Candidate>& left, Part&& part) const {
    std::set<Version> versions;
    for (const Candidate& candidate : left) versions.insert(Version::of(part(candidate)));
    std::vector<std::string> texts;
    for (const Version& version : versions) texts.push_back(version.text());
    return texts;
  }
  std::string torches(const std::vector<Candidate>& left) const {
    return list_or_span(distinct(left, [&](const Candidate& c) { return problem_.option(c).release->version; }));
  }
  std::string cudas(const std::vector<Candidate>& left) const {
    return list_or_span(distinct(left, [&](const Candidate& c) { return problem_.option(c).build->cuda; }));
  }
  std::string names(const std::vector<Candidate>& left) const;
  Fact torch_fact(std::size_t constraint, const std::vector<Candidate>& left) const;
  Fact cuda_fact(std::size_t constraint, const std::vector<Candidate>& left) const;
  Fact no_python_fact(const std::string& python) const;
  std::string archive_trouble(const PythonOffer* offer, const compat::Base& base) const;
  Fact python_fact(const Wish& wish, const std::vector<Candidate>& left) const;
  Fact base_fact(const Wish& wish, const std::vector<Candidate>& left) const;
  Fact wheel_fact(const std::vector<Candidate>& left, const std::string& python) const;
  Fact part_fact_of(const Constraint& constraint, const std::vector<Candidate>& left) const;

  const Problem& problem_;
  const Search& search_;
  const std::vector<std::size_t>& conflict_;
};

std::string ItemMaker::names(const std::vector<Candidate>& left) const {
  std::vector<std::string> found;
  for (const compat::Base& base : problem_.knowledge->tables().bases) {
    const bool is_left = std::any_of(left.begin(), left.end(), [&](const Candidate& c) { return c.base == &base; });
    if (is_left) found.push_back(std::string(base.name));
  }
  return support::join(found, ", ");
}

Fact ItemMaker::torch_fact(std::size_t constraint, const std::vector<Candidate>& left) const {
  const auto& range = problem_.spec->torch.version.value;
  const auto& options = problem_.options();
  const bool known = std::any_of(options.begin(), options.end(),
                                 [&](const BuildOption& option) { return range.contains(option.torch); });
  if (!known && range.is_empty()) return {"no version can be in '" + range.text() + "'", "", false};
  if (const auto plus = range.text().find("+cu"); !known && plus != std::string::npos) {
    std::string version = range.text().substr(0, plus);
    version.erase(0, version.find_first_not_of("= "));
    return {"that names a build; in a recipe it is version: \"" + version +
                "\" with cuda: " + range.text().substr(plus + 1),
            "", false};
  }
  if (!known) {
    return {"torch '" + range.text() + "' is not known to the data of " + problem_.knowledge->as_of() + "; " +
                nearest_known(*problem_.knowledge, range),
            cite(nearest_release(*problem_.knowledge, range).evidence), true};
  }
  const BuildOption& first = problem_.option(left.front());
  const std::string source = cite(first.build->evidence);
  const std::string found = torches(left);
  if (only_other_is(constraint, ConstraintKind::kCudaVariant)) {
    return {"builds for CUDA " + first.cuda.text() + " are known of torch " + found, source};
  }
  if (only_other_is(constraint, ConstraintKind::kGpuCode)) {
    const Constraint& other = problem_.constraints[conflict_[conflict_[0] == constraint ? 1 : 0]];
    std::vector<Candidate> serving = left;
    std::erase_if(
        serving, [&](const Candidate& c) { return platform_of(*problem_.option(c).build, other.platform) == nullptr; });
    const std::string gpu = describe_gpu(problem_.gpus[other.gpu]);
    const std::string on = other.platform == kUsualPlatform ? "" : " on " + other.platform;
    if (serving.empty()) return {"no torch of the data is known to have code for " + gpu + on, source};
    return {gpu + on + " is served by torch " + torches(serving),
            cite(problem_.option(serving.front()).build->evidence)};
  }
  return {"the other lines here leave torch " + found, source};
}

Fact ItemMaker::cuda_fact(std::size_t constraint, const std::vector<Candidate>& left) const {
  const Wish& wish = problem_.wishes[problem_.constraints[constraint].wishes[0]];
  const auto& options = problem_.options();
  const bool known = std::any_of(options.begin(), options.end(),
                                 [&](const BuildOption& option) { return is_cuda(option, wish.value); });
  if (!known) {
    const auto version = Version::parse(wish.value);
    if (const auto* never = version ? problem_.knowledge->not_published(*version) : nullptr) {
      return {std::string(never->fact), cite(never->evidence)};
    }
    return {"no torch build for CUDA '" + wish.value + "' is known to the data of " + problem_.knowledge->as_of(), "",
            true};
  }
  const BuildOption& first = problem_.option(left.front());
  if (only_other_is(constraint, ConstraintKind::kTorchVersion)) {
    const bool one = torches(left).find(' ') == std::string::npos;
    return {"torch " + torches(left) + (one ? " is" : " are") + " built for CUDA " + cudas(left),
            cite(first.build->evidence)};
  }
  return {"the other lines here leave CUDA " + cudas(left), cite(first.build->evidence)};
}

// No base with this Python is left, though the data has one: the wheels are not made for it.
Fact ItemMaker::wheel_fact(const std::vector<Candidate>& left, const std::string& python) const {
  const BuildOption& option = problem_.option(left.front());
  const bool free = versions::is_free_threaded(python);
  const compat::Names have = free ? option.build->free_threaded : option.build->python;
  if (have.empty())
    return {"no wheel for a Python without a GIL is known of " + describe_build(option), cite(option.build->evidence)};
  if (have.size() == 1)
    return {describe_build(option) + " has wheels for Python " + std::string(have.front()) + ", not for " + python,
            cite(option.build->evidence)};
  return {describe_build(option) + " has wheels for Python " + std::string(have.front()) + " to " +
              std::string(have.back()) + ", not for " + python,
          cite(option.build->evidence)};
}

// No base that the data knows has this Python, and no archive of the site.
Fact ItemMaker::no_python_fact(const std::string& python) const {
  const auto& all = problem_.knowledge->tables().bases;
  std::vector<std::string> bases;
  for (const compat::Base& base : all) bases.push_back(std::string(base.name) + " has " + std::string(base.python));
  std::string text = "no base that the data knows has Python " + python + " (" + support::join(bases, ", ") +
                     "), and the site configuration has no archive of it";
  std::vector<Candidate> wheels;
  for (std::size_t i = 0; i < problem_.options().size(); ++i) {
    const compat::Names free = problem_.options()[i].build->free_threaded;
    if (std::find(free.begin(), free.end(), python) != free.end()) wheels.push_back({i, nullptr, {}, nullptr});
  }
  if (!wheels.empty()) text += "; wheels for it are known of torch " + torches(wheels);
  return {text, cite(all.front().evidence), true};
}

// Why the archives of the site do not give `base` the Python; "" where they do, or the site has none.
std::string ItemMaker::archive_trouble(const PythonOffer* offer, const compat::Base& base) const {
  if (offer == nullptr) return "";
  for (const std::string& platform : problem_.spec->platforms) {
    const auto archive = offer->archives.find(platform);
    if (archive == offer->archives.end())
      return "the site configuration has no archive of Python " + offer->name + " for " + platform;
    const auto& newest = *archive->second.front();
    if (archive_for(*offer, platform, base) == nullptr)
      return "the site's archive of Python " + newest.version + " needs glibc " + newest.glibc + ", and " +
             std::string(base.name) + " has " + std::string(base.glibc);
  }
  return "";
}

Fact ItemMaker::python_fact(const Wish& wish, const std::vector<Candidate>& left) const {
  const auto& all = problem_.knowledge->tables().bases;
  const bool known =
      std::any_of(all.begin(), all.end(), [&](const compat::Base& base) { return base.python == wish.value; });
  const PythonOffer* offer = problem_.offers->python(wish.value);
  if (!known && offer == nullptr) return no_python_fact(wish.value);
  const compat::Base& base = *left.front().base;
  const std::string trouble = archive_trouble(offer, base);
  const bool one_base = names(left).find(',') == std::string::npos;
  if (one_base && (offer == nullptr || !trouble.empty()) && base.python != wish.value) {
    return {
        std::string(base.name) + " has Python " + std::string(base.python) + (trouble.empty() ? "" : "; ") + trouble,
        cite(base.evidence)};
  }
  if (!known && !trouble.empty()) return {trouble, cite(base.evidence)};
  const compat::Names of_wheels = problem_.option(left.front()).build->python;
  if (std::find(of_wheels.begin(), of_wheels.end(), wish.value) != of_wheels.end())
    return {"the other lines here leave " + names(left), cite(left.front().base->evidence)};
  return wheel_fact(left, wish.value);
}

Fact ItemMaker::base_fact(const Wish& wish, const std::vector<Candidate>& left) const {
  const compat::Base* base = problem_.knowledge->base(wish.value);
  const compat::Base& other = *left.front().base;
  if (const auto none = compat::other_base(*problem_.knowledge, wish.value)) {
    return {none->text + (none->hint.empty() ? "" : "; " + none->hint),
            none->source.empty() ? cite(other.evidence) : none->source, none->unknown};
  }
  if (has_kind(ConstraintKind::kPython)) {
    std::vector<Candidate> own = left;
    std::erase_if(own, [](const Candidate& candidate) { return candidate.archive != nullptr; });
    if (!own.empty())
      return {"Python " + std::string(own.front().python) + " is that of " + names(own),
              cite(own.front().base->evidence)};
    const std::string trouble = archive_trouble(left.front().archive, *base);
    return {(trouble.empty() ? "the other lines here leave Python " + std::string(left.front().python) +
                                   " of the site's archives on " + names(left)
                             : trouble),
            cite(base->evidence)};
  }
  if (!base->gcc.empty() && has_kind(ConstraintKind::kCudaCompiler)) {
    return {
        std::string(base->name) + " has g++ " + std::string(base->gcc) + "; the other lines here leave " + names(left),
        cite(base->evidence)};
  }
  const compat::Names python_of_wheels = problem_.option(left.front()).build->python;
  if (std::find(python_of_wheels.begin(), python_of_wheels.end(), base->python) != python_of_wheels.end()) {
    return {std::string(base->name) + " has Python " + std::string(base->python) + "; the other lines here leave " +
                names(left),
            cite(base->evidence)};
  }
  const Fact wheels = wheel_fact(left, std::string(base->python));
  return {std::string(base->name) + " has Python " + std::string(base->python) + "; " + wheels.text, wheels.source};
}

Fact ItemMaker::part_fact_of(const Constraint& constraint, const std::vector<Candidate>& left) const {
  const PartWish& wish = *problem_.wishes[constraint.wishes[0]].part;
  const auto versions_in = [&](const std::vector<Candidate>& among) {
    std::vector<Candidate> having = among;
    std::erase_if(having, [&](const Candidate& candidate) {
      const BuildOption& option = problem_.option(candidate);
      return is_for_another_cuda(wish, option) || version_of_part(option, wish.part).empty();
    });
    return distinct(having, [&](const Candidate& c) { return version_of_part(problem_.option(c), wish.part); });
  };
  const auto& all = problem_.candidates;
  const bool known = std::any_of(all.begin(), all.end(), [&](const Candidate& candidate) {
    return part_fit(wish, candidate, problem_.option(candidate)) == Fit::kYes;
  });
  if (!known && !wish.variant.empty()) {
    const auto meant = std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) {
      const BuildOption& option = problem_.option(candidate);
      const auto version = Version::parse(version_of_part(option, wish.part));
      return option.build->cuda_variant == wish.variant && version && wish.range.contains(*version);
    });
    if (meant != all.end()) return why_not(problem_, constraint, *meant);
  }
  const std::string none = "no torch build with it is known to the data of " + problem_.knowledge->as_of();
  if (!known && wish.part == "torch") return {none + "; " + nearest_known(*problem_.knowledge, wish.range), "", true};
  if (!known) return {none + "; known are " + support::join(versions_in(all), ", "), "", true};
  const auto versions = versions_in(left);
  const auto is_open = [&](const Candidate& candidate) { return counts(wish, candidate) == versions::Truth::kUnknown; };
  if (versions.size() > 1 && wish.variant.empty() && std::none_of(left.begin(), left.end(), is_open))
    return {"the other lines here leave " + wish.part + " " + list_or_span(versions) +
                (wish.part == "torch" ? "" : "; " + std::string(kNothingElse)),
            cite(problem_.option(left.front()).build->evidence)};
  Fact fact = why_not(problem_, constraint, left.front());
  fact.unknown = check(problem_, constraint, left.front()) == Fit::kUnknown;
  return fact;
}

ConflictItem ItemMaker::make(std::size_t constraint) const {
  const Constraint& row = problem_.constraints[constraint];
  ConflictItem item;
  for (const std::size_t i : row.wishes) {
    const Wish& wish = problem_.wishes[i];
    if (wish.kind == WishKind::kPlatform && row.kind == ConstraintKind::kGpuCode &&
        problem_.spec->platforms == std::vector<std::string>{kUsualPlatform})
      continue;  // it goes without saying
    if (wish.kind == WishKind::kBuild) {
      for (const auto* build : compiled_builds(*problem_.spec)) {
        if (row.pool && !is_compiled_for(*build, problem_.spec->pools[*row.pool].name)) continue;
        item.wishes.push_back(word_of(wish) + " " + build->source.value);
        item.where.push_back(build->source.where);
      }
      continue;
    }
    std::string text = word_of(wish) + " " + wish.value;
    if (wish.kind == WishKind::kGpu || wish.kind == WishKind::kDriver) {
      text += " of pool '" + problem_.spec->pools[wish.pool].name + "'";
    }
    item.wishes.push_back(std::move(text));
    item.where.push_back(wish.where);
  }
  std::vector<Candidate> left = search_.all([&](std::size_t i) {
    return i != constraint && std::find(conflict_.begin(), conflict_.end(), i) != conflict_.end();
  });
  if (left.empty()) return item;  // the data offers nothing at all
  // The reader asks of the torch that the recipe has.
  const auto& range = problem_.spec->torch.version.value;
  std::stable_partition(left.begin(), left.end(),
                        [&](const Candidate& c) { return range.contains(problem_.option(c).torch); });
  const Wish& wish = problem_.wishes[row.wishes[0]];
  Fact fact;
  switch (row.kind) {
    case ConstraintKind::kTorchVersion:
      fact = torch_fact(constraint, left);
      break;
    case ConstraintKind::kCudaVariant:
      fact = cuda_fact(constraint, left);
      break;
    case ConstraintKind::kPython:
      fact = python_fact(wish, left);
      break;
    case ConstraintKind::kBase:
      fact = base_fact(wish, left);
      break;
    case ConstraintKind::kPart:
      fact = part_fact_of(row, left);
      break;
    case ConstraintKind::kDriverFloor: {
      // What would ask the least of the driver asks too much.
      const auto least = std::min_element(left.begin(), left.end(), [&](const Candidate& x, const Candidate& y) {
        return problem_.option(x).cuda < problem_.option(y).cuda;
      });
      fact = why_not(problem_, row, *least);
      fact.unknown = check(problem_, row, *least) == Fit::kUnknown;
      break;
    }
    default:
      fact = why_not(problem_, row, left.front());
      fact.unknown = check(problem_, row, left.front()) == Fit::kUnknown;
      break;
  }
  // Of a build that nothing else stands against nobody can say: then the whole is no no, whatever stands against
  // others.
  const auto open = search_.doubtful();
  if (open && !fact.unknown && check(problem_, row, *open) == Fit::kUnknown) {
    fact = both(std::move(fact), why_not(problem_, row, *open));
    fact.unknown = true;
  }
  item.fact = fact.text;
  item.source = fact.source;
  item.unknown = fact.unknown;
  return item;
}

}  // namespace

std::vector<ConflictItem> make_items(const Problem& problem, const Search& search,
                                     const std::vector<std::size_t>& conflict) {
  const ItemMaker maker(problem, search, conflict);
  std::vector<ConflictItem> items;
  for (const std::size_t constraint : conflict) items.push_back(maker.make(constraint));
  return items;
}

}  // namespace envforge::resolve
