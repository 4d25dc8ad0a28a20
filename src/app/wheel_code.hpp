// What a wheel of torch says about itself when it is opened: versions, machine code, C++ ABI. What the compatibility
// data says of the same build is the caller's.
#pragma once

#include <string>

#include <envforge/app/check_data.hpp>

namespace envforge::app {

/// Throws as check_wheels().
WheelFacts read_torch_wheel(World& world, const std::string& file);

/// Whether a GPU runs the kernels of torch but not those of its linear algebra library: only then a row lists the
/// latter.
bool linear_algebra_differs(const compat::Knowledge& knowledge, const WheelFacts& wheel);

}  // namespace envforge::app
