#include <envforge/resolve/what_if.hpp>

#include <algorithm>
#include <map>

#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/python_name.hpp>
#include <envforge/versions/version_range.hpp>

#include "answer.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using support::Error;
using support::ErrorCode;
using versions::Version;
using versions::VersionRange;

bool is_library(const std::string& part) {
  const auto& names = documents::torch_libraries();
  return std::find(names.begin(), names.end(), part) != names.end();
}

// The one value that the recipe then has for the library, in the order of torch_libraries().
void set_library(documents::TorchWish& torch, const std::string& name,
                 const documents::Located<VersionRange>& version) {
  auto& libraries = torch.libraries;
  std::erase_if(libraries, [&](const auto& library) { return library.name == name; });
  libraries.push_back({name, version});
  const auto& names = documents::torch_libraries();
  const auto place = [&](const auto& library) { return std::find(names.begin(), names.end(), library.name); };
  std::sort(libraries.begin(), libraries.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
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
  if (is_library(question.part))
    set_library(out.torch, question.part, {*VersionRange::parse_prefix(question.value), where});
  return out;
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
    const auto range =
        is_library(question.part) ? VersionRange::parse_prefix(question.value) : VersionRange::parse(question.value);
    return parsed && range->contains(*parsed);
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

PoolEffect effect_on(const documents::Pool& pool, const ImageSpec& spec, const std::shared_ptr<Offers>& offers,
                     const Question& question) {
  ImageSpec alone = spec;
  alone.pools = {pool};
  const Outcome now = resolve_on(offers, alone, std::nullopt);
  const Outcome asked = resolve_on(offers, with_part(alone, question), std::nullopt);
  const auto* solution = std::get_if<Solution>(&asked);
  PoolEffect effect{pool.name,
                    std::holds_alternative<Solution>(now),
                    solution != nullptr,
                    solution != nullptr && solution->doubtful,
                    false,
                    {}};
  const auto old = warnings_of(now);
  for (const Warning& warning : warnings_of(asked)) {
    if (std::find(old.begin(), old.end(), warning) == old.end()) effect.notes.push_back(warning.text);
  }
  if (const auto* conflict = std::get_if<Conflict>(&asked)) {
    effect.unknown = any_unknown(conflict->items);
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
  for (const auto& library : spec.torch.libraries) {
    if (library.name == part) return stated(library.version.value.text(), library.version.where);
  }
  if (part == "base") return stated(spec.base.value, spec.base.where);
  if (part == "variant") return stated(spec.variant.value, spec.variant.where);
  for (const auto& choice : std::get<Solution>(answer.now).platforms.front().choices) {
    if (choice.component != part) continue;
    answer.reason = part + " " + choice.version + ": " + choice.reason;
    answer.source = choice.source;
  }
}

}  // namespace

const std::vector<std::string>& question_parts() {
  static const std::vector<std::string> parts = [] {
    std::vector<std::string> all = {"torch", "cuda", "python", "base", "platform", "variant"};
    const auto& libraries = documents::torch_libraries();
    all.insert(all.end(), libraries.begin(), libraries.end());
    return all;
  }();
  return parts;
}

Question read_question(const std::string& option, const std::string& text) {
  const auto equals = text.find('=');
  const std::string part = support::trim(text.substr(0, equals));
  std::string value = equals == std::string::npos ? "" : support::trim(text.substr(equals + 1));
  const auto refuse = [&](const std::string& expected, const std::string& hint = {}) {
    throw Error(ErrorCode::kUsage, option + " '" + support::printable(text) + "': expected " + expected, std::nullopt,
                hint);
  };
  const auto& parts = question_parts();
  if (std::find(parts.begin(), parts.end(), part) == parts.end() || value.empty())
    refuse("PART=VALUE with one of " + support::join(parts, ", "), support::did_you_mean(part, parts));
  if (part == "platform" && value.find('/') == std::string::npos) value = "linux/" + value;
  if (part == "platform" && value != "linux/amd64" && value != "linux/arm64") refuse("linux/amd64 or linux/arm64");
  if (part == "variant" && value != "runtime" && value != "devel") refuse("runtime or devel");
  if ((part == "torch" || is_library(part)) && !VersionRange::parse_prefix(value))
    refuse("a version or a range, such as 2.6 or >=2.4,<2.7");
  if (part == "python" && !Version::parse(versions::without_t(value)))
    refuse("a Python version, such as 3.11 or 3.14t");
  if (part == "cuda" && !Version::parse(support::starts_with(value, "cu") ? value.substr(2) : value))
    refuse("a CUDA version, such as 12.4 or cu124");
  return {part, value, option + " " + text};
}

WhatIf what_if(const ImageSpec& spec, const compat::Knowledge& knowledge, const Question& question,
               const std::vector<documents::PythonArchive>& pythons) {
  const auto offers = std::make_shared<Offers>(knowledge, pythons);
  WhatIf answer{question,
                resolve_on(offers, spec, std::nullopt),
                resolve_on(offers, with_part(spec, question), std::nullopt, question.part),
                false,
                {},
                {},
                {},
                {}};
  const auto* now = std::get_if<Solution>(&answer.now);
  answer.is_answer = now != nullptr && has_part(*now, spec, question);
  if (answer.is_answer) return answer;
  if (std::holds_alternative<Solution>(answer.asked)) {
    answer.changes = changes_between(answer.now, answer.asked);
    if (now != nullptr) add_reason(answer, spec);
  }
  for (const auto& pool : spec.pools) answer.pools.push_back(effect_on(pool, spec, offers, question));
  return answer;
}

}  // namespace envforge::resolve
