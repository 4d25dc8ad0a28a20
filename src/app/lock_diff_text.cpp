#include <algorithm>

#include <envforge/support/text.hpp>

#include "lock_diff.hpp"

namespace envforge::app {
namespace {

const char* word(Runs runs) {
  return runs == Runs::kYes ? "runs" : runs == Runs::kNo ? "does not run" : "not known";
}

constexpr const char* kNone = "(none)";
constexpr const char* kNotSaid = "not known";  // a label that an image does not have

std::string or_none(const std::string& text, const char* none = kNone) {
  return text.empty() ? none : text;
}

std::string arrow(const std::string& before, const std::string& after, const char* none = kNone) {
  return or_none(before, none) + " -> " + or_none(after, none);
}

std::string bytes_text(std::uint64_t before, std::uint64_t after) {
  if (before == after) return support::human_bytes(after) + ", as before";
  const bool more = after > before;
  return support::human_bytes(before) + " -> " + support::human_bytes(after) + " (" + (more ? "+" : "-") +
         support::human_bytes(more ? after - before : before - after) + ")";
}

std::string fetch_text(const BytesOf& before, const BytesOf& after, const std::string& platform) {
  const std::string count = std::to_string(after.packages);
  if (before.silent == before.packages || after.silent == after.packages) {
    return before.packages + after.packages == 0
               ? "none (" + platform + ")"
               : std::to_string(before.packages) + " -> " + count + ", their size is not known: their index does not " +
                     "say it (" + platform + ")";
  }
  std::string text = bytes_text(before.bytes, after.bytes) + " to fetch";
  const std::size_t silent = before.silent + after.silent;
  if (silent > 0) text += ", without " + std::to_string(silent) + " whose index does not say a size";
  return text + " (" + platform + ")";
}

std::size_t changes_in(const LockDiff& diff) {
  std::size_t count = diff.recipe.size() + diff.usage.size() + diff.platforms_gone.size() + diff.platforms_new.size();
  for (const auto& platform : diff.platforms) {
    count += platform.versions.size();
    for (const auto& group : platform.groups) count += group.changed.size();
  }
  return count + (diff.data.before != diff.data.after ? 1 : 0) +
         (diff.exclude_newer.before != diff.exclude_newer.after ? 1 : 0);
}

class Text {
 public:
  void heading(const std::string& text) { lines_ += (lines_.empty() ? "" : "\n") + text + "\n"; }

  /// "  name      text", broken at spaces, the rest below the text's beginning.
  void row(const std::string& name, const std::string& text, std::size_t width) {
    const std::string line = "  " + name + std::string(name.size() < width ? width - name.size() : 0, ' ') + " ";
    lines_ += line + support::wrap(text, line.size(), width + 3) + "\n";
  }

  void changes(const std::vector<documents::Change>& changes, const char* none = kNone) {
    std::size_t width = 0;
    for (const auto& change : changes) width = std::max(width, change.what.size());
    for (const auto& change : changes) row(change.what, arrow(change.before, change.after, none), width);
  }

  const std::string& text() const { return lines_; }

