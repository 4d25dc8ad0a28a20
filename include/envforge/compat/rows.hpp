// The rows of the compatibility data as plain values. The shipped rows are constants of the program, rows of `--data
// DIR` live in the Knowledge that read them: so text here is a view. Knows no recipe and no JSON.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace envforge::compat {

using Names = std::span<const std::string_view>;

/// What was read. A source that is both is a document: the weaker word.
enum class SourceKind {
  kArtifact,  // what is served itself: a wheel or a library that was opened, the metadata that an index gives for it
  kDocument,  // what somebody wrote about it: a page, a table, a build script, an issue, a lock file of others
};

/// Where a fact was read and when.
struct SourceText {
  std::string_view title;      // "PyPI METADATA"
  std::string_view reference;  // repository and commit, page, or what was opened
  std::string_view checked;    // 2026-11-21, or 2026-09 where the day is not recorded
  SourceKind kind = SourceKind::kDocument;
};

/// Names the row, its sources (artifacts before documents) and its fields that are inferred or weakly supported.
struct Evidence {
  std::string_view file;  // compat/pytorch.json
  std::string_view row;   // 2.6.0 cu124
  std::span<const SourceText> sources;
  Names unverified;

  bool is_unverified(std::string_view field) const;
};
/// "artifact", "document" or "inferred": how a field of the row was checked; of the row itself without a field.
std::string_view how_checked(const Evidence& evidence, std::string_view field = {});
/// "compat/pytorch.json: 2.6.0 cu124, PyPI METADATA, artifact read 2026-11-21"; of an unverified field "..., inferred
/// 2026-09".
std::string cite(const Evidence& evidence, std::string_view field = {});

/// A list that can be unknown, which is not the same as empty.
struct KnownList {
  bool known = false;
  bool verified = false;
  Names names;
};

/// What one wheel of a build is on one platform.
struct BuildPlatform {
  std::string_view platform;  // linux/amd64
  bool on_pypi = false;       // PyPI serves this build; otherwise only PyTorch's own index does
  bool verified = true;       // false: that the build exists for this platform is weakly supported
  std::string_view min_glibc;
  KnownList sass;         // sm_80 ...: machine code that every kernel has
  KnownList ptx;          // compute_90 ...
  KnownList linalg_sass;  // machine code of the linear algebra library, where it differs
  Evidence evidence;      // of the machine code; that of the build where none is known
};

/// An exact requirement of the linux/amd64 wheel.
struct Requirement {
  std::string_view package;
  std::string_view version;
};

/// One CUDA variant of one torch release.
struct Build {
  std::string_view cuda_variant;  // cu124
  std::string_view cuda;          // 12.4
  Names python;                   // 3.9 ...
  Names free_threaded;            // 3.13t ...: wheels for the build of that Python without the GIL
  std::span<const BuildPlatform> platforms;
  std::string_view cudnn, nccl, cublas;  // "" = not known
  bool bundled = false;                  // CUDA libraries inside the torch wheel
  int cxx11_abi = 1;
  int cxx_standard = 17;
  std::span<const Requirement> pins;
  Evidence evidence;
};

struct Release {
  std::string_view version;
  std::string_view date;
  std::string_view torchvision, torchaudio, triton;  // "" = none
  std::string_view triton_python;                    // range of Pythons for which triton is required; "" = all
  Names torchvision_python, torchaudio_python;       // empty = as torch
  Names torchaudio_cuda;                             // CUDA of its builds that are known; empty = as torch
  std::span<const Build> builds;                     // newest CUDA first
  Evidence evidence;
};

/// Minor-version compatibility: any toolkit of the major runs on a driver from this one on.
struct CudaMajor {
  int major = 0;
  std::string_view driver_floor;
  Evidence evidence;
};

/// What brings the nvcc of a major's toolkits.
struct CompilerWheels {
  int major = 0;
  Names wheels;  // of PyPI, numbered as the toolkit: nvcc and its headers; empty = there are none
  Evidence evidence;
};

struct Toolkit {
  std::string_view version;         // 12.4
  std::string_view bundled_driver;  // what its installer carries: not the minimum
  std::string_view host_gcc_max;    // the newest g++ that its nvcc takes; "" = not known
  Evidence evidence;
};

