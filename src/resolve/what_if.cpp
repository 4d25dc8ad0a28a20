#include <envforge/resolve/what_if.hpp>

#include <algorithm>
#include <map>

#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/version_range.hpp>

#include "answer.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using support::Error;
using support::ErrorCode;
using versions::Version;
using versions::VersionRange;

const std::vector<std::string> kParts = {"torch",   "cuda",  "python", "base",   "platform",
                                         "variant", "cudnn", "nccl",   "cublas", "triton"};

// A library of the build: no word of the recipe asks for it.
bool is_library(const std::string& part) {
  return part == "cudnn" || part == "nccl" || part == "cublas" || part == "triton";
}

std::string_view library_of(const BuildOption& option, const std::string& part) {
  if (part == "cudnn") return option.build->cudnn;
  if (part == "nccl") return option.build->nccl;
  return part == "cublas" ? option.build->cublas : option.release->triton;
}

ImageSpec with_part(const ImageSpec& spec, const Question& question) {
  ImageSpec out = spec;
  const support::Where where{question.asked, 0, 0, {}};
  if (question.part == "torch") out.torch.version = {*VersionRange::parse(question.value), where};
  if (question.part == "cuda") out.torch.cuda = {question.value, where};
  if (question.part == "python") out.python = {question.value, where};
  if (question.part == "base") out.base = {question.value, where};
  if (question.part == "platform") out.platforms = {question.value};
  if (question.part == "variant") out.variant = {question.value, where};
  return out;
}

// The builds that are known to carry the library are the only candidates; the answer is one of them, or the constraints
// of the recipe that leave none.
Outcome with_library(const ImageSpec& spec, const std::shared_ptr<Offers>& offers, const Question& question) {
  Problem problem = make_problem(spec, offers);
  const compat::Knowledge& knowledge = offers->knowledge();
  const VersionRange range = *VersionRange::parse(question.value);
  std::map<Version, std::string> known;
  for (const BuildOption& option : problem.options()) {
    if (const auto version = Version::parse(library_of(option, question.part))) known.emplace(*version, "");
  }
  std::erase_if(problem.candidates, [&](const Candidate& candidate) {
    const auto version = Version::parse(library_of(problem.option(candidate), question.part));
    return !version || !range.contains(*version);
  });
  Conflict conflict;
  conflict.data_as_of = knowledge.as_of();
  if (problem.candidates.empty()) {
    std::vector<std::string> versions;
    for (const auto& entry : known) versions.push_back(entry.first.text());
    conflict.items.push_back({{question.part + " " + question.value},
                              {support::Where{question.asked, 0, 0, {}}},
                              "no torch build with it is known to the data of " + knowledge.as_of() + "; known are " +
                                  support::join(versions, ", "),
                              "",
                              true});
    return conflict;
  }
  const Search search(problem, std::nullopt);
  if (const auto found = search.best()) {
    ImageSpec pinned = spec;
    pinned.torch.version.value = VersionRange::exactly(problem.option(*found).torch);
    pinned.torch.cuda.value = problem.option(*found).build->cuda_variant;
    return resolve_on(offers, pinned, std::nullopt);
  }
  const auto core = search.minimal_conflict();
  conflict.items = make_items(problem, search, core);
  conflict.hints = make_hints(problem, search);
  const BuildOption& carrier = problem.option(search.all([](std::size_t) { return false; }).front());
  conflict.hints.push_back(question.part + " " + question.value + " comes with " + describe_build(carrier) +
                           " and is a part of that build");
  return conflict;
}

