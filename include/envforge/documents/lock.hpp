// The lock: everything that decides the image, exactly. `render` needs nothing else, so the same lock gives the same
// Dockerfile.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <envforge/documents/python_archive.hpp>
#include <envforge/documents/recipe.hpp>

namespace envforge::documents {

struct LockedDeb {
  std::string name, version, architecture, suite;  // bookworm, bookworm-updates, bookworm-security, or "folder"
  std::string filename;                            // the path below the mirror, or the file's name in the folder
  std::string sha256;
  std::uint64_t size = 0;
  bool foundation = false;  // Python, CA certificates, tini and their needs: below the torch layer, recipes share it
  friend bool operator==(const LockedDeb&, const LockedDeb&) = default;
};

struct LockedWheel {
  std::string name, version;
  std::string filename;
  std::string sha256;
  /// URL of the index it comes from, "folder", kBuiltHere, or the wheel's own URL, which ends with .whl.
  std::string index;
  std::uint64_t size = 0;  // 0 = the index does not say
  bool heavy = false;      // torch and the CUDA libraries: the layer that several recipes share
  bool direct = false;     // asked for by us or the recipe, not only needed by another
  bool toolkit = false;    // variant devel: nvcc, and what builds with it, in a layer of their own above torch
  friend bool operator==(const LockedWheel&, const LockedWheel&) = default;
};

/// LockedWheel::index of a wheel that a LockedBuild became.
inline constexpr const char* kBuiltHere = "build";

/// A package that is built from its source against this torch, once. Its wheel stands among the platform's wheels, with
/// its hash, from the first build on.
struct LockedBuild {
  std::string name;
  std::string source;           // the recipe's, see source_package.hpp
  std::string index, filename;  // of an sdist: URL of its index, or "folder"
  std::string sha256;           // of the sdist, or over the files beside the recipe; "" for a commit, which is a hash
  std::vector<std::string> needs;
  std::vector<std::string> architectures;  // sm_90 ...: the machine code that it must have; empty: none is asked for
  std::map<std::string, std::string> environment = {};  // what the recipe gives its build
  std::vector<std::string> required_by =
      {};  // NAME==VERSION of the platform's wheels; its version must be one they take
  friend bool operator==(const LockedBuild&, const LockedBuild&) = default;
};

/// How the base comes to be there.
enum class BaseKind {
  kRegistry,   // FROM reference@sha256:digest
  kBootstrap,  // base.tar, made from `debs`; digest is the sha256 of base.tar
  kLocal,      // an image that the engine already has; digest is its image id
};

struct LockedBase {
  std::string name;  // debian:12
  BaseKind kind = BaseKind::kBootstrap;
  std::string reference;  // kRegistry: repository; kLocal: the tag in the engine
  std::string digest;     // sha256:... ; "" for kBootstrap until base.tar was made once is not allowed: lock makes it
  std::string glibc;      // 2.36
  std::vector<LockedDeb> debs;  // kBootstrap: what base.tar is made of
  friend bool operator==(const LockedBase&, const LockedBase&) = default;
};

/// One chosen version and why.
struct Choice {
  std::string component;  // torch, cuda, cudnn, nccl, cublas, triton, python, torchvision, driver-floor ...
  std::string version;
  std::string reason;  // one sentence
  std::string source;  // the data row or the recipe's place
  friend bool operator==(const Choice&, const Choice&) = default;
};

struct LockedPlatform {
  LockedBase base;
  std::string python;        // "3.11", or "3.13t" of an archive
  std::string torch;         // "2.6.0"
  std::string cuda_variant;  // "cu124"
  std::string cuda;          // "12.4"
  std::string cudnn, nccl;   // as their wheels are numbered; "" = inside the torch wheel and not known
  std::string torch_index;   // URL that serves the torch family, or "folder"
  std::string require_cuda;  // NVIDIA_REQUIRE_CUDA, e.g. "cuda>=12.0"
  int cxx11_abi = 1;         // of this torch build: 0 before 2.7 on PyPI
  int cxx_standard = 17;     // that its headers need
  std::vector<std::string> gpu_architectures;  // sm_90 ... that the pools need
  std::vector<Choice> choices;
  std::vector<LockedWheel> wheels;
  std::vector<LockedWheel> tools;       // uv
  std::vector<LockedDeb> debs;          // in the image, beyond the base
  std::vector<LockedDeb> builder_debs;  // only in the stages that compile: the validator's torch group, `builds`
  std::vector<LockedBuild> builds;
  std::optional<PythonArchive> python_archive;  // the interpreter, where it is not the base's own
  std::vector<LockedWheel> build_wheels;        // what `builds` are built with, nvcc too; in no image
  friend bool operator==(const LockedPlatform&, const LockedPlatform&) = default;
};

struct Lock {
  ImageSpec spec;           // places (Located::where) are not part of the lock
  std::string data_digest;  // sha256:... of the compatibility data
  std::string data_as_of;   // 2026-11-21
  std::string exclude_newer;
  std::map<std::string, std::string> exclude_newer_of;  // packages upgraded alone since, each with its own cutoff
  std::map<std::string, LockedPlatform> platforms;      // linux/amd64
  friend bool operator==(const Lock&, const Lock&) = default;
};

inline constexpr int kLockSchemaVersion = 1;

/// Those of the builds before it in the lock that the build itself needs; a lock has them in that order.
std::vector<const LockedBuild*> built_needs(const LockedPlatform& locked, const LockedBuild& build);
/// 64 hex digits that name the wheel of a build: over its source, what it needs, torch, CUDA variant, C++ ABI, Python,
/// machine code, and the base, whose C library it needs. Same name, same wheel, whichever recipe asks.
std::string build_key(const std::string& platform, const LockedPlatform& locked, const LockedBuild& build);
/// The wheel that `build` became, or nullptr before the first build.
const LockedWheel* built_wheel(const LockedPlatform& locked, const LockedBuild& build);

/// sha256:... over the canonical JSON of the deciding part of a recipe: what `--locked` compares.
std::string spec_digest(const ImageSpec& spec);
/// sha256:... over the canonical JSON of the lock.
std::string lock_digest(const Lock& lock);
/// The bytes of <recipe>.lock: readable JSON with "schema", "schema_version", "digest".
std::string write_lock(const Lock& lock);
/// Throws Error{kLockMalformed, kLockTooNew, kLockDigest}: a lock whose digest is not that of its content was edited by
/// hand. Every value is checked by the grammar of its kind, so that no lock, whoever wrote it, can become a shell word,
/// a Dockerfile instruction or a path outside its folder.
Lock read_lock(const std::string& text, const std::string& file);

}  // namespace envforge::documents
