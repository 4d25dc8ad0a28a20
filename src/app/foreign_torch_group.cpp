#include "foreign_torch_group.hpp"

#include <filesystem>
#include <optional>

#include <envforge/app/site_requests.hpp>
#include <envforge/app/validator_programs.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/render/foreign_torch_group.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/version.hpp>

#include "base_image.hpp"
#include "borrowed_tag.hpp"
#include "build_context.hpp"
#include "lock_packages.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using protocol::TorchFacts;
using support::Error;
using support::ErrorCode;
using versions::Version;

constexpr std::chrono::minutes kCompileDeadline{20};  // minutes on a loaded machine with two cores
const std::vector<std::string> kCompilerPackages = {"g++", "libc6-dev"};

/// Where the compiled group is kept: by the bytes of the headers it was compiled against, the sources, and who compiled
/// it. An image that compiles with its own compiler gets a place of its own, so that it can spoil no other image's.
fs::path kept_at(const World& world, const TorchFacts& facts, const std::string& architecture,
                 const std::string& builder) {
  const std::string key = support::sha256_hex(facts.headers_digest + "\n" + torch_group_sources_digest() + "\n" +
                                              facts.folder + "\n" + architecture + "\n" + builder);
  return fs::path(world.cache_dir) / "torch-groups" / ("foreign-" + facts.version + "-" + key.substr(0, 32));
}

/// Who compiles: the image, an image of the site, or a base of Debian packages.
struct Builder {
  enum class Kind { kImage, kSiteImage, kBootstrap } kind = Kind::kImage;
  std::string name;   // kSiteImage: the reference; kBootstrap: "debian:12"
  std::string known;  // part of the key
};

bool not_newer(const std::string& glibc, const std::string& than) {
  const auto a = Version::parse(glibc);
  const auto b = Version::parse(than);
  return a && b && *a <= *b;
}

/// nullopt with the reason in `why`.
std::optional<Builder> choose_builder(const World& world, const engine::ImageInfo& image, const TorchFacts& facts,
                                      std::string& why) {
  if (!facts.compiler.empty()) return Builder{Builder::Kind::kImage, "", image.id};
  if (facts.glibc.empty()) {
    why = "the image has no compiler, and no C library was found in it to compile for";
    return std::nullopt;
  }
  const compat::Base* best = nullptr;
  std::string oldest;
  for (const auto& base : world.knowledge.tables().bases) {
    const std::string glibc(base.glibc);
    if (oldest.empty() || not_newer(glibc, oldest)) oldest = glibc;
    if (!not_newer(glibc, facts.glibc)) continue;
    const auto configured = world.site.bases.find(std::string(base.name));
    if (configured != world.site.bases.end() && !configured->second.builder.value.empty()) {
      return Builder{Builder::Kind::kSiteImage, configured->second.builder.value, configured->second.builder.value};
    }
    // Debian's mirror is the one that every site can reach or has configured.
    const bool bootstraps = support::starts_with(base.name, "debian:");
    if (bootstraps && (best == nullptr || not_newer(std::string(best->glibc), glibc))) best = &base;
  }
  if (best == nullptr) {
    why = "the image has no compiler, and its glibc " + facts.glibc +
          " is older than that of every Debian base known (the oldest has " + oldest +
          "); name an image with g++ as `bases: builder:` in the site configuration, or put g++ into the image";
    return std::nullopt;
  }
  return Builder{Builder::Kind::kBootstrap, std::string(best->name), std::string(best->name)};
}

/// The root file system of a base with a compiler, made once.
std::string builder_tar(World& world, const std::string& base, const std::string& platform) {
  packages::DebRequest request;
  request.mirror = deb_mirror(world, base, platform);
  request.with_base = true;
  request.names = kCompilerPackages;
  auto answer = world.debs.resolve(request);
  if (const auto* conflict = std::get_if<packages::DebConflict>(&answer)) {
    throw Error(ErrorCode::kDebConflict,
                "no set of packages gives a compiler on " + base + ": " + support::printable(conflict->package));
  }
  documents::Lock lock;
  lock.exclude_newer = world.knowledge.as_of();
  auto& locked = lock.platforms[platform];
  locked.base.name = base;
  locked.base.kind = documents::BaseKind::kBootstrap;
  locked.base.debs = locked_rows(std::get<std::vector<packages::ResolvedDeb>>(answer), false);
  locked.base.digest = base_digest(locked.base, source_date_epoch(lock.exclude_newer));
  return base_tar(world, lock, platform).path;
}

void write_sources(const fs::path& folder) {
  for (const auto& source : torch_group_sources()) support::write_file_atomically(folder / source.name, source.content);
}

