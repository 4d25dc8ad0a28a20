// The Dockerfile that compiles the validator's torch group against the torch of an image that envforge did not build.
// Its context holds the sources below validator/, and the builder's root file system where the image has no compiler.
#pragma once

#include <string>

#include <envforge/render/render.hpp>

namespace envforge::render {

struct ForeignTorchGroup {
  std::string image;         // a reference that the engine has
  std::string torch_folder;  // in the image
  std::string builder;       // another image that has a compiler; "" = none
  std::string base_tar;      // else the name of a root file system in the context; "" = the image compiles it itself
  std::string compiler;      // path of the C++ compiler; "" = g++
  TorchGroupSources sources;
};

/// The target kTorchGroupTarget leaves by --output with kTorchGroupFile. Throws Error{kUnprintableValue} for an image
/// or a path that has no place in a Dockerfile.
std::string foreign_torch_group(const ForeignTorchGroup& what);

}  // namespace envforge::render
