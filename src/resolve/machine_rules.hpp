// What a machine asks of a build, one rule each: the same for the recipe's pools and for the filters of the matrix.
#pragma once

#include <envforge/compat/machine_code.hpp>

#include "problem.hpp"

namespace envforge::resolve {

/// The toolkits that could make code for the GPU ended before this build's.
bool outlived(const BuildOption& option, const compat::Architecture& gpu);
/// The row by which the cuDNN of the build leaves the GPU without code, if there is one.
const compat::CudnnFloor* cudnn_without(const compat::Knowledge& knowledge, const BuildOption& option,
                                        const compat::Architecture& gpu);
/// Whether the GPU finds code in the build, be it PTX.
Fit code_fit(const compat::Knowledge& knowledge, const BuildOption& option, const compat::BuildPlatform& platform,
             const compat::Architecture& gpu);
/// Minor-version compatibility from CUDA 11 on; before, the toolkit's own driver. Forward compatibility is not used.
Fit driver_fit(const compat::Knowledge& knowledge, const BuildOption& option, const versions::Version& driver);
/// Whether the driver still supports the GPU.
bool driver_knows(const versions::Version& driver, const compat::Architecture& gpu);
/// PTX is compiled by a driver that reports at least the CUDA version of the build.
Fit ptx_driver_fit(const compat::Knowledge& knowledge, const BuildOption& option, const versions::Version& driver);

}  // namespace envforge::resolve
