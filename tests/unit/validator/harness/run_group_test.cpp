// This file is its own little group: its checks have the ids of its path, and the test holds the driver's end.
#include "harness/run_group.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/protocol/request.hpp>

#include "harness/check.hpp"

namespace envforge::validator::harness {
namespace {

using protocol::Layer;
using protocol::Verdict;

// What the only check of this file shall do, by the seed of the request.
enum Behaviour : std::uint64_t {
  kPasses,
  kFails,
  kSkips,
  kThrows,
  kSaysNothing,
  kRecomputes,
  kFailsToPrepare,
  kDies,
  kHangs
};

class Obedient : public Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(Context& context) override {
    if (context.request().seed == kFailsToPrepare) throw Failure("no libx", Layer::kImage, "dlopen", "install x");
  }
  std::optional<std::string> skip_reason(Context& context) override {
    if (context.request().seed == kSkips) return "not here";
    return std::nullopt;
  }
  void run(Context& context, protocol::CheckResult& result) override {
    context.doing("obeying");
    switch (context.request().seed) {
      case kFails:
        throw Failure("wrong", Layer::kHardware);
      case kDies:
        throw Crash("it died", Layer::kNone);
      case kHangs:
        throw Hang("no end", Layer::kNone);
      case kThrows:
        throw std::logic_error("oh");
      case kSaysNothing:
        return;
      case kRecomputes:
        context.recompute({"copy", {}, {1, "u32", 0}, {}, "u32", 100}, [](const auto& indices) {
          return std::vector<std::uint64_t>(indices.rbegin(), indices.rend());
        });
        break;
      default:
        break;
    }
    result.verdict = Verdict::kPass;
  }
};
ENVFORGE_CHECK(Obedient);

constexpr const char* kId = "harness.run-group-test";

struct Talk {
  std::vector<protocol::Message> heard;
  const protocol::CheckResult* result() const {
    for (const auto& message : heard) {
      if (const auto* found = std::get_if<protocol::Result>(&message)) return &found->result;
    }
    return nullptr;
  }
};

// Plays the driver for one request.
Talk talk(std::uint64_t behaviour) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  std::thread group([&] {
    Channel channel(ends[1]);
    run_group(channel);
    close(ends[1]);
  });
  Channel driver(ends[0]);
  protocol::GroupRequest request;
  request.seed = behaviour;
  request.checks = {kId};
  const std::string line = protocol::to_json(request).dump() + "\n";
  EXPECT_EQ(write(ends[0], line.data(), line.size()), static_cast<ssize_t>(line.size()));
  Talk out;
  for (;;) {
    out.heard.push_back(driver.read());
    const auto& last = out.heard.back();
    if (std::holds_alternative<protocol::Ready>(last)) driver.send(protocol::Go{});
    if (std::holds_alternative<protocol::Computed>(last)) driver.send(protocol::Ask{{3, 4}});
    if (std::holds_alternative<protocol::Bye>(last)) break;
  }
  group.join();
  close(ends[0]);
  return out;
}

TEST(RunGroup, SaysHelloWithItsChecksBeforeAnythingElse) {
  const auto heard = talk(kPasses).heard;
  const auto* hello = std::get_if<protocol::Hello>(&heard.front());
  ASSERT_NE(hello, nullptr);
  EXPECT_EQ(hello->group, "harness");
  ASSERT_EQ(hello->checks.size(), 1U);
  EXPECT_EQ(hello->checks[0].id, kId);
  EXPECT_TRUE(hello->checks[0].recomputed);
}

TEST(RunGroup, TurnsEveryWayOutOfACheckIntoItsVerdict) {
  const std::map<std::uint64_t, Verdict> expected = {{kPasses, Verdict::kPass},       {kFails, Verdict::kFail},
                                                     {kSkips, Verdict::kSkipped},     {kThrows, Verdict::kError},
                                                     {kSaysNothing, Verdict::kError}, {kFailsToPrepare, Verdict::kFail},
                                                     {kDies, Verdict::kCrashed},      {kHangs, Verdict::kHung}};
  for (const auto& [behaviour, verdict] : expected) {
    const Talk said = talk(behaviour);
    ASSERT_NE(said.result(), nullptr);
    EXPECT_EQ(said.result()->verdict, verdict) << behaviour;
    EXPECT_EQ(said.result()->id, kId);
    EXPECT_EQ(said.result()->reason.empty(), verdict == Verdict::kPass) << behaviour;
  }
}

TEST(RunGroup, AFailureInPreparationKeepsItsLayerAndItsMend) {
  const Talk said = talk(kFailsToPrepare);
  EXPECT_EQ(said.result()->layer, Layer::kImage);
  EXPECT_EQ(said.result()->mend, "install x");
}

TEST(RunGroup, HandsOverTheElementsThatWereAsked) {
  for (const auto& message : talk(kRecomputes).heard) {
    if (const auto* elements = std::get_if<protocol::Elements>(&message)) {
      EXPECT_EQ(elements->bits, (std::vector<std::uint64_t>{4, 3}));
      return;
    }
  }
  FAIL() << "no elements";
}

}  // namespace
}  // namespace envforge::validator::harness
