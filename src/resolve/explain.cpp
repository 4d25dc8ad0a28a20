#include <envforge/resolve/explain.hpp>

#include <algorithm>

#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

#include "text_lines.hpp"

namespace envforge::resolve {

void add_wrapped(std::vector<std::string>& lines, const std::string& text, const std::string& indent) {
  const std::string broken = indent + support::wrap(text, indent.size(), indent.size());
  for (std::string& line : support::split(broken, '\n')) lines.push_back(std::move(line));
}

std::string text_of(const std::vector<std::string>& lines) {
  return support::join(lines, "\n") + "\n";
}

std::string sentence(const Solution& solution) {
  if (solution.platforms.empty()) return "";
  const PlatformSolution& first = solution.platforms.front();
  return "torch " + first.torch + ", CUDA " + first.cuda + " (" +
         (first.torch_index.empty() ? "PyPI" : first.cuda_variant) + "), Python " + first.python + ", " + solution.base;
}

namespace {

constexpr const char* kNoRemedy = "No change of one or two of the lines makes it work.";

std::string describe(const Change& change) {
  const bool list = support::starts_with(change.to, "[");
  const std::string to = change.to.empty() ? "leave out " + change.from : list ? change.to : "\"" + change.to + "\"";
  std::string more;
  if (support::ends_with(change.key, ".pools") && change.to == "[]") more = " (if it has no CUDA code)";
  if (change.key == "packages.build" && change.to.empty())
    more = " (a wheel that its makers serve can stand under packages.pip: NAME @ https://...#sha256=...)";
  return change.key + ": " + to + more;
}

std::string describe(const Remedy& remedy) {
  std::vector<std::string> parts;
  for (const Change& change : remedy.changes) parts.push_back(describe(change));
  return support::join(parts, " and ");
}

}  // namespace

void add_item(std::vector<std::string>& lines, const ConflictItem& item) {
  std::vector<std::string> wishes;
  for (std::size_t i = 0; i < item.wishes.size(); ++i) {
    const std::string where = to_string(item.where[i]);
    wishes.push_back(item.wishes[i] + (where.empty() ? "" : " (" + where + ")"));
  }
  add_wrapped(lines, "- " + support::join(wishes, " with "), "  ");
  if (!item.fact.empty()) add_wrapped(lines, item.fact, "      ");
  if (!item.source.empty()) add_wrapped(lines, "[" + item.source + "]", "      ");
}

bool any_unknown(const std::vector<ConflictItem>& items) {
  return std::any_of(items.begin(), items.end(), [](const ConflictItem& item) { return item.unknown; });
}

namespace {

void add_remedies(std::vector<std::string>& lines, const Conflict& conflict, const std::string& none) {
  if (conflict.remedies.empty()) {
    lines.push_back(none);
    return;
  }
  // The doubtful are the last.
  for (std::size_t i = 0; i < conflict.remedies.size(); ++i) {
    const Remedy& remedy = conflict.remedies[i];
    const bool doubtful = remedy.solution.doubtful;
    if (i == 0 || doubtful != conflict.remedies[i - 1].solution.doubtful)
      add_wrapped(lines,
                  doubtful ? "What may work: solved, but whether it runs is not known to the data of " +
                                 conflict.data_as_of + ":"
                           : "What would work (each was solved):",
                  "");
    add_wrapped(lines, std::to_string(i + 1) + ". " + describe(remedy), "  ");
    const std::string& package = remedy.solution.compat_package;
    add_wrapped(lines, sentence(remedy.solution) + (package.empty() ? "" : ", with " + package + " in the containers"),
                "      ");
  }
}

void add_split(std::vector<std::string>& lines, const Conflict& conflict) {
  if (conflict.split.empty()) return;
  const std::size_t images = conflict.split.size();
  std::vector<std::string> without;
  for (const UnservedPool& pool : conflict.unserved) without.push_back(pool.pool);
  add_wrapped(
      lines,
      "Or " + std::to_string(images) + (images == 1 ? " image" : " images") +
          (without.empty() ? " in place of one:" : " for the pools without " + support::join(without, ", ") + ":"),
      "");
  for (const SplitImage& image : conflict.split) {
    add_wrapped(lines,
                "for " + support::join(image.pools, ", ") +
                    (image.platforms.empty() ? "" : ", on " + support::join(image.platforms, ", ")),
                "  ");
    add_wrapped(lines, sentence(image.solution) + (image.solution.doubtful ? "; not known to run" : ""), "      ");
  }
  for (const UnservedPool& pool : conflict.unserved) {
    lines.push_back(any_unknown(pool.items) ? "No image is known to serve pool " + pool.pool + ":"
                                            : "No image serves pool " + pool.pool + ":");
    for (const ConflictItem& item : pool.items) add_item(lines, item);
  }
}

}  // namespace

std::vector<std::string> body_of(const Conflict& conflict, const std::string& no_remedy) {
  std::vector<std::string> lines;
  for (const ConflictItem& item : conflict.items) add_item(lines, item);
  for (const std::string& hint : conflict.hints) add_wrapped(lines, "note: " + hint, "");
  add_remedies(lines, conflict, no_remedy);
  add_split(lines, conflict);
  return lines;
}

namespace {

void add_choice(std::vector<std::string>& lines, const documents::Choice& choice) {
  std::string head = "  " + choice.component;
  head.resize(std::max<std::size_t>(head.size() + 1, 16), ' ');
  lines.push_back(head + choice.version);
  add_wrapped(lines, choice.reason, "      ");
  if (!choice.source.empty()) add_wrapped(lines, "[" + choice.source + "]", "      ");
}

// What a person can type: "nvidia-smi" of the patterns "nvidia-smi" and "*nvidia-smi*".
std::vector<std::string> plain_topics(const compat::Knowledge& knowledge) {
  std::vector<std::string> out;
  for (const auto& topic : knowledge.tables().topics) {
    for (const std::string_view pattern : topic.patterns) {
      if (pattern.find_first_of("*?[") == std::string_view::npos) out.emplace_back(pattern);
    }
  }
  return out;
}

}  // namespace

std::string explain(const Solution& solution) {
  std::vector<std::string> lines;
  add_wrapped(lines, sentence(solution), "");
  for (const PlatformSolution& platform : solution.platforms) {
    lines.push_back(platform.platform +
                    (platform.torch_index.empty() ? " from PyPI" : " from " + platform.torch_index));
    for (const auto& choice : platform.choices) add_choice(lines, choice);
    lines.push_back("  GPU code      " + support::join(platform.gpu_code, ", "));
  }
  for (const Warning& warning : solution.warnings) {
    const std::string where = to_string(warning.where);
    add_wrapped(lines, "warning: " + warning.text + (where.empty() ? "" : " (" + where + ")"), "");
    if (!warning.source.empty()) add_wrapped(lines, "[" + warning.source + "]", "      ");
  }
  return text_of(lines);
}

std::string explain(const Conflict& conflict) {
  const bool one = conflict.items.size() == 1;
  const bool unknown = any_unknown(conflict.items);
  std::vector<std::string> lines{unknown ? std::string("No version set is known to satisfy the recipe. ") +
                                               (one ? "This is not known:" : "These are not known to hold together:")
                                         : std::string("No version set satisfies the recipe. ") +
                                               (one ? "This cannot be had:" : "These cannot hold together:")};
  const auto body = body_of(conflict, kNoRemedy);
  lines.insert(lines.end(), body.begin(), body.end());
  return text_of(lines);
}

std::string explain(const Outcome& outcome) {
  return std::visit([](const auto& result) { return explain(result); }, outcome);
}

std::optional<ImageAnswer> about_image(const std::string& asked, const compat::Knowledge& knowledge) {
  const auto image = compat::image_name(asked);
  if (!image) return std::nullopt;
  const compat::ImageTags* row = knowledge.image_tags(*image);
  const auto of_row = [&] { return ImageAnswer{row->exists, std::string(row->fact), cite(row->evidence, "exists")}; };
  if (row != nullptr && row->exists) return of_row();
  for (const compat::Topic* topic : knowledge.topics_about(image->repository + ":" + image->tag)) {
    if (topic->no_such_tag) return ImageAnswer{false, std::string(topic->answer), cite(topic->evidence, "answer")};
  }
  return row != nullptr ? of_row() : ImageAnswer{};
}

std::string explain_topic(const std::string& asked, const compat::Knowledge& knowledge) {
  std::vector<std::string> lines;
  const auto image = about_image(asked, knowledge);
  const auto name = compat::image_name(asked);
  const std::string full = name ? name->repository + ":" + name->tag : "";
  if (image && image->exists == true) {
    add_wrapped(lines, full + " exists, or did when that was read: " + image->fact + ".", "");
  } else if (image && image->exists == false) {
    add_wrapped(lines, full + " does not exist, for all that was read: " + image->fact, "");
  } else if (image) {
    add_wrapped(lines,
                "Whether " + full + " exists is not known to the data of " + knowledge.as_of() +
                    (image->fact.empty() ? "" : ": " + image->fact) + ".",
                "");
  }
  if (image && !image->source.empty()) add_wrapped(lines, "[" + image->source + "]", "      ");
  if (image && !image->exists) {
    lines.emplace_back("Its registry is asked by:");
    lines.push_back("    docker manifest inspect " + full);
  }
  for (const compat::Topic* topic : knowledge.topics_about(asked)) {
    if (image && image->fact == topic->answer) continue;  // it stands first
    const bool sure = !topic->evidence.is_unverified("answer");
    add_wrapped(lines, std::string(topic->answer) + (sure ? "" : " (not verified)"), "");
    add_wrapped(lines, "[" + cite(topic->evidence, "answer") + "]", "      ");
  }
  if (lines.empty()) {
    const std::string near = support::did_you_mean(asked, plain_topics(knowledge));
    add_wrapped(lines,
                "'" + asked + "' is not known to the data of " + knowledge.as_of() + (near.empty() ? "" : "; " + near),
                "");
  }
  return text_of(lines);
}

ConflictError conflict_error(const Conflict& conflict) {
  std::optional<support::Where> where;
  for (const ConflictItem& item : conflict.items) {
    for (const auto& place : item.where) {
      if (!where && place.line > 0) where = place;
    }
  }
  const bool known = !conflict.remedies.empty() && !conflict.remedies.front().solution.doubtful;
  const std::string hint = known ? describe(conflict.remedies.front()) : "";
  support::Error error(support::ErrorCode::kNoVersionSet,
                       any_unknown(conflict.items) ? "no version set is known to satisfy the recipe"
                                                   : "no version set satisfies the recipe",
                       where, hint);
  for (const std::string& line : body_of(conflict, kNoRemedy)) error.note(line);
  return {std::move(error), conflict};
}

}  // namespace envforge::resolve
