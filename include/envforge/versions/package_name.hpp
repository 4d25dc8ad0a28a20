// Names of Python packages as they are compared. Used wherever a name of the recipe, of an index or of an image meets
// another.
#pragma once

#include <string>
#include <string_view>

namespace envforge::versions {

/// PEP 503: lower case, runs of - _ . as one dash.
std::string normal_name(std::string_view name);
/// "jupyterlab" of "JupyterLab [x]>=4; python_version > '3'", normal as above; "" for a text that begins with no name.
std::string requirement_name(std::string_view requirement);
/// The library in one of NVIDIA's wheels: "cublas" of nvidia-cublas-cu12 and of nvidia-cublas, as they are called from
/// CUDA 13 on; "" for any other wheel. `normal` is a name as normal_name gives it.
std::string nvidia_library(std::string_view normal);

}  // namespace envforge::versions
