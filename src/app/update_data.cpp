#include <envforge/app/update_data.hpp>

#include <algorithm>

#include <envforge/compat/bundle.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/date.hpp>

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;
using versions::day_of;

std::string digits_of(const std::string& sha256) {
  constexpr std::size_t kDigits = 64;
  constexpr std::string_view kPrefix = "sha256:";
  std::string digits = support::to_lower(sha256);
  if (support::starts_with(digits, kPrefix)) digits.erase(0, kPrefix.size());
  if (digits.size() == kDigits && digits.find_first_not_of("0123456789abcdef") == std::string::npos) return digits;
  throw Error(ErrorCode::kUsage, "--sha256 '" + support::printable(sha256) + "': expected 64 hex digits");
}

}  // namespace

DataUpdate update_data(const std::filesystem::path& bundle, const std::string& sha256,
                       const std::filesystem::path& target, const compat::Knowledge& in_use, const std::string& today) {
  constexpr std::uint64_t kLargest = 64U << 20U;
  const std::string expected = digits_of(sha256);
  const std::string text = support::read_file(bundle, kLargest);
  const std::string found = support::sha256_hex(text);
  if (found != expected)
    throw Error(ErrorCode::kDataNotTrusted, bundle.string() + " has the sha256 " + found + ", expected " + expected);
  const compat::Knowledge fresh = compat::parse_bundle(text, bundle.string());
  if (is_after(fresh.as_of(), today))
    throw Error(ErrorCode::kDataMalformed,
                bundle.string() + " is data of " + fresh.as_of() + ", which is after today, " + today.substr(0, 10));
  if (fresh.as_of() < in_use.as_of())
    throw Error(ErrorCode::kDataOlder,
                bundle.string() + " is data of " + fresh.as_of() + ", and that of " + in_use.as_of() + " is in use");
  support::write_file_atomically(target, text);
  return {target.string(), fresh.digest(), fresh.as_of(), in_use.as_of()};
}

bool is_after(const std::string& as_of, const std::string& today) {
  return day_of(as_of) > day_of(today) + std::chrono::days(1);
}

long data_age_days(const std::string& as_of, const std::string& today) {
  return std::max(0L, static_cast<long>((day_of(today) - day_of(as_of)).count()));
}

}  // namespace envforge::app
