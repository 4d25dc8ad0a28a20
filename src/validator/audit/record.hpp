// Whether installed files are still what their wheels held: sizes of all, digests of the libraries, within a time that
// the caller gives; it says what it did not get to.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "loader/distribution.hpp"
#include "loader/root.hpp"

namespace envforge::validator::audit {

struct RecordPlan {
  std::vector<loader::RecordedFile> files;
  std::chrono::milliseconds budget{0};  // for digests; zero: none
  unsigned threads = 1;
  std::uint64_t seed = 0;  // decides which libraries come first, so that repeated short runs see all of them
};

struct RecordFindings {
  std::vector<std::string> differences;  // "libnccl.so.2 has 12 bytes, its wheel 251612345"
  std::size_t sized = 0;                 // files whose size was compared
  std::size_t digested = 0, to_digest = 0;
  std::uint64_t digested_bytes = 0, to_digest_bytes = 0;
};

RecordFindings compare_record(const loader::Root& root, const RecordPlan& plan);

/// The distributions whose files decide what torch computes: torch and its companions, triton, NVIDIA's.
bool is_of_torch(const std::string& distribution);

}  // namespace envforge::validator::audit
