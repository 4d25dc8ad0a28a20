// Locks written by hand, small enough to read in a golden Dockerfile.
#pragma once

#include <string>
#include <utility>

#include <envforge/documents/lock.hpp>

namespace envforge::render::testing {

inline std::string sha(char digit) {
  return std::string(64, digit);
}

inline documents::LockedWheel wheel(std::string name, std::string version, bool heavy, char digit,
                                    std::string index = "https://pypi.org/simple") {
  documents::LockedWheel out;
  out.filename = name + "-" + version + "-py3-none-any.whl";
  out.name = std::move(name);
  out.version = std::move(version);
  out.sha256 = sha(digit);
  out.index = std::move(index);
  out.heavy = heavy;
  return out;
}

inline documents::LockedDeb deb(std::string name, char digit, bool foundation = false) {
  documents::LockedDeb out;
  out.filename = "pool/main/" + name + "_1_amd64.deb";
  out.name = std::move(name);
  out.version = "1";
  out.architecture = "amd64";
  out.suite = "bookworm";
  out.sha256 = sha(digit);
  out.foundation = foundation;
  return out;
}

inline constexpr const char* kPlatform = "linux/amd64";

/// A bootstrapped Debian 12 with torch 2.6.0 for CUDA 12.4, and nothing more.
inline documents::Lock sample_lock() {
  documents::Lock lock;
  lock.spec.image = "team/pytorch-cuda";
  lock.spec.pip = {};
  lock.data_digest = "sha256:" + sha('d');
  lock.data_as_of = "2026-11-21";
  lock.exclude_newer = "2026-11-01T00:00:00Z";
  documents::LockedPlatform platform;
  platform.base.name = "debian:12";
  platform.base.kind = documents::BaseKind::kBootstrap;
  platform.base.digest = "sha256:" + sha('b');
  platform.base.glibc = "2.36";
  platform.python = "3.11";
  platform.torch = "2.6.0";
  platform.cuda_variant = "cu124";
  platform.cuda = "12.4";
  platform.cudnn = "9.1.0.70";
  platform.nccl = "2.21.5";
  platform.torch_index = "https://pypi.org/simple";
  platform.require_cuda = "cuda>=12.0";
  platform.cxx11_abi = 0;
  platform.wheels = {wheel("filelock", "3.13.1", false, '1'), wheel("nvidia-cudnn-cu12", "9.1.0.70", true, '2'),
                     wheel("nvidia-nccl-cu12", "2.21.5", true, '3'), wheel("torch", "2.6.0", true, '4'),
                     wheel("triton", "3.2.0", true, '5')};
  platform.tools = {wheel("uv", "0.13.8", false, '6')};
  platform.debs = {deb("python3.11-minimal", '7', true), deb("tini", '8', true)};
  lock.platforms[kPlatform] = std::move(platform);
  return lock;
}

}  // namespace envforge::render::testing