 private:
  std::string lines_;
};

std::string state_text(const MachineDiff& row) {
  if (row.before == row.after) return std::string(word(row.after)) + ", as before";
  const char* what = row.after == Runs::kNo && row.before == Runs::kYes   ? "lost: "
                     : row.after == Runs::kYes && row.before == Runs::kNo ? "gained: "
                                                                          : "";
  return what + std::string(word(row.before)) + " -> " + word(row.after);
}

void add_machines(Text& text, const std::vector<MachineDiff>& rows, const std::string& kind) {
  for (const auto& row : rows) {
    text.row(kind + row.name, state_text(row) + (row.what.empty() ? "" : " (" + row.what + ")"), 14);
    for (const auto& reason : row.reasons) text.row("", reason, 16);
  }
}

// One line for all branches of one fate, with the reason of the newest; diff.drivers is newest first.
void add_drivers(Text& text, const std::vector<MachineDiff>& rows, Runs after, const std::string& title) {
  std::vector<std::string> names;
  const MachineDiff* newest = nullptr;
  for (const auto& row : rows) {
    if (row.after != after) continue;
    if (newest == nullptr) newest = &row;
    names.insert(names.begin(), row.name);
  }
  if (newest == nullptr) return;
  text.row(title, support::join(names, ", "), 14);
  for (const auto& reason : newest->reasons) text.row("", reason, 16);
}

void add_for_whom(Text& text, const LockDiff& diff) {
  text.heading("For whom (by the compatibility data of " + diff.judged_by + ")");
  add_machines(text, diff.pools, "pool ");
  add_machines(text, diff.gpus, "GPU ");
  if (diff.gpus.empty()) text.row("GPUs", "the same ones can run it", 14);
  add_drivers(text, diff.drivers, Runs::kNo, "drivers lost");
  add_drivers(text, diff.drivers, Runs::kYes, "drivers gained");
  for (const auto& platform : diff.platforms) {
    const bool same = platform.driver_floor_before == platform.driver_floor_after;
    const std::string floor = same ? or_none(platform.driver_floor_after) + ", as before"
                                   : arrow(platform.driver_floor_before, platform.driver_floor_after);
    text.row("least driver", floor + " (" + platform.platform + ")", 14);
    if (!platform.code_known) {
      text.row("machine code", "not known to the data for one of the two (" + platform.platform + ")", 14);
    } else if (!platform.code_removed.empty() || !platform.code_added.empty()) {
      std::string code;
      if (!platform.code_removed.empty()) code += "removed " + support::join(platform.code_removed, " ");
      if (!platform.code_added.empty())
        code += (code.empty() ? "added " : "; added ") + support::join(platform.code_added, " ");
      text.row("machine code", "of torch's operators: " + code + " (" + platform.platform + ")", 14);
    }
  }
}

void add_sizes(Text& text, const LockDiff& diff, const DiffSide& a, const DiffSide& b) {
  const bool images = a.image_bytes > 0 && b.image_bytes > 0;
  const bool packages = a.has_packages && b.has_packages;
  if (!images && !packages) return;
  text.heading("Sizes");
  if (images) text.row("image", bytes_text(a.image_bytes, b.image_bytes), 16);
  if (!packages) return;
  for (const auto& platform : diff.platforms) {
    text.row("wheels", fetch_text(platform.wheels_before, platform.wheels_after, platform.platform), 16);
    text.row("Debian packages", fetch_text(platform.debs_before, platform.debs_after, platform.platform), 16);
  }
}

void add_group(Text& text, const PackageGroup& group) {
  std::size_t width = 0, added = 0, removed = 0;
  for (const auto& change : group.changed) {
    width = std::max(width, change.name.size());
    added += change.before.empty() ? 1 : 0;
    removed += change.after.empty() ? 1 : 0;
  }
  const auto count = [](std::size_t number, const char* what) {
    return number == 0 ? std::string() : std::to_string(number) + " " + what + ", ";
  };
  text.row(group.title + ":",
           count(group.changed.size() - added - removed, "changed") + count(added, "added") +
               count(removed, "removed") + std::to_string(group.same) + " as before",
           0);
  for (const auto& change : group.changed) {
    std::string line = change.before.empty()  ? "added " + change.after
                       : change.after.empty() ? "removed " + change.before
                                              : arrow(change.before, change.after);
    if (change.bytes_before > 0 && change.bytes_after > 0 && change.bytes_before != change.bytes_after) {
      line += "  " + support::human_bytes(change.bytes_before) + " -> " + support::human_bytes(change.bytes_after);
    } else if (change.bytes_before + change.bytes_after > 0 && (change.before.empty() || change.after.empty())) {
      line += "  " + support::human_bytes(change.bytes_before + change.bytes_after);
    }
    text.row("  " + change.name, line, width + 2);
  }
}

// Of two recipes, one that has no version set: why.
void add_conflict(Text& text, const DiffSide& side) {
  if (side.conflict.empty()) return;
  text.heading(support::printable(side.name) + ": " + side.conflict.front());
  for (std::size_t i = 1; i < side.conflict.size(); ++i) text.row("", side.conflict[i], 0);
}

}  // namespace

std::string diff_text(const LockDiff& diff, const DiffSide& a, const DiffSide& b) {
  Text text;
  text.heading(support::printable(a.name) + " -> " + support::printable(b.name));
  if (changes_in(diff) == 0) {
    text.row("",
             a.has_packages && b.has_packages ? "the same: both make the same image"
             : a.has_spec && b.has_spec
                 ? "the same version set"
                 : "the labels say the same version set; what else is in the images is not known",
             0);
    return text.text();
  }
  for (const auto* changes : {&diff.recipe, &diff.usage}) {
    if (changes->empty()) continue;
    text.heading(changes == &diff.recipe ? "Recipe" : "How it is named, run and judged");
    text.changes(*changes);
  }
  if (!a.conflict.empty() || !b.conflict.empty()) {
    for (const auto* side : {&a, &b}) add_conflict(text, *side);
    return text.text();
  }
  for (const auto& name : diff.platforms_gone) text.row("platform", name + " is gone", 14);
  for (const auto& name : diff.platforms_new) text.row("platform", name + " is new", 14);
  for (const auto& platform : diff.platforms) {
    if (platform.versions.empty()) continue;
    text.heading("Versions, " + platform.platform);
    text.changes(platform.versions, a.has_spec && b.has_spec ? kNone : kNotSaid);
  }
  add_for_whom(text, diff);
  add_sizes(text, diff, a, b);
  for (const auto& platform : diff.platforms) {
    if (!a.has_packages || !b.has_packages) break;
    text.heading("Packages, " + platform.platform);
    for (const auto& group : platform.groups) add_group(text, group);
  }
  std::vector<documents::Change> made;
  for (const auto* change : {&diff.data, &diff.exclude_newer}) {
    if (change->before != change->after) made.push_back(*change);
  }
  if (!made.empty()) text.heading("Made from");
  text.changes(made);
  return text.text();
}

}  // namespace envforge::app
