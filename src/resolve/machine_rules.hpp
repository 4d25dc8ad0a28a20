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
/// The compute capabilities whose machine code the GPU runs, the lowest first: 10.0 and 10.3 for 10.3.
std::vector<const compat::Architecture*> serving(const compat::Knowledge& knowledge, const compat::Architecture& gpu);
/// "sm_100 or sm_103".
std::string needed_code(const compat::Knowledge& knowledge, const compat::Architecture& gpu);
/// The build's toolkit is older than each that makes machine code which the GPU runs, be it of a smaller compute
/// capability (sm_120 for 12.1).
bool too_early(const compat::Knowledge& knowledge, const BuildOption& option, const compat::Architecture& gpu);
/// A Tegra GPU for which no wheel of the data lists code, verified or not: they are made for servers.
bool without_wheels(const compat::Knowledge& knowledge, const compat::Architecture& gpu);
/// Whether the GPU finds code in the build, be it PTX. A list that is not verified leaves it open, unless the build is
/// too early for the GPU.
Fit code_fit(const compat::Knowledge& knowledge, const BuildOption& option, const compat::BuildPlatform& platform,
             const compat::Architecture& gpu);
/// Minor-version compatibility from CUDA 11 on; before, the toolkit's own driver. Forward compatibility is a rule
/// apart.
Fit driver_fit(const compat::Knowledge& knowledge, const BuildOption& option, const versions::Version& driver);
/// The number of the oldest driver branch that lists any model of the compute capability; 0: the data lists none.
unsigned first_branch(const compat::Knowledge& knowledge, std::string_view cc);
/// Whether the branch reports a CUDA version that is older than the first one for the GPU, and no list says that one of
/// its drivers knows the GPU all the same.
bool reports_too_little(const compat::DriverBranch& branch, const compat::Architecture& gpu, unsigned first_branch);
/// Whether the driver supports the GPU: kNo behind the last branch for it; kUnknown of a branch without a row, of one
/// that is older than `first_branch`, which is an upper bound only, and of one that reports too little.
Fit gpu_driver_fit(const compat::Knowledge& knowledge, const versions::Version& driver, const compat::Architecture& gpu,
                   unsigned first_branch);
/// Of a branch without a row: the next older one that is known, or the oldest where it is older; nullptr: none is
/// known.
const compat::DriverBranch* nearest_branch(const compat::Knowledge& knowledge, const versions::Version& driver);
/// "the driver branch R999 is not known to the data of 2026-11-21; the newest that is known is R615", or the oldest, or
/// the two beside it.
std::string branch_not_known(const compat::Knowledge& knowledge, const versions::Version& driver);
/// PTX is compiled by a driver that reports at least the CUDA version of the build.
Fit ptx_driver_fit(const compat::Knowledge& knowledge, const BuildOption& option, const versions::Version& driver);

/// Whether NVIDIA allows cuda-compat on the GPU; kUnknown for a name that stands for models of both kinds, or for none.
Fit forward_class(const compat::GpuMatch& gpu);
/// Forward compatibility: the container has the cuda-compat of the build's toolkit, whose user-mode driver then runs on
/// the branch of `driver`. Source: NVIDIA CUDA Compatibility, page "Forward Compatibility".
Fit forward_fit(const compat::Knowledge& knowledge, const BuildOption& option, const versions::Version& driver,
                const compat::GpuMatch& gpu);
/// "cuda-compat-12-4".
std::string forward_package(const versions::Version& cuda);

}  // namespace envforge::resolve
