// The driver's own look at what a library computed: single elements, asked for after the computation, recomputed from
// the seed. Used by Conversation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <envforge/protocol/message.hpp>

namespace envforge::validator::driver {

/// How many elements of one output are recomputed.
inline constexpr std::size_t kSampleSize = 64;

/// Elements that nobody can know before; all of them when the output is small.
std::vector<std::uint64_t> pick_indices(std::uint64_t elements, std::uint64_t random);

/// "" when every element is within its bound; otherwise which is not, and by how much.
std::string judge_samples(const protocol::Problem& problem, std::uint64_t seed,
                          const std::vector<std::uint64_t>& indices, const std::vector<std::uint64_t>& bits);

}  // namespace envforge::validator::driver
