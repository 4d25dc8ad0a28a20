// What an image with a CUDA compiler, or a package that is compiled for a GPU, asks of a build and a base.
#pragma once

#include "problem.hpp"
#include "rules.hpp"

namespace envforge::resolve {

/// Whether wheels of PyPI bring the nvcc of the build's toolkit, and that nvcc takes the base's g++.
Fit compiler_fit(const compat::Knowledge& knowledge, const Candidate& candidate, const BuildOption& option);
Fact compiler_fact(const compat::Knowledge& knowledge, const Candidate& candidate, const BuildOption& option);
/// Whether the wheels alone are known, whatever the base.
Fit nvcc_fit(const compat::Knowledge& knowledge, const BuildOption& option);
/// Whether the toolkit's nvcc makes machine code for the GPU.
Fit compiled_code_fit(const BuildOption& option, const compat::Architecture& gpu);
Fact compiled_code_fact(const BuildOption& option, const PoolGpu& gpu);

}  // namespace envforge::resolve
