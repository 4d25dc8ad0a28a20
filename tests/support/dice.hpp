// Choices that the same seed makes again: for tests over random recipes and worlds.
#pragma once

#include <algorithm>
#include <random>

namespace envforge::testing {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  bool chance(int percent) { return static_cast<int>(engine_() % 100) < percent; }
  template <class List>
  auto one_of(const List& list) {
    return list[engine_() % list.size()];
  }
  template <class List>
  List some_of(const List& list, int percent) {
    List kept;
    for (const auto& item : list) {
      if (chance(percent)) kept.push_back(item);
    }
    return kept;
  }
  template <class List>
  void shuffle(List& list) {
    std::shuffle(list.begin(), list.end(), engine_);
  }

 private:
  std::mt19937 engine_;
};

}  // namespace envforge::testing
