// The lock: everything that decides the image, exactly. `render` needs nothing else, so the same lock gives the same
// Dockerfile.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
  std::string index;       // URL of the index it comes from, "folder", or the wheel's own URL, which ends with .whl
  std::uint64_t size = 0;  // 0 = the index does not say
  bool heavy = false;      // torch and the CUDA libraries: the layer that several recipes share
  bool direct = false;     // asked for by us or the recipe, not only needed by another
  friend bool operator==(const LockedWheel&, const LockedWheel&) = default;
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
  std::string python;        // "3.11"
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
  std::vector<LockedDeb> builder_debs;  // only in the stage that compiles the validator's torch group
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
