// The recipe as a value. ImageSpec is what decides the image's bytes and goes into the lock; the rest decides only how
// the image is named, run and judged. Knows no files, no engine and no version data: whether a GPU name exists is asked
// in resolve.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <envforge/support/error.hpp>
#include <envforge/versions/version.hpp>
#include <envforge/versions/version_range.hpp>

namespace envforge::documents {

/// A value and the place in the recipe that gave it; a default has an empty place.
template <class T>
struct Located {
  T value{};
  support::Where where{};
  friend bool operator==(const Located&, const Located&) = default;
};

/// Machines that the image must run on.
struct Pool {
  std::string name;
  std::vector<Located<std::string>> gpus;            // as written: a model, an NVML name, "sm_90" or "9.0"
  std::optional<Located<versions::Version>> driver;  // nullopt: not stated, so no driver rule applies
  bool forward_compat = false;  // its containers have NVIDIA's cuda-compat: forward compatibility may be used
  support::Where where;
  friend bool operator==(const Pool&, const Pool&) = default;
};

/// A library that a torch build brings, in the versions that are wanted of it.
struct LibraryWish {
  std::string name;                         // of torch_libraries()
  Located<versions::VersionRange> version;  // as VersionRange::parse_prefix reads it
  friend bool operator==(const LibraryWish&, const LibraryWish&) = default;
};
/// The words for them under `torch`: cudnn, nccl, cublas, triton.
const std::vector<std::string>& torch_libraries();

struct TorchWish {
  Located<versions::VersionRange> version;
  Located<std::string> cuda;                  // "auto", "cu126", or "12.6" (any build of that toolkit minor)
  std::vector<Located<std::string>> include;  // of torchvision, torchaudio
  std::vector<LibraryWish> libraries;         // at most one of each, in the order of torch_libraries()
  friend bool operator==(const TorchWish&, const TorchWish&) = default;
};

/// A package that is compiled from its source against the image's torch.
struct BuildWish {
  Located<std::string> source;  // see source_package.hpp
  /// Where its machine code is required; nullopt: on every pool; empty: nowhere, it has none (C++ alone).
  std::optional<std::vector<std::string>> pools;
  std::vector<std::string> needs;  // requirements of its build beside setuptools, wheel, ninja and packaging
  std::map<std::string, std::string> environment = {};  // of its build alone
  friend bool operator==(const BuildWish&, const BuildWish&) = default;
};
/// The builds so that each comes after those that its own build needs, else in their order. Throws Error{kWrongValue}
/// at a build that needs itself, by way of others.
std::vector<BuildWish> in_build_order(const std::vector<BuildWish>& builds);

/// Whether its wheel must have machine code somewhere, so that its build needs a CUDA compiler.
inline bool needs_machine_code(const BuildWish& wish) {
  return !wish.pools || !wish.pools->empty();
}

struct CopyItem {
  std::string from;  // relative to the recipe's folder, never above it
  std::string to;    // absolute, in the image
  friend bool operator==(const CopyItem&, const CopyItem&) = default;
};

struct Service {
  int port = 0;
  friend bool operator==(const Service&, const Service&) = default;
};

struct ImageSpec {
  std::string image;  // the repository name that tags are put on
  std::vector<Pool> pools;
  std::vector<std::string> platforms;  // linux/amd64, linux/arm64
  Located<std::string> base;           // debian:12, debian:13, ubuntu:22.04, ubuntu:24.04
  Located<std::string> python;         // "3.11", or "auto" for the base's own
  TorchWish torch;
  Located<std::string> variant = {"runtime", {}};  // or devel: compilers and the CUDA toolkit are in the image
  std::vector<Located<std::string>> capabilities;  // torch_compile
  std::vector<Located<std::string>> apt;
  std::vector<Located<std::string>> pip;  // PEP 508 requirements and commits, also of the requirements file
  std::vector<BuildWish> build;
  std::string
      exclude_newer;  // UTC date or second; no package uploaded later is taken. "" = the compatibility data's date
  std::string user_name = "aiuser";
  unsigned uid = 1000;
  std::map<std::string, std::string> environment;
  std::string workdir = "/workspace";
  std::vector<CopyItem> copy;
  std::vector<std::string> command;
  std::map<std::string, Service> services;  // jupyter, ssh
  friend bool operator==(const ImageSpec&, const ImageSpec&) = default;
};
inline bool is_devel(const ImageSpec& spec) {
  return spec.variant.value == "devel";
}

struct RunSpec {
  std::optional<std::uint64_t> shm_bytes, memory_bytes;
  std::optional<double> cpus;
  std::vector<std::string> volumes;  // HOST:CONTAINER[:ro]
  std::vector<std::string> ports;    // [ADDRESS:]HOST:CONTAINER
  friend bool operator==(const RunSpec&, const RunSpec&) = default;
};

struct VerifySpec {
  std::string suite = "standard";
  std::vector<Located<std::string>> require;  // check groups or check ids
  friend bool operator==(const VerifySpec&, const VerifySpec&) = default;
};

/// What `--hash=` says at a line of a requirements file: files of the package that may be installed, and no others.
struct RequirementHashes {
  std::string package;              // normal
  std::vector<std::string> hashes;  // "sha256:..." as they stand there
  support::Where where;
  friend bool operator==(const RequirementHashes&, const RequirementHashes&) = default;
};

struct Recipe {
  std::string file;  // as the user named it
  ImageSpec spec;
  std::vector<RequirementHashes> hashes;
  std::vector<Located<std::string>> tags;  // with {torch} {cuda} {base} {python}; never latest
  std::optional<std::uint64_t> max_size_bytes;
  RunSpec run;
  VerifySpec verify;
  friend bool operator==(const Recipe&, const Recipe&) = default;
};

}  // namespace envforge::documents
