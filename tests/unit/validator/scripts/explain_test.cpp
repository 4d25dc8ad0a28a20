#include "scripts/explain.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/check.hpp"

namespace envforge::validator::scripts {
namespace {

using protocol::Layer;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = process::Outcome::Kind;

process::Outcome outcome(Kind kind, const std::string& err, int number = 0) {
  process::Outcome out;
  out.kind = kind;
  (kind == Kind::kSignaled ? out.signal : out.exit_code) = number;
  out.err = err;
  return out;
}

/// What is thrown, which must be exactly of type Thrown.
template <class Thrown>
Thrown thrown(const process::Outcome& how, const std::string& step = "import torch") {
  try {
    explain(how, step, 60);
  } catch (const harness::Failure& failure) {
    EXPECT_EQ(typeid(failure).name(), typeid(Thrown).name()) << failure.what();
    return Thrown(failure.what(), failure.layer, failure.evidence, failure.mend);
  }
}

TEST(Explain, AScriptThatWasEndedHungInItsStepAndSaysWhere) {
  const auto hang = thrown<harness::Hang>(
      outcome(Kind::kInterrupted,
              "noise\nCurrent thread 0x1 (most recent call first):\n  File \"a.py\", line 7 in wait\n"),
      "init_process_group of rank 1");
  EXPECT_STREQ(hang.what(), "no end after 60 s in: init_process_group of rank 1");
  EXPECT_EQ(hang.evidence, "Current thread 0x1 (most recent call first): | File \"a.py\", line 7 in wait");
}

TEST(Explain, AScriptThatASignalKilledCrashedInItsStep) {
  const auto crash = thrown<harness::Crash>(outcome(
      Kind::kSignaled, "Fatal Python error: Segmentation fault\nExtension modules: a, b (total: 2)\n", SIGSEGV));
  EXPECT_THAT(crash.what(), HasSubstr("Python was killed by signal 11"));
  EXPECT_THAT(crash.what(), HasSubstr("in: import torch"));
  EXPECT_THAT(crash.evidence, Not(HasSubstr("Extension modules")));
}

TEST(Explain, AProcessBelowThatASignalKilledCrashedToo) {
  const auto crash = thrown<harness::Crash>(
      outcome(Kind::kExited, "  traceback : Signal 11 (SIGSEGV) received by PID 71\n", 1), "all_gather");
  EXPECT_STREQ(crash.what(), "a process that Python started was killed by a signal in: all_gather");
}

TEST(Explain, NamesTheLayerAndTheLineOfWhatIsKnown) {
  const struct {
    process::Outcome how;
    Layer layer;
    const char *sentence, *mend;
  } rows[] = {{outcome(Kind::kSignaled, "", SIGBUS), Layer::kContainerFlags, "/dev/shm is full", "--shm-size=1g"},
              {outcome(Kind::kExited,
                       "RuntimeError: DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that "
                       "dataloader's workers are out of shared memory.",
                       1),
               Layer::kContainerFlags, "/dev/shm is full", "--shm-size=1g"},
              {outcome(Kind::kExited, "RuntimeError: operator torchvision::nms does not exist", 1), Layer::kImage,
               "torchvision was built for another torch", "torchvision of the same release"},
              {outcome(Kind::kExited, "RuntimeError: Failed to find C compiler. Please specify via CC", 1),
               Layer::kImage, "no C compiler", "capabilities: [torch_compile]"},
              {outcome(Kind::kExited, "KeyError: 'getpwuid(): uid not found: 1234'", 1), Layer::kContainerFlags,
               "user has no name", "--env USER=user"},
              {outcome(Kind::kExited, "OSError: [Errno 30] Read-only file system: '/.cache'", 1),
               Layer::kContainerFlags, "may not write", "--tmpfs /tmp"},
              {outcome(Kind::kExited, "ImportError: libtorch_cuda.so: undefined symbol: ncclCommShrink", 1),
               Layer::kImage, "two builds are mixed", "unset LD_LIBRARY_PATH"},
              {outcome(Kind::kExited, "ValueError: odd", 1), Layer::kImage, "in: import torch: ValueError: odd",
               "the packages of the image"}};
  for (const auto& row : rows) {
    const auto failure = thrown<harness::Failure>(row.how);
    EXPECT_EQ(failure.layer, row.layer) << row.how.err;
    EXPECT_THAT(failure.what(), HasSubstr(row.sentence));
    EXPECT_THAT(failure.mend, HasSubstr(row.mend));
  }
}

TEST(Explain, AnExceptionOfAScriptThatGoesOnIsTheSameFailure) {
  try {
    explain_exception("Traceback ...\nRuntimeError: CUDA error: an illegal memory access", "graph.replay");
  } catch (const harness::Failure& failure) {
    EXPECT_STREQ(failure.what(), "Python raised in: graph.replay: RuntimeError: CUDA error: an illegal memory access");
  }
}

}  // namespace
}  // namespace envforge::validator::scripts
