#include <envforge/app/diff_documents.hpp>

#include <array>
#include <filesystem>

#include <nlohmann/json.hpp>

#include <envforge/app/load_recipe.hpp>
#include <envforge/app/lock_recipe.hpp>
#include <envforge/app/read_report.hpp>
#include <envforge/protocol/sealed_report.hpp>
#include <envforge/report/report_diff.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/version.hpp>

#include "known_locks.hpp"
#include "lock_diff.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

constexpr const char* kReport = "envforge/sealed-report";
constexpr const char* kLock = "envforge/lock";
constexpr const char* kRecipe = "envforge/recipe";
constexpr const char* kImage = "an image";

/// What the user named, looked at once.
struct Named {
  std::string name;
  std::string kind;
  std::string text;         // of a document
  engine::ImageInfo image;  // of kImage
};

// A pipe too: <(git show HEAD~1:envforge.lock)
bool can_be_read(const std::string& name) {
  std::error_code error;
  const auto status = fs::status(name, error);
  return fs::is_regular_file(status) || fs::is_fifo(status);
}

// A file is JSON if it begins as an object does; every other one is read as a recipe.
Named look_at(World& world, const std::string& name) {
  std::error_code error;
  if (!can_be_read(name)) {
    if (fs::exists(name, error)) {
      throw Error(ErrorCode::kUsage, "'" + support::printable(name) + "' is no file", std::nullopt,
                  "give a lock, a recipe, a report, or the name of an image");
    }
    const bool is_path = support::ends_with(name, ".lock") || support::ends_with(name, ".yaml") ||
                         support::ends_with(name, ".yml") || support::ends_with(name, ".json");
    if (is_path) throw Error(ErrorCode::kFileUnreadable, "there is no file '" + support::printable(name) + "'");
    if (auto image = world.engine.inspect_image(name)) return {name, kImage, "", std::move(*image)};
    throw Error(ErrorCode::kImageAbsent,
                "'" + support::printable(name) + "' is neither a file here nor an image of the engine", std::nullopt,
                "give a lock, a recipe, a report, or an image that the engine has");
  }
  std::string text = read_document(name);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // an editor's; the JSON reader takes it too
  const bool marked = support::starts_with(text, kByteOrderMark);
  const auto first = text.find_first_not_of(" \t\r\n", marked ? kByteOrderMark.size() : 0);
  const bool is_object = first != std::string::npos && text[first] == '{';
  const bool named_lock = support::ends_with(name, ".lock");
  if (!is_object && !named_lock) return {name, kRecipe, std::move(text), {}};
  std::string kind;
  try {
    kind = document_kind(text, name);
  } catch (const Error&) {
    // A broken lock is told of as one, by its own reader.
    if (!named_lock && text.find('"' + std::string(kLock) + '"') == std::string::npos) throw;
    kind = kLock;
  }
  return {name, std::move(kind), std::move(text), {}};
}

DiffSide read_lock_side(const Named& named) {
  DiffSide side;
  side.name = named.name;
  side.lock = documents::read_lock(named.text, named.name);
  return side;
}

DiffSide solve_side(World& world, const std::string& name, const documents::Recipe& recipe) {
  LockOptions options;
  options.packages = false;
  DiffSide side;
  side.name = name;
  side.has_packages = false;
  side.lock.spec = recipe.spec;
  try {
    side.lock = lock_recipe(world, recipe, options).lock;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kNoVersionSet) throw;
    side.conflict = {error.message()};
    side.conflict.insert(side.conflict.end(), error.notes().begin(), error.notes().end());
  }
  return side;
}

// Labels are foreign text: what is no version counts as not said.
std::string version_label(const engine::ImageInfo& image, const std::string& name) {
  const std::string text = image.label("dev.envforge." + name);
  return versions::Version::parse(text) ? text : "";
}

DiffSide read_image_side(World& world, const Named& named) {
  const auto& [name, kind, text, image] = named;
  DiffSide side;
  side.name = name;
  side.image_bytes = image.bytes;
  if (const auto lock = find_lock(world, image.label("dev.envforge.lock-digest"))) {
    side.lock = *lock;
    return side;
  }
  documents::LockedPlatform platform;
  platform.torch = version_label(image, "torch");
  if (platform.torch.empty()) {
    throw Error(
        ErrorCode::kUsage,
        "the image '" + support::printable(name) + "' has no label that names its torch: envforge did not build it",
        std::nullopt, "compare images that `envforge build` made, or verify both and compare the reports");
  }
  platform.cuda = version_label(image, "cuda");
  platform.cudnn = version_label(image, "cudnn");
  platform.nccl = version_label(image, "nccl");
  platform.python = version_label(image, "python");
  platform.cuda_variant = support::printable(image.label("dev.envforge.cuda-variant"));
  platform.base.name = support::printable(image.label("org.opencontainers.image.base.name"));
  side.lock.platforms[image.os + "/" + image.architecture] = platform;
  side.has_spec = false;
  side.has_packages = false;
  return side;
}

