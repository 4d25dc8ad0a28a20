// Names of Python packages as they are compared. Used wherever a name of the recipe, of an index or of an image meets
// another.
#pragma once

#include <optional>
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

/// What the name of a wheel's file says of it.
struct WheelName {
  std::string project;  // normal
  std::string version;  // 2.6.0+cu124
};
/// Of a path or an address, "https://HOST/torch-2.6.0%2Bcu124-cp311-cp311-linux_x86_64.whl#sha256=..."; nullopt for
/// what names no wheel.
std::optional<WheelName> wheel_name(std::string_view address);

}  // namespace envforge::versions
