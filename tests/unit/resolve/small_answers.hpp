// Answers of the shipped data in a test that expects one kind.
#pragma once

#include <optional>

#include <gtest/gtest.h>

#include <envforge/resolve/explain.hpp>

#include "support/spec_builder.hpp"

namespace envforge::testing {

inline resolve::Solution solve(const SpecBuilder& spec, const std::optional<resolve::OldChoice>& old = std::nullopt) {
  const resolve::Outcome outcome = resolve::resolve(spec.spec(), compat::embedded(), {}, old);
  if (const auto* solution = std::get_if<resolve::Solution>(&outcome)) return *solution;
  ADD_FAILURE() << resolve::explain(outcome);
  resolve::Solution none;  // with enough in it that the test can go on
  none.platforms.resize(2);
  none.platforms[0].choices.resize(1);
  return none;
}

inline resolve::Conflict refuse(const SpecBuilder& spec) {
  const resolve::Outcome outcome = resolve::resolve(spec.spec(), compat::embedded());
  if (const auto* conflict = std::get_if<resolve::Conflict>(&outcome)) return *conflict;
  ADD_FAILURE() << resolve::explain(outcome);
  return {};
}

}  // namespace envforge::testing