DocumentDiff print(const LockDiff& diff, const std::string& kind, const DiffSide& a, const DiffSide& b) {
  return {diff_text(diff, a, b), support::readable_json(diff_json(diff, kind, a, b))};
}

DocumentDiff diff_two_locks(World& world, const Named& a, const Named& b) {
  const DiffSide before = read_lock_side(a), after = read_lock_side(b);
  return print(diff_locks(before, after, world.knowledge), "lock", before, after);
}

// What labels hold of a lock: nothing else of the other side can be compared with them. Its pools stay, to judge both
// by.
void keep_what_labels_say(const engine::ImageInfo& image, DiffSide& side) {
  documents::Lock said;
  said.spec.pools = side.lock.spec.pools;
  for (const auto& [name, locked] : side.lock.platforms) {
    if (name != image.os + "/" + image.architecture) continue;
    documents::LockedPlatform platform;
    platform.torch = locked.torch;
    platform.cuda = locked.cuda;
    platform.cuda_variant = locked.cuda_variant;
    platform.cudnn = locked.cudnn;
    platform.nccl = locked.nccl;
    platform.python = locked.python;
    platform.base.name = locked.base.name;
    said.platforms[name] = platform;
  }
  side.lock = said;
  side.has_spec = side.has_packages = false;
}

DocumentDiff diff_two_images(World& world, const Named& a, const Named& b) {
  DiffSide before = read_image_side(world, a), after = read_image_side(world, b);
  if (!before.has_packages || !after.has_packages) {
    world.events.note("the lock of " + (before.has_packages ? b : a).name +
                      " is not kept on this machine, so only the labels are compared; what they do not hold is not "
                      "known");
    keep_what_labels_say(a.image, before);
    keep_what_labels_say(b.image, after);
  }
  return print(diff_locks(before, after, world.knowledge), "image", before, after);
}

DocumentDiff diff_two_recipes(World& world, const Named& a, const Named& b) {
  const auto old = read_loaded(a.text, a.name, world.site), now = read_loaded(b.text, b.name, world.site);
  const DiffSide before = solve_side(world, a.name, old), after = solve_side(world, b.name, now);
  LockDiff diff;
  if (before.conflict.empty() && after.conflict.empty()) diff = diff_locks(before, after, world.knowledge);
  diff.recipe = documents::what_changed(old.spec, now.spec);
  diff.usage = documents::usage_changes(old, now);
  return print(diff, "recipe", before, after);
}

DocumentDiff diff_two_reports(World&, const Named& a, const Named& b) {
  const auto diff =
      report::diff_reports(protocol::read_unverified(a.text, a.name), protocol::read_unverified(b.text, b.name));
  return {report::diff_text(diff, a.name, b.name), support::readable_json(report::to_json(diff)),
          report::diff_text(diff, a.name, b.name, true)};
}

struct Comparison {
  const char* kind;
  DocumentDiff (*diff)(World& world, const Named& a, const Named& b);
};
// A kind of document that can be compared is a row.
constexpr std::array<Comparison, 4> kComparisons = {
    {{kLock, diff_two_locks}, {kRecipe, diff_two_recipes}, {kImage, diff_two_images}, {kReport, diff_two_reports}}};

}  // namespace

DocumentDiff diff_documents(World& world, const std::string& a, const std::string& b) {
  const Named before = look_at(world, a), after = look_at(world, b);
  if (before.kind != after.kind) {
    const std::string kinds = a + " is " + before.kind + ", " + b + " is " + after.kind;
    throw Error(ErrorCode::kUsage, support::printable(kinds + ": they cannot be compared"), std::nullopt,
                "give two locks, two recipes, two images, or two reports of verify");
  }
  for (const auto& row : kComparisons) {
    if (before.kind == row.kind) return row.diff(world, before, after);
  }
  throw Error(ErrorCode::kUsage,
              "envforge diff does not compare documents of the kind '" + support::printable(before.kind) + "'",
              std::nullopt,
              "it compares locks, recipes, images, and reports that `envforge verify --report FILE` wrote");
}

}  // namespace envforge::app