/// A version that people name and that was never published.
struct NotPublished {
  std::string_view version;
  std::string_view fact;
  Evidence evidence;
};

struct Architecture {
  std::string_view cc;  // 9.0
  std::string_view name;
  std::string_view first_cuda;          // toolkits that can make code for it
  std::string_view last_cuda;           // "" = still made
  bool tegra = false;                   // integrated GPU: its code and that of discrete GPUs do not mix
  std::string_view last_driver_branch;  // "" = still supported
  Evidence evidence;
};

struct DriverBranch {
  std::string_view branch;    // R535
  std::string_view max_cuda;  // what nvidia-smi prints
  Evidence evidence;
};

/// Forward compatibility: the driver branches on which NVIDIA's package cuda-compat carries a toolkit that is newer
/// than they are. Only the models that allow it (Gpu::forward_compat).
struct ForwardCompat {
  std::string_view cuda;  // 12.4
  Names branches;         // R470 ...
  Evidence evidence;
};

struct FirstListed {
  std::string_view branch;
  std::string_view driver;
};

struct Gpu {
  std::string_view name;
  std::string_view kind;  // geforce, workstation, datacenter, superchip, desktop-superchip, jetson
  std::string_view cc;
  Names driver_names;                         // as nvidia-smi prints them
  std::span<const FirstListed> first_listed;  // an upper bound: for warnings only
  std::optional<bool> forward_compat;         // whether cuda-compat may be used on it; nullopt: not known
  Evidence evidence;
};

/// From this cuDNN on, GPUs below `min_cc` have no code.
struct CudnnFloor {
  std::string_view from;
  std::string_view min_cc;
  std::string_view fact;
  Evidence evidence;
};

/// Versions that do not go together although every requirement allows them, with the report that shows it. A condition
/// that is "" always holds; a row applies where all of its conditions do.
struct KnownBad {
  std::string_view id;
  std::string_view torch, cuda, cudnn, nccl;  // ranges
  std::string_view gpu;                       // range of compute capabilities
  std::string_view platform;
  std::string_view fact;
  Evidence evidence;
};

/// An answer to what is asked beside the versions.
struct Topic {
  std::string_view id;
  Names patterns;  // as of a shell, in lower case
  std::string_view answer;
  bool no_such_tag = false;  // images that its patterns name do not exist, unless a row of ImageTags has them
  Evidence evidence;
};

/// Tags of others' images: VERSION, VERSION-FLAVOUR or VERSION-FLAVOUR-SYSTEM, each with each.
struct ImageTags {
  std::string_view id;
  std::string_view repository;  // nvidia/cuda
  Names versions;
  Names flavours;              // empty: the versions are whole tags
  Names systems;               // empty: no third part
  std::optional<bool> exists;  // or did when that was read; nullopt: nobody looked
  std::string_view fact;       // what is known of them, to follow a colon
  Evidence evidence;
};

struct Base {
  std::string_view name;   // debian:12
  std::string_view suite;  // bookworm
  std::string_view glibc;
  std::string_view python;
  std::string_view gcc;  // the version of its package g++; "" = not known
  Evidence evidence;
};

/// Bases whose C library is another: those with this word in their name.
struct WithoutGlibc {
  std::string_view word;  // alpine, also of python:3.12-alpine3.20
  std::string_view fact;
  Evidence evidence;
};

/// All rows, each table in its one order whatever the order in the files: releases, builds, branches and toolkits
/// newest first.
struct Tables {
  std::string_view as_of;   // the newest date of the files
  std::string_view digest;  // sha256:... over the canonical form of the files
  std::string_view index_base;
  std::span<const Release> releases;
  std::span<const CudaMajor> majors;
  std::span<const CompilerWheels> compilers;
  std::span<const Toolkit> toolkits;
  std::span<const NotPublished> not_published;
  std::span<const Architecture> architectures;
  std::span<const DriverBranch> branches;
  std::span<const ForwardCompat> forward_compat;
  std::span<const Gpu> gpus;
  std::span<const CudnnFloor> cudnn_floors;
  std::span<const Base> bases;
  std::span<const WithoutGlibc> without_glibc;
  std::span<const KnownBad> known_bad;
  std::span<const Topic> topics;
  std::span<const ImageTags> image_tags;
};

}  // namespace envforge::compat
