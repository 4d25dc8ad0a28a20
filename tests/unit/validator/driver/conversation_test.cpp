#include "driver/conversation.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::driver {
namespace {

using protocol::CheckResult;
using protocol::Verdict;

Conversation fresh(std::vector<std::string> checks = {"g.a", "g.b"}) {
  return {"g", std::move(checks), 1, [] { return std::uint64_t{5}; }};
}

void hello(Conversation& c) {
  c.hear(
      to_line(protocol::Message(protocol::Hello{protocol::kProtocolVersion, "g", {{"g.a", false}, {"g.b", false}}})));
  c.hear(to_line(protocol::Message(protocol::Ready{})));
}

void start(Conversation& c, const std::string& id) {
  c.hear(to_line(protocol::Message(protocol::Started{id})));
}

void pass(Conversation& c, const std::string& id) {
  CheckResult result;
  result.id = id;
  result.verdict = Verdict::kPass;
  c.hear(to_line(protocol::Message(protocol::Result{result})));
}

Ending signaled(int number) {
  return {Ending::Kind::kSignaled, number, "", "last words"};
}

TEST(Conversation, AGroupThatDoesItsWorkIsBelieved) {
  auto c = fresh();
  hello(c);
  for (const char* id : {"g.a", "g.b"}) {
    start(c, id);
    pass(c, id);
  }
  c.hear("{\"type\":\"bye\"}");
  c.end({});
  ASSERT_EQ(c.results().size(), 2U);
  EXPECT_EQ(c.results()[1].verdict, Verdict::kPass);
  EXPECT_TRUE(c.unfinished().empty());
}

TEST(Conversation, ACrashNamesTheSignalAndTheCallAndLeavesTheRestForAnotherProcess) {
  auto c = fresh();
  hello(c);
  start(c, "g.a");
  c.hear("{\"type\":\"doing\",\"what\":\"cublasCreate\"}");
  c.end(signaled(11));
  ASSERT_EQ(c.results().size(), 1U);
  EXPECT_EQ(c.results()[0].verdict, Verdict::kCrashed);
  EXPECT_EQ(c.results()[0].reason, "ended by signal 11 (Segmentation fault) in: cublasCreate");
  EXPECT_EQ(c.results()[0].evidence, "last words");
  EXPECT_EQ(c.unfinished(), std::vector<std::string>{"g.b"});
}

TEST(Conversation, ACrashBeforeAnyCheckIsTheVerdictOfAll) {
  auto c = fresh();
  c.end(signaled(4));
  ASSERT_EQ(c.results().size(), 2U);
  EXPECT_EQ(c.results()[1].verdict, Verdict::kCrashed);
  EXPECT_TRUE(c.unfinished().empty()) << "it would crash again";
}

TEST(Conversation, AResultBeforeItsStartBreaksIt) {
  auto c = fresh();
  hello(c);
  pass(c, "g.a");
  EXPECT_TRUE(c.broken());
  c.end({});
  EXPECT_EQ(c.results()[0].verdict, Verdict::kError);
  EXPECT_EQ(c.results()[0].reason, "the group reported 'g.a', which does not run");
}

TEST(Conversation, AnotherProtocolIsAnErrorBeforeAnyCheck) {
  auto c = fresh();
  c.hear("{\"type\":\"hello\",\"protocol\":9,\"group\":\"g\",\"checks\":[]}");
  EXPECT_TRUE(c.broken());
  c.end({});
  EXPECT_EQ(c.results()[0].reason, "the group speaks protocol 9, the driver 1");
}

TEST(Conversation, WhatComesAfterABreakIsNotHeard) {
  auto c = fresh();
  hello(c);
  start(c, "g.a");
  c.hear("PASS");
  pass(c, "g.a");
  c.end({});
  EXPECT_EQ(c.results()[0].verdict, Verdict::kError);
  EXPECT_EQ(c.results()[0].reason, "the group sent a line that is no message: 'PASS'");
  EXPECT_EQ(c.results()[1].verdict, Verdict::kError);
}

}  // namespace
}  // namespace envforge::validator::driver