bool has_part(const Solution& solution, const ImageSpec& spec, const Question& question) {
  if (question.part == "variant") return spec.variant.value == question.value;
  if (question.part == "base") return solution.base == question.value;
  if (question.part == "platform") {
    return solution.platforms.size() == 1 && solution.platforms.front().platform == question.value;
  }
  const PlatformSolution& first = solution.platforms.front();
  if (question.part == "cuda") return first.cuda == question.value || first.cuda_variant == question.value;
  const auto is_in = [&](const std::string& version) {
    const auto parsed = Version::parse(version);
    return parsed && VersionRange::parse(question.value)->contains(*parsed);
  };
  if (question.part == "torch") return is_in(first.torch);
  if (question.part == "python") return first.python == question.value;
  if (question.part == "cudnn") return is_in(first.cudnn);
  if (question.part == "nccl") return is_in(first.nccl);
  return is_in(question.part == "cublas" ? first.cublas : first.triton);
}

std::map<std::string, std::pair<std::string, std::string>> parts_of(const Outcome& outcome) {
  std::map<std::string, std::pair<std::string, std::string>> parts;
  const auto* solution = std::get_if<Solution>(&outcome);
  if (solution == nullptr) return parts;
  parts["base"] = {solution->base, ""};
  for (const auto& choice : solution->platforms.front().choices)
    parts[choice.component] = {choice.version, choice.source};
  return parts;
}

std::vector<PartChange> changes_between(const Outcome& now, const Outcome& asked) {
  std::vector<PartChange> changes;
  auto from = parts_of(now);
  auto to = parts_of(asked);
  for (const char* component : {"torch", "cuda", "python", "base", "nvcc", "cudnn", "nccl", "cublas", "triton",
                                "torchvision", "torchaudio", "driver-floor", "forward-compat"}) {
    const auto& [old_version, old_source] = from[component];
    const auto& [new_version, new_source] = to[component];
    if (old_version != new_version) changes.push_back({component, old_version, new_version, new_source});
  }
  return changes;
}

std::vector<Warning> warnings_of(const Outcome& outcome) {
  const auto* solution = std::get_if<Solution>(&outcome);
  return solution == nullptr ? std::vector<Warning>{} : solution->warnings;
}

Outcome answer_to(const ImageSpec& spec, const std::shared_ptr<Offers>& offers, const Question& question) {
  return is_library(question.part) ? with_library(spec, offers, question)
                                   : resolve_on(offers, with_part(spec, question), std::nullopt);
}

PoolEffect effect_on(const documents::Pool& pool, const ImageSpec& spec, const std::shared_ptr<Offers>& offers,
                     const Question& question) {
  ImageSpec alone = spec;
  alone.pools = {pool};
  const Outcome now = resolve_on(offers, alone, std::nullopt);
  const Outcome asked = answer_to(alone, offers, question);
  const auto* solution = std::get_if<Solution>(&asked);
  PoolEffect effect{pool.name,
                    std::holds_alternative<Solution>(now),
                    solution != nullptr,
                    solution != nullptr && solution->doubtful,
                    {}};
  const auto old = warnings_of(now);
  for (const Warning& warning : warnings_of(asked)) {
    if (std::find(old.begin(), old.end(), warning) == old.end()) effect.notes.push_back(warning.text);
  }
  if (const auto* conflict = std::get_if<Conflict>(&asked)) {
    for (const ConflictItem& item : conflict->items) effect.notes.push_back(item.fact);
  }
  return effect;
}

// The recipe's own line about the part, or the reason of the resolver's choice.
void add_reason(WhatIf& answer, const ImageSpec& spec) {
  const auto& part = answer.question.part;
  const auto stated = [&](const std::string& value, const support::Where& where) {
    if (where == support::Where{}) return;
    answer.reason = "the recipe says " + part + " " + value;
    answer.source = to_string(where);
  };
  if (part == "torch" && !spec.torch.version.value.is_any())
    return stated(spec.torch.version.value.text(), spec.torch.version.where);
  if (part == "cuda" && !is_auto(spec.torch.cuda.value)) return stated(spec.torch.cuda.value, spec.torch.cuda.where);
  if (part == "python" && !is_auto(spec.python.value)) return stated(spec.python.value, spec.python.where);
  if (part == "base") return stated(spec.base.value, spec.base.where);
  if (part == "variant") return stated(spec.variant.value, spec.variant.where);
  for (const auto& choice : std::get<Solution>(answer.now).platforms.front().choices) {
    if (choice.component != part) continue;
    answer.reason = part + " " + choice.version + ": " + choice.reason;
    answer.source = choice.source;
  }
}

}  // namespace

