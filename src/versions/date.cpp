#include <envforge/versions/date.hpp>

#include <string>

#include <envforge/support/error.hpp>

namespace envforge::versions {
namespace {

constexpr std::size_t kDayLength = 10;

}  // namespace

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  if (text.size() != kDayLength) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const auto two = [&](std::size_t at) { return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0')); };
  const std::chrono::year year(static_cast<int>(two(0) * 100 + two(2)));
  const std::chrono::year_month_day day{year, std::chrono::month{two(5)}, std::chrono::day{two(8)}};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day);
}

std::chrono::sys_days day_of(std::string_view text) {
  if (const auto day = parse_day(text.substr(0, kDayLength))) return *day;
  throw support::Error(support::ErrorCode::kInternal, "'" + std::string(text) + "' begins with no date");
}

}  // namespace envforge::versions
