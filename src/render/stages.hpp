// The stages of the rendered Dockerfile, one function each. Used by render() alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <envforge/documents/lock.hpp>
#include <envforge/render/render.hpp>

#include "install_plan.hpp"

namespace envforge::render {

inline constexpr std::string_view kVenv = "/opt/venv";

/// Of the context: the layer of a Python that the base does not have.
inline constexpr std::string_view kPythonTar = "python.tar";

/// Of the devel stage's context: NAME==VERSION of everything that the image has.
inline constexpr std::string_view kLockedList = "requirements/locked.txt";

/// In the stage that builds packages from their sources: NAME/ holds one source.
inline constexpr std::string_view kSources = "/src";

/// What triton's modules are linked against, where an image can run torch.compile (images/torch_compile/libcuda.c).
inline constexpr std::string_view kLinkLibcuda = "/opt/envforge/libcuda";

/// A toolkit's folder, as build scripts look for one, made of links into the wheels (images/from_source/cuda-home).
inline constexpr std::string_view kCudaHome = "/opt/cuda";
/// Where a linker looks in it; the driver's library is only a name there.
inline constexpr std::string_view kCudaLibraries = "/opt/cuda/lib64:/opt/cuda/lib64/stubs";

struct StageInput {
  const documents::Lock& lock;
  const documents::LockedPlatform& platform;
  const TorchGroupSources& torch_group;
};

bool has_torch_compile(const documents::ImageSpec& spec);
Stage base_stage(const StageInput& input);
Stage environment_stage(const StageInput& input);
std::vector<Stage> check_stages(const StageInput& input);
std::vector<Stage> torch_group_stages(const StageInput& input);
Stage image_stage(const StageInput& input);
/// The environment with compilers, build tools and the sources of `builds` below kSources.
Stage devel_stage(const StageInput& input);

/// Tools, secrets and the cache are mounted below /run over a tmpfs: the layer keeps no trace, not even an empty
/// folder.
std::vector<Mount> mounts_below_run(std::vector<Mount> more);
/// Installs the .debs of debs/<folder> of the context, then runs `afterwards` in the same layer.
Run install_debs(const std::string& folder, std::vector<Command> afterwards = {});
/// Makes kCudaHome of the wheels in kVenv; needs gcc.
Instruction make_cuda_home();
/// One layer for each; the packages go into kVenv.
void add_wheel_layers(const std::vector<WheelLayer>& layers, Stage& stage);
/// debs of the platform below the torch layer, or above it.
std::vector<documents::LockedDeb> debs_of(const documents::LockedPlatform& platform, bool foundation);

}  // namespace envforge::render