Question read_question(const std::string& option, const std::string& text) {
  const auto equals = text.find('=');
  const std::string part = support::trim(text.substr(0, equals));
  std::string value = equals == std::string::npos ? "" : support::trim(text.substr(equals + 1));
  const auto refuse = [&](const std::string& expected, const std::string& hint = {}) {
    throw Error(ErrorCode::kUsage, option + " '" + support::printable(text) + "': expected " + expected, std::nullopt,
                hint);
  };
  if (std::find(kParts.begin(), kParts.end(), part) == kParts.end() || value.empty())
    refuse("PART=VALUE with one of " + support::join(kParts, ", "), support::did_you_mean(part, kParts));
  if (part == "platform" && value.find('/') == std::string::npos) value = "linux/" + value;
  if (part == "platform" && value != "linux/amd64" && value != "linux/arm64") refuse("linux/amd64 or linux/arm64");
  if (part == "variant" && value != "runtime" && value != "devel") refuse("runtime or devel");
  if ((part == "torch" || is_library(part)) && !VersionRange::parse(value))
    refuse("a version or a range, such as 2.6 or >=2.4,<2.7");
  const bool free_threaded = part == "python" && value.back() == 't';
  if (part == "python" && !Version::parse(free_threaded ? value.substr(0, value.size() - 1) : value))
    refuse("a Python version, such as 3.11 or 3.14t");
  if (part == "cuda" && !Version::parse(support::starts_with(value, "cu") ? value.substr(2) : value))
    refuse("a CUDA version, such as 12.4 or cu124");
  return {part, value, option + " " + text};
}

// A row of known trouble may name another library as its way out: that there is a report of it, and that a lock has
// what the build requires and nothing else, stand beside the no.
void add_known_trouble(WhatIf& answer, const compat::Knowledge& knowledge) {
  auto& hints = std::get<Conflict>(answer.asked).hints;
  for (const compat::KnownBad& bad : knowledge.tables().known_bad) {
    const std::string_view range = answer.question.part == "cudnn"  ? bad.cudnn
                                   : answer.question.part == "nccl" ? bad.nccl
                                                                    : std::string_view();
    if (range.empty()) continue;
    const auto& warnings = std::get<Solution>(answer.now).warnings;
    const auto told = std::find_if(warnings.begin(), warnings.end(),
                                   [&](const Warning& warning) { return support::ends_with(warning.text, bad.fact); });
    if (told != warnings.end())
      hints.push_back(told->text + " [" + told->source + "]. That is what the report says; envforge locks the " +
                      answer.question.part + " that the build requires, and no other beside it");
  }
}

WhatIf what_if(const ImageSpec& spec, const compat::Knowledge& knowledge, const Question& question) {
  const auto offers = std::make_shared<Offers>(knowledge);
  WhatIf answer{question, resolve_on(offers, spec, std::nullopt), answer_to(spec, offers, question), false, {}, {}, {},
                {}};
  const auto* now = std::get_if<Solution>(&answer.now);
  answer.is_answer = now != nullptr && has_part(*now, spec, question);
  if (answer.is_answer) return answer;
  if (std::holds_alternative<Solution>(answer.asked)) {
    answer.changes = changes_between(answer.now, answer.asked);
    if (now != nullptr) add_reason(answer, spec);
  } else if (now != nullptr) {
    add_known_trouble(answer, knowledge);
  }
  for (const auto& pool : spec.pools) answer.pools.push_back(effect_on(pool, spec, offers, question));
  return answer;
}

}  // namespace envforge::resolve
