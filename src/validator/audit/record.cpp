#include "audit/record.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "elf/mapped_file.hpp"

namespace envforge::validator::audit {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kPiece = 8U << 20;  // the clock is looked at between pieces

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  return x;
}

/// "" when the deadline passed first.
std::string digest(const elf::Bytes& bytes, Clock::time_point deadline) {
  support::Sha256 hash;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    if (Clock::now() > deadline) return "";
    hash.update(bytes.data() + at, std::min(kPiece, bytes.size() - at));
  }
  const auto result = hash.finish();
  return support::to_hex(result.data(), result.size());
}

void compare_sizes(const loader::Root& root, const RecordPlan& plan, RecordFindings& out) {
  for (const auto& file : plan.files) {
    if (!file.size) continue;
    ++out.sized;
    const auto place = root.on_disk(file.path);
    std::error_code trouble;
    const auto size = place ? std::filesystem::file_size(*place, trouble) : 0;
    if (!place || trouble) {
      out.differences.push_back(file.path + " is missing, its wheel held it");
    } else if (size != *file.size) {
      out.differences.push_back(file.path + " has " + std::to_string(size) + " bytes, its wheel " +
                                std::to_string(*file.size));
    }
  }
}

std::vector<const loader::RecordedFile*> libraries_in_turn(const RecordPlan& plan) {
  std::vector<std::pair<std::uint64_t, const loader::RecordedFile*>> order;
  for (std::size_t i = 0; i < plan.files.size(); ++i) {
    const auto& file = plan.files[i];
    if (!file.sha256.empty() && loader::is_library_name(file.path)) order.emplace_back(mix(plan.seed + i), &file);
  }
  std::sort(order.begin(), order.end());
  std::vector<const loader::RecordedFile*> out;
  for (const auto& [key, file] : order) out.push_back(file);
  return out;
}

}  // namespace

RecordFindings compare_record(const loader::Root& root, const RecordPlan& plan) {
  RecordFindings out;
  compare_sizes(root, plan, out);
  const auto libraries = libraries_in_turn(plan);
  out.to_digest = libraries.size();
  for (const auto* file : libraries) out.to_digest_bytes += file->size.value_or(0);

  const auto deadline = Clock::now() + plan.budget;
  std::atomic<std::size_t> next{0};
  std::mutex lock;  // of `out`
  const auto work = [&] {
    for (std::size_t i = next++; i < libraries.size() && Clock::now() < deadline; i = next++) {
      const auto place = root.on_disk(libraries[i]->path);
      const auto file = place ? elf::MappedFile::open(*place) : std::nullopt;
      if (!file) continue;  // missing or empty: told by its size
      const std::string found = digest(file->bytes(), deadline);
      if (found.empty()) continue;
      const std::lock_guard<std::mutex> guard(lock);
      ++out.digested;
      out.digested_bytes += file->bytes().size();
      if (found != libraries[i]->sha256) {
        out.differences.push_back(libraries[i]->path + " has the size but not the content of its wheel's");
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < plan.threads; ++i) threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();
  std::sort(out.differences.begin(), out.differences.end());
  return out;
}

bool is_of_torch(const std::string& distribution) {
  constexpr std::array<std::string_view, 5> kNames = {"torch", "torchvision", "torchaudio", "triton", "pytorch-triton"};
  return support::starts_with(distribution, "nvidia-") ||
         std::find(kNames.begin(), kNames.end(), distribution) != kNames.end();
}

}  // namespace envforge::validator::audit
