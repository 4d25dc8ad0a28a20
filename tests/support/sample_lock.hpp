// Locks written by hand: a small one, to be read in a golden Dockerfile, and one that holds every kind of row.
#pragma once

#include <string>
#include <utility>

#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe_yaml.hpp>

namespace envforge::testing {

inline std::string hex64(char digit) {
  return std::string(64, digit);
}

inline documents::LockedWheel wheel(std::string name, std::string version, bool heavy, char digit,
                                    std::string index = "https://pypi.org/simple") {
  documents::LockedWheel out;
  out.filename = name + "-" + version + "-py3-none-any.whl";
  out.name = std::move(name);
  out.version = std::move(version);
  out.sha256 = hex64(digit);
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
  out.sha256 = hex64(digit);
  out.foundation = foundation;
  return out;
}

inline constexpr const char* kPlatform = "linux/amd64";

/// A bootstrapped Debian 12 with torch 2.6.0 for CUDA 12.4, and nothing more.
inline documents::Lock small_lock() {
  documents::Lock lock;
  lock.spec.image = "team/pytorch-cuda";
  lock.spec.pip = {};
  lock.data_digest = "sha256:" + hex64('d');
  lock.data_as_of = "2026-11-21";
  lock.exclude_newer = "2026-11-01T00:00:00Z";
  documents::LockedPlatform platform;
  platform.base.name = "debian:12";
  platform.base.kind = documents::BaseKind::kBootstrap;
  platform.base.digest = "sha256:" + hex64('b');
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

/// The value without its places: what a lock keeps of it.
inline documents::ImageSpec without_places(documents::ImageSpec spec) {
  const auto strip = [](auto& located) { located.where = {}; };
  for (auto& pool : spec.pools) {
    pool.where = {};
    for (auto& gpu : pool.gpus) strip(gpu);
    if (pool.driver) strip(*pool.driver);
  }
  strip(spec.base);
  strip(spec.python);
  strip(spec.variant);
  strip(spec.torch.version);
  strip(spec.torch.cuda);
  for (auto* list : {&spec.torch.include, &spec.capabilities, &spec.apt, &spec.pip}) {
    for (auto& value : *list) strip(value);
  }
  return spec;
}

inline documents::ImageSpec complete_spec() {
  return without_places(documents::read_recipe(R"yaml(schema: envforge/recipe/v1
image: team/pytorch-cuda
target:
  - {name: ampere, gpus: A100, driver: "550.90.07"}
  - {name: any, gpus: [H100, sm_90]}
torch: {version: ">=2.6,<2.8", include: [torchvision]}
capabilities: [torch_compile]
packages: {apt: [g++], pip: ["pandas>=2"], exclude_newer: 2026-11-01}
environment: {PROMPT: "$HOME \"quoted\" `ticks`", EMPTY: ""}
copy: [{from: src, to: /workspace}]
command: [python, -c, "print('é')"]
services: {jupyter: {}}
)yaml",
                                               "sample.yaml")
                            .spec);
}

/// Every kind of row, for the tests of the codec.
inline documents::Lock complete_lock() {
  documents::Lock lock = small_lock();
  lock.spec = complete_spec();
  lock.data_digest = "sha256:" + hex64('a');
  documents::LockedPlatform& platform = lock.platforms[kPlatform];
  platform.base.debs = {{"libc6", "2.36-9+deb12u10", "amd64", "bookworm",
                         "pool/main/g/glibc/libc6_2.36-9+deb12u10_amd64.deb", hex64('1'), 2755512, false}};
  platform.gpu_architectures = {"sm_80", "sm_90"};
  platform.choices = {{"torch", "2.6.0", "the newest release that every pool can run", "pytorch.json releases[20]"}};
  platform.wheels = {{"torch", "2.6.0", "torch-2.6.0-cp311-cp311-manylinux1_x86_64.whl", hex64('2'),
                      "https://pypi.org/simple", 766700000, true, true},
                     {"pandas", "2.3.3", "pandas-2.3.3-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
                      hex64('3'), "https://pypi.org/simple", 0, false, true}};
  platform.tools = {{"uv", "0.9.0", "uv-0.9.0-py3-none-manylinux_2_17_x86_64.whl", hex64('4'),
                     "https://pypi.org/simple", 20000000, false, false}};
  platform.debs = {{"python3.11", "3.11.2-6+deb12u6", "amd64", "bookworm-security",
                    "pool/updates/main/p/python3.11/python3.11_3.11.2-6+deb12u6_amd64.deb", hex64('5'), 573000, true},
                   {"tini", "0.19.0-1", "amd64", "folder", "tini_0.19.0-1~bpo_amd64.deb", hex64('6'), 255000, true}};
  platform.builder_debs = {{"g++", "4:12.2.0-3", "amd64", "bookworm", "pool/main/g/gcc-defaults/g++_12.2.0-3_amd64.deb",
                            hex64('7'), 1356, false}};
  return lock;
}

/// The complete lock of a devel image, with a package of each kind that is built from its source; one of them was.
inline documents::Lock lock_with_builds() {
  documents::Lock lock = complete_lock();
  lock.spec.build = {{{"ops @ ./ops", {}}, std::vector<std::string>{}, {"psutil"}, {{"FORCE_BUILD", "1"}}},
                     {{"flash-attn==2.8.3", {}}, {}, {}}};
  auto& platform = lock.platforms.begin()->second;
  platform.builds = {
      {"ops", "ops @ ./ops", "", "", hex64('1'), {"psutil"}, {}, {{"FORCE_BUILD", "1"}}, {"numpy==2.1.0"}},
      {"flash-attn",
       "flash-attn==2.8.3",
       "https://pypi.org/simple",
       "flash_attn-2.8.3.tar.gz",
       hex64('2'),
       {},
       {"sm_90"}},
      {"lib",
       "lib @ git+https://git.example.com/team/lib@0123456789abcdef0123456789abcdef01234567",
       "",
       "",
       "",
       {},
       {}}};
  platform.build_wheels = {wheel("psutil", "7.0.0", false, '3')};
  lock.spec.variant.value = "devel";
  platform.wheels.push_back(wheel("ninja", "1.13.0", false, '5'));
  platform.wheels.back().toolkit = true;
  platform.wheels.push_back(wheel("ops", "1.0", false, '4', documents::kBuiltHere));
  return lock;
}

}  // namespace envforge::testing
