#include <envforge/support/suggest.hpp>

#include <algorithm>

#include <envforge/support/text.hpp>

namespace envforge::support {

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<int>> cost(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = static_cast<int>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::vector<std::string> suggestions(const std::string& word, const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 3;
  constexpr std::size_t kLongest = 64;
  if (word.size() > kLongest) return {};
  const int reach = std::max(1, static_cast<int>(word.size()) / 3);
  const std::string lower = to_lower(word);
  std::vector<std::pair<int, std::string>> near;
  for (const auto& name : names) {
    const int distance = edit_distance(lower, to_lower(name));
    if (distance <= reach) near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> out;
  for (const auto& [distance, name] : near) {
    if (out.size() < kMost && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  return out;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
  const auto near = suggestions(word, names);
  return near.empty() ? "" : "did you mean '" + join(near, "' or '") + "'?";
}

}  // namespace envforge::support
