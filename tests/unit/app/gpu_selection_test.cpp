#include <envforge/app/gpu_selection.hpp>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;
using Kind = GpuSelection::Kind;

HostGpus two_gpus() {
  return {"580.159.04",
          {{0, "GPU-00000000-0000-0000-0000-000000000000", "NVIDIA H200", "0000:01:00.0", true},
           {1, "GPU-11111111-1111-1111-1111-111111111111", "NVIDIA H200", "0000:02:00.0", false}},
          "nvidia-smi"};
}

engine::EngineInfo engine_with(bool runtime, bool cdi) {
  engine::EngineInfo info;
  info.server_version = "26.1.5";
  info.nvidia_runtime = runtime;
  info.cdi = cdi;
  return info;
}

ErrorCode code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(ParseGpus, TakesDockersGrammarAndIdle) {
  EXPECT_EQ(parse_gpus("all").kind, Kind::kAll);
  EXPECT_EQ(parse_gpus("none").kind, Kind::kNone);
  EXPECT_EQ(parse_gpus("idle").kind, Kind::kIdle);
  EXPECT_EQ(parse_gpus("2").count, 2);
  EXPECT_EQ(parse_gpus("device=0,1").devices, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(parse_gpus("\"device=0,1\"").devices, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(parse_gpus("device=GPU-8d8c0a52-0000-1111-2222-333344445555").devices.size(), 1U);
}

TEST(ParseGpus, RefusesWhatCouldBecomeAnotherArgument) {
  for (const char* text :
       {"", "0", "-1", "0,1", "device=", "device=--privileged", "device=0 --privileged", "device=GPU-;rm", "9999"}) {
    EXPECT_EQ(code_of([&] { parse_gpus(text); }), ErrorCode::kUsage) << text;
  }
}

TEST(ParseGpus, RefusesAGpuThatIsNamedTwice) {
  EXPECT_EQ(code_of([] { parse_gpus("device=0,1,0"); }), ErrorCode::kUsage);
  const auto both = parse_gpus("device=1,GPU-11111111-1111-1111-1111-111111111111");
  EXPECT_EQ(code_of([&] { gpu_arguments(both, two_gpus(), engine_with(true, true), GpuInjection::kAuto); }),
            ErrorCode::kUsage);
}

TEST(GpusHere, WithoutASignOfOneAreExitSixAndWithOneTheChecksSayWhatLacks) {
  const support::TempDir devices;
  const auto code = [&](const std::string& gpus, const HostGpus& here) {
    return code_of([&] { check_gpus_here(parse_gpus(gpus), here, devices.path().string()); });
  };
  for (const char* gpus : {"all", "1", "idle", "device=0"}) EXPECT_EQ(code(gpus, {}), ErrorCode::kNoGpu) << gpus;
  EXPECT_EQ(code("none", {}), ErrorCode::kInternal) << "nothing is thrown";
  EXPECT_EQ(code("all", two_gpus()), ErrorCode::kInternal);
  support::write_file_atomically(devices.path() / "nvidiactl", "");
  EXPECT_EQ(code("all", {}), ErrorCode::kInternal);
}

TEST(GpuArguments, PreferTheNvidiaRuntimeAndFallBackToCdi) {
  EXPECT_EQ(gpu_arguments(parse_gpus("all"), two_gpus(), engine_with(true, true), GpuInjection::kAuto).args,
            (std::vector<std::string>{"--gpus", "all"}));
  EXPECT_EQ(gpu_arguments(parse_gpus("all"), two_gpus(), engine_with(false, true), GpuInjection::kAuto).args,
            (std::vector<std::string>{"--device", "nvidia.com/gpu=all"}));
  EXPECT_EQ(gpu_arguments(parse_gpus("device=1"), two_gpus(), engine_with(true, true), GpuInjection::kCdi).args,
            (std::vector<std::string>{"--device", "nvidia.com/gpu=1"}));
  EXPECT_EQ(gpu_arguments(parse_gpus("2"), two_gpus(), engine_with(true, false), GpuInjection::kAuto).args,
            (std::vector<std::string>{"--gpus", "\"device=0,1\""}));
}

TEST(GpuArguments, IdleLeavesOutWhatOthersUse) {
  const auto arguments = gpu_arguments(parse_gpus("idle"), two_gpus(), engine_with(false, true), GpuInjection::kAuto);
  EXPECT_EQ(arguments.args, (std::vector<std::string>{"--device", "nvidia.com/gpu=1"}));
  EXPECT_EQ(arguments.uuids, (std::vector<std::string>{"GPU-11111111-1111-1111-1111-111111111111"}));
}

TEST(GpuArguments, SaysWhatIsMissing) {
  const auto cdi = engine_with(false, true);
  EXPECT_EQ(code_of([&] { gpu_arguments(parse_gpus("all"), HostGpus{}, cdi, GpuInjection::kAuto); }),
            ErrorCode::kNoGpu);
  EXPECT_EQ(code_of([&] { gpu_arguments(parse_gpus("3"), two_gpus(), cdi, GpuInjection::kAuto); }), ErrorCode::kNoGpu);
  EXPECT_EQ(code_of([&] { gpu_arguments(parse_gpus("device=7"), two_gpus(), cdi, GpuInjection::kAuto); }),
            ErrorCode::kNoGpu);
  EXPECT_EQ(
      code_of([&] { gpu_arguments(parse_gpus("all"), two_gpus(), engine_with(false, false), GpuInjection::kAuto); }),
      ErrorCode::kNoGpuInjection);
}

TEST(GpuArguments, NoneNeedsNothing) {
  EXPECT_TRUE(
      gpu_arguments(parse_gpus("none"), HostGpus{}, engine_with(false, false), GpuInjection::kAuto).args.empty());
}

TEST(GpuLocks, ASecondVerifyOnTheSameGpuIsToldWhich) {
  const std::string uuid = "GPU-test-" + std::to_string(::getpid());
  {
    const GpuLocks first({uuid});
    EXPECT_EQ(code_of([&] { GpuLocks second({uuid}); }), ErrorCode::kGpuInUse);
  }
  EXPECT_NO_THROW(GpuLocks({uuid}));
}

}  // namespace
}  // namespace envforge::app
