#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/what_if.hpp>

#include "text_lines.hpp"

namespace envforge::resolve {
namespace {

void add_changes(std::vector<std::string>& lines, const WhatIf& answer) {
  lines.emplace_back("What would change:");
  for (const PartChange& change : answer.changes) {
    const auto shown = [](const std::string& version) { return version.empty() ? "none" : version; };
    add_wrapped(lines, change.component + "  " + shown(change.from) + " -> " + shown(change.to), "  ");
    if (!change.source.empty()) add_wrapped(lines, "[" + change.source + "]", "      ");
  }
}

void add_pools(std::vector<std::string>& lines, const WhatIf& answer) {
  const bool solved = std::holds_alternative<Solution>(answer.asked);
  if (!solved && answer.pools.size() < 2) return;  // the proof above is about that pool
  lines.emplace_back("For whom, each pool alone:");
  for (const PoolEffect& pool : answer.pools) {
    const char* verdict = pool.would_run ? (pool.runs_now ? "runs now, and would" : "does not run now, and would")
                                         : (pool.runs_now ? "runs now, and would not" : "runs neither now nor then");
    const bool unknown = pool.doubtful || pool.unknown;
    add_wrapped(lines, pool.pool + ": " + (unknown ? "not known whether it would" : verdict), "  ");
    for (const std::string& note : pool.notes) add_wrapped(lines, note, "      ");
  }
}

}  // namespace

namespace {

std::string nothing_now(const Conflict& conflict) {
  return any_unknown(conflict.items) ? "no version set is known to satisfy the recipe as it is"
                                     : "no version set satisfies the recipe as it is";
}

}  // namespace

std::string explain(const WhatIf& answer) {
  const std::string what = answer.question.part + " " + answer.question.value;
  std::vector<std::string> lines;
  if (answer.is_answer) {
    add_wrapped(lines, what + " is what the recipe gives:", "");
    add_wrapped(lines, sentence(std::get<Solution>(answer.now)), "  ");
    return text_of(lines);
  }
  const auto* now = std::get_if<Solution>(&answer.now);
  add_wrapped(lines, "now: " + (now != nullptr ? sentence(*now) : nothing_now(std::get<Conflict>(answer.now))), "");
  if (const auto* conflict = std::get_if<Conflict>(&answer.asked)) {
    const bool one = conflict->items.size() == 1;
    const bool unknown = any_unknown(conflict->items);
    add_wrapped(lines,
                unknown ? "Whether " + what + " can be had with the rest of the recipe is not known" +
                              (one ? ":" : ". These are not known to hold together:")
                        : what + " cannot be had with the rest of the recipe. " +
                              (one ? "What stands against it:" : "These cannot hold together:"),
                "");
    const auto body = body_of(*conflict, "No change of one or two other lines makes it work.");
    lines.insert(lines.end(), body.begin(), body.end());
  } else {
    const auto& asked = std::get<Solution>(answer.asked);
    const char* can = asked.doubtful ? " exists, but whether it runs is not known: " : " can be had: ";
    add_wrapped(lines, what + can + sentence(asked), "");
    if (!answer.reason.empty()) add_wrapped(lines, "It is not chosen: " + answer.reason, "");
    if (!answer.source.empty()) add_wrapped(lines, "[" + answer.source + "]", "      ");
    if (now != nullptr) add_changes(lines, answer);
  }
  add_pools(lines, answer);
  return text_of(lines);
}

}  // namespace envforge::resolve