void compile_in_builder(World& world, const engine::ImageInfo& image, const TorchFacts& facts, const Builder& builder,
                        const fs::path& kept) {
  const support::TempDir folder(engine::folder_prefix());
  const fs::path context = folder.path() / "context";
  write_sources(context / "validator");
  const BorrowedTag tag(world, image.id);
  render::ForeignTorchGroup what{tag.name(), facts.folder, "", "", "", torch_group_build()};
  if (builder.kind == Builder::Kind::kSiteImage) what.builder = builder.name;
  if (builder.kind == Builder::Kind::kImage) what.compiler = facts.compiler;
  if (builder.kind == Builder::Kind::kBootstrap) {
    what.base_tar = "base.tar";
    place_file(builder_tar(world, builder.name, "linux/" + image.architecture), context / what.base_tar);
  }
  support::write_file_atomically(context / "Dockerfile", render::foreign_torch_group(what));

  engine::BuildRequest request;
  request.context_dir = context.string();
  request.target = std::string(render::kTorchGroupTarget);
  request.output = "local:" + (folder.path() / "out").string();
  request.network = "none";
  request.deadline = kCompileDeadline;
  world.events.step("compiling the torch group against the image's torch " + facts.version + ", once");
  const auto result = world.engine.build(request, [&](const engine::BuildEvent& event) {
    if (event.kind == engine::BuildEvent::Kind::kOutput) world.events.progress(event.text);
  });
  if (result.interrupted) throw Error(ErrorCode::kInterrupted, "interrupted");
  if (!result.ok) {
    const std::string last = result.last_lines.empty() ? result.message : result.last_lines.back();
    throw Error(ErrorCode::kBuildFailed, "it did not compile: " + support::printable(last));
  }
  const std::string program = support::read_file(folder.path() / "out" / std::string(render::kTorchGroupFile));
  const std::string trouble = why_not_loadable(program, facts);
  if (!trouble.empty()) throw Error(ErrorCode::kBuildFailed, trouble);
  support::write_file_atomically(kept, program, 0755);
}

void compile_here(World& world, const TorchFacts& facts, const fs::path& kept) {
  const support::TempDir folder(engine::folder_prefix());
  write_sources(folder.path() / "validator");
  process::Command command;
  command.argv = {"/bin/sh", (folder.path() / "validator" / torch_group_build().build_script).string(), facts.folder,
                  (folder.path() / "validator").string(), (folder.path() / "out").string()};
  command.extra_environment = {{"CXX", facts.compiler}};
  command.deadline = kCompileDeadline;
  world.events.step("compiling the torch group against torch " + facts.version + ", once");
  const auto outcome = world.processes.run(
      command, [&](process::Stream, std::string_view line) { world.events.progress(std::string(line)); });
  if (outcome.kind == process::Outcome::Kind::kInterrupted) throw Error(ErrorCode::kInterrupted, "interrupted");
  if (!outcome.ok()) {
    const auto lines = support::split(support::trim(outcome.err), '\n');
    throw Error(ErrorCode::kBuildFailed, "it did not compile: " + support::printable(lines.back()));
  }
  const std::string program = support::read_file(folder.path() / "out" / std::string(render::kTorchGroupFile));
  support::write_file_atomically(kept, program, 0755);
}

/// `compile` writes the file, or throws what becomes the reason.
template <class Compile>
TorchGroup keep(const fs::path& kept, const TorchFacts& facts, const Compile& compile) {
  std::error_code error;
  if (fs::exists(kept, error)) return {kept, ""};
  try {
    compile();
    return {kept, ""};
  } catch (const Error& trouble) {
    if (trouble.code() == ErrorCode::kInterrupted) throw;
    return {{}, "no torch group for torch " + facts.version + " of this image: " + trouble.message()};
  }
}

}  // namespace

std::string why_no_torch_group(const TorchFacts& facts) {
  if (!facts.none.empty()) return facts.none;
  if (facts.version.empty()) return facts.folder + "/version.py names no version";
  if (facts.headers_digest.empty()) {
    return "its torch " + facts.version + " has no C++ headers (" + facts.folder +
           "/include/ATen), so nothing can be compiled against it; wheels from PyPI bring them";
  }
  return "";
}

std::string why_not_loadable(const std::string& program_bytes, const TorchFacts& facts) {
  const struct {
    const char *library, *prefix;
    const std::string& offered;
  } rows[] = {{"glibc", "GLIBC_2.", facts.glibc}, {"libstdc++", "GLIBCXX_3.4.", facts.glibcxx}};
  for (const auto& row : rows) {
    const std::string needed = protocol::highest_symbol_version(program_bytes, row.prefix);
    if (needed.empty() || row.offered.empty() || not_newer(needed, row.offered)) continue;
    return std::string("the compiled group needs ") + row.library + " " + needed + ", the image has " + row.offered;
  }
  return "";
}

TorchGroup torch_group_for_image(World& world, const engine::ImageInfo& image, const TorchFacts& facts) {
  std::string why = why_no_torch_group(facts);
  if (!why.empty()) return {{}, why};
  const auto builder = choose_builder(world, image, facts, why);
  if (!builder) return {{}, "no torch group for torch " + facts.version + " of this image: " + why};
  const auto kept = kept_at(world, facts, image.architecture, builder->known);
  return keep(kept, facts, [&] { compile_in_builder(world, image, facts, *builder, kept); });
}

TorchGroup torch_group_for_here(World& world, const TorchFacts& facts) {
  const std::string why = why_no_torch_group(facts);
  if (!why.empty()) return {{}, why};
  if (facts.compiler.empty()) {
    return {{},
            "no torch group for torch " + facts.version +
                " here: no g++, c++ or clang++ on PATH to compile it with; install one, or verify the image from "
                "outside, where a builder has one"};
  }
  const auto kept = kept_at(world, facts, host_architecture(), "here " + facts.compiler + " " + facts.glibcxx);
  return keep(kept, facts, [&] { compile_here(world, facts, kept); });
}

}  // namespace envforge::app
