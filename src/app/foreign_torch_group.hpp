// The torch group for a torch that envforge did not install: in somebody's image, or where envforge itself runs.
#pragma once

#include <string>

#include <envforge/app/torch_group.hpp>
#include <envforge/app/world.hpp>
#include <envforge/protocol/torch_facts.hpp>

namespace envforge::app {

/// Compiles the group in a builder, or finds it compiled before. Whatever stands in the way is `why_absent`, never an
/// exception; only an interruption is thrown.
TorchGroup torch_group_for_image(World& world, const engine::ImageInfo& image, const protocol::TorchFacts& facts);
/// The same with this machine's compiler, for `verify --here`.
TorchGroup torch_group_for_here(World& world, const protocol::TorchFacts& facts);

/// The first rule that forbids it: "its torch 2.6.0 has no headers ..."; "" = nothing. Pure.
std::string why_no_torch_group(const protocol::TorchFacts& facts);
/// Why a program that was compiled elsewhere cannot start beside the image's C and C++ libraries; "" = it can. Pure.
std::string why_not_loadable(const std::string& program_bytes, const protocol::TorchFacts& facts);

}  // namespace envforge::app
