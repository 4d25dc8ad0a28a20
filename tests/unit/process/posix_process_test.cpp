#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

namespace envforge::process {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = Outcome::Kind;

Command shell(const std::string& script) {
  Command command;
  command.argv = {"/bin/sh", "-c", script};
  return command;
}

Outcome run(const Command& command) {
  return PosixProcessRunner().run(command);
}

bool alive(const std::string& pid_text) {
  const pid_t pid = std::stoi(pid_text);
  if (::kill(pid, 0) != 0) return false;
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  const std::string line{std::istreambuf_iterator<char>(stat), {}};
  return line.find(") Z ") == std::string::npos;  // a zombie is only waiting for its reaper
}

TEST(PosixProcess, KeepsBothStreamsAndTheExitCode) {
  const Outcome outcome = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(outcome.kind, Kind::kExited);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
  EXPECT_GT(outcome.peak_memory_kb, 0);
}

TEST(PosixProcess, TellsTheSignalThatKilledTheChild) {
  const Outcome outcome = run(shell("kill -SEGV $$"));
  EXPECT_EQ(outcome.kind, Kind::kSignaled);
  EXPECT_EQ(outcome.signal, SIGSEGV);
}

TEST(PosixProcess, PassesArgumentsWordForWord) {
  Command command;
  command.argv = {"/usr/bin/printf", "[%s]", "a b", "", "$HOME", "'\"", "-n"};
  EXPECT_EQ(run(command).out, "[a b][][$HOME]['\"][-n]");
}

TEST(PosixProcess, HandsOutLinesWhileTheChildRuns) {
  std::vector<std::string> lines;
  const auto start = std::chrono::steady_clock::now();
  milliseconds first{-1};
  PosixProcessRunner().run(
      shell("echo one; sleep 0.4; echo two >&2; printf 'three\\r\\nlast'"), [&](Stream stream, std::string_view line) {
        if (first.count() < 0) {
          first = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
        }
        lines.push_back((stream == Stream::kOut ? "o:" : "e:") + std::string(line));
      });
  EXPECT_THAT(lines, ::testing::UnorderedElementsAre("o:one", "e:two", "o:three", "o:last"));
  EXPECT_EQ(lines.front(), "o:one");
  EXPECT_LT(first, milliseconds(350));
}

TEST(PosixProcess, CapsTheLineThatIsHandedOutButKeepsItWhole) {
  std::vector<std::size_t> sizes;
  const Outcome outcome =
      PosixProcessRunner().run(shell("head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"),
                               [&](Stream, std::string_view line) { sizes.push_back(line.size()); });
  EXPECT_THAT(sizes, ElementsAre(65536U, 3U));
  EXPECT_EQ(outcome.out.size(), 300000U + 1 + 4);
}

TEST(PosixProcess, KeepsTheFirstOfOutAndTheLastOfErr) {
  Command command = shell("printf 0123456789; for i in 1 2 3 4 5 6 7 8 9; do printf abcd$i >&2; done");
  command.keep_bytes = 4;
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.out, "0123");
  EXPECT_EQ(outcome.err, "bcd9");
}

TEST(PosixProcess, ReadsNothingWithoutInput) {
  EXPECT_EQ(run(shell("cat; echo end")).out, "end\n");
}

TEST(PosixProcess, WritesMoreInputThanAPipeHoldsAndReadsAsMuch) {
  Command command;
  command.argv = {"/bin/cat"};
  command.standard_input = std::string(3U << 20, 'x') + "end";
  EXPECT_EQ(run(command).out, command.standard_input);
}

TEST(PosixProcess, SurvivesAChildThatDoesNotReadItsInput) {
  Command command = shell("exec <&-; sleep 0.1; echo done");
  command.standard_input = std::string(1U << 20, 'x');
  const Outcome outcome = run(command);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.out, "done\n");
}

TEST(PosixProcess, ReadsInputFromAFileAndWritesOutputToAFile) {
  const support::TempDir folder;
  support::write_file_atomically(folder.path() / "in", "text");
  Command command;
  command.argv = {"/bin/cat"};
  command.standard_input_file = folder.path() / "in";
  command.standard_output_file = folder.path() / "out";
  const Outcome outcome = run(command);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(support::read_file(folder.path() / "out"), "text");
}

TEST(PosixProcess, SaysWhyAChildDidNotStart) {
  Command command;
  EXPECT_EQ(run(command).kind, Kind::kNotStarted);
  command.argv = {"no-such-program-here"};
  EXPECT_EQ(run(command).kind, Kind::kNotStarted);
  EXPECT_EQ(run(command).err, "no-such-program-here is not on PATH");
  command.argv = {"/no/such/program"};
  EXPECT_EQ(run(command).err, "/no/such/program: No such file or directory");
  command.argv = {"/etc/passwd"};
  EXPECT_EQ(run(command).err, "/etc/passwd: Permission denied");
  command.argv = {"/bin/true"};
  command.working_directory = "/no/such/folder";
  EXPECT_EQ(run(command).err, "cannot enter /no/such/folder: No such file or directory");
  command.working_directory = "";
  command.standard_input_file = "/no/such/file";
  EXPECT_THAT(run(command).err, HasSubstr("/no/such/file: No such file"));
}

TEST(PosixProcess, ReadsADescriptorThatInputComesThroughWhileItRuns) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Command command = shell("read a; echo got $a; read b; echo got $b");
  command.standard_input_fd = ends[0];
  const auto answer = [&](const char* text) { ASSERT_GT(::write(ends[1], text, std::strlen(text)), 0); };
  answer("one\n");
  PosixProcessRunner runner;
  const Outcome outcome = runner.run(command, [&](Stream, std::string_view line) {
    if (line == "got one") answer("two\n");
  });
  EXPECT_EQ(outcome.out, "got one\ngot two\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(PosixProcess, EntersTheWorkingDirectory) {
  Command command = shell("pwd");
  command.working_directory = "/usr";
  EXPECT_EQ(run(command).out, "/usr\n");
}

TEST(PosixProcess, ReplacesTheEnvironmentWholeOrInheritsIt) {
  ::setenv("ENVFORGE_PROCESS_TEST", "inherited", 1);
  Command command;
  command.argv = {"/usr/bin/env"};
  EXPECT_THAT(run(command).out, HasSubstr("ENVFORGE_PROCESS_TEST=inherited\n"));
  command.environment = {{"A", "1"}, {"B", "two words"}};
  EXPECT_EQ(run(command).out, "A=1\nB=two words\n");
  command.extra_environment = {{"A", "2"}, {"C", "3"}};
  EXPECT_EQ(run(command).out, "B=two words\nA=2\nC=3\n");
  command.environment.reset();
  command.extra_environment = {{"ENVFORGE_PROCESS_TEST", "changed"}};
  EXPECT_THAT(run(command).out, HasSubstr("ENVFORGE_PROCESS_TEST=changed\n"));
  EXPECT_THAT(run(command).out, ::testing::Not(HasSubstr("inherited")));
  ::unsetenv("ENVFORGE_PROCESS_TEST");
}

TEST(PosixProcess, EndsTheWholeGroupAtTheDeadline) {
  Command command = shell("sleep 60 & echo $!; wait");
  command.deadline = milliseconds(200);
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_LT(outcome.took, milliseconds(1500));
  EXPECT_FALSE(alive(outcome.out));
}

TEST(PosixProcess, KillsTwoSecondsLaterWhatIgnoresTheDeadline) {
  Command command = shell("trap '' TERM; echo $$; while :; do sleep 0.1; done");
  command.deadline = milliseconds(200);
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_GT(outcome.took, milliseconds(2100));
  EXPECT_LT(outcome.took, milliseconds(3500));
  EXPECT_FALSE(alive(outcome.out));
}

TEST(PosixProcess, GivesTheGroupItsGraceWhenTheChildItselfHasEnded) {
  const support::TempDir folder;
  Command command = shell("(trap 'sleep 0.3; echo tidy > tidied; exit' TERM; while :; do sleep 0.05; done) & sleep 60");
  command.working_directory = folder.path();
  command.deadline = milliseconds(300);
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "tidied"));
  EXPECT_LT(outcome.took, milliseconds(2000));
}

TEST(PosixProcess, ADeadlineIsKeptByAChildThatWritesWithoutEnd) {
  Command command;
  command.argv = {"yes"};
  command.deadline = milliseconds(200);
  command.keep_bytes = 10;
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_EQ(outcome.out.size(), 10U);
  EXPECT_LT(outcome.took, milliseconds(1500));
}

TEST(PosixProcess, EndsTheChildOnInterruption) {
  volatile std::sig_atomic_t interrupted = 0;
  PosixProcessRunner runner(&interrupted);
  const Outcome outcome = runner.run(shell("echo $$; sleep 60"), [&](Stream, std::string_view) { interrupted = 1; });
  EXPECT_EQ(outcome.kind, Kind::kInterrupted);
  EXPECT_FALSE(alive(outcome.out));
  EXPECT_LT(outcome.took, milliseconds(1500));
}

TEST(PosixProcess, StartsNothingAfterAnInterruptionButTheWorkThatCleansUp) {
  volatile std::sig_atomic_t interrupted = 1;
  PosixProcessRunner runner(&interrupted);
  Command command = shell("echo cleaned");
  EXPECT_EQ(runner.run(command).kind, Kind::kInterrupted);
  EXPECT_EQ(runner.run(command).out, "");
  command.uninterruptible = true;
  EXPECT_EQ(runner.run(command).out, "cleaned\n");
}

TEST(PosixProcess, DoesNotWaitForAGrandchildThatKeepsThePipe) {
  const Outcome outcome = run(shell("sleep 60 & echo $!"));
  EXPECT_TRUE(outcome.ok());
  EXPECT_LT(outcome.took, milliseconds(1000));
  EXPECT_FALSE(alive(outcome.out));
}

TEST(PosixProcess, DoesNotHangOnAGrandchildThatLeftTheGroupWithThePipe) {
  const Outcome outcome = run(shell("setsid sleep 5 & echo $!"));
  EXPECT_TRUE(outcome.ok());
  EXPECT_LT(outcome.took, milliseconds(1000));
}

TEST(PosixProcess, LeavesNoZombie) {
  run(shell("exit 1"));
  Command late = shell("sleep 60");
  late.deadline = milliseconds(50);
  run(late);
  run(shell("sleep 60 & true"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(PosixProcess, HandsOnNoDescriptorOfItsOwn) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // a library without O_CLOEXEC
  Command command;
  command.argv = {"/bin/ls", "/proc/self/fd"};
  EXPECT_EQ(run(command).out, "0\n1\n2\n3\n");  // 3 is the folder that ls itself reads
  ::close(leaked);
}

TEST(PosixProcess, TheChildIsNotBoundToOurTerminal) {
  const Outcome outcome = run(shell("ps -o sid= -p $$ || true; echo $$"));
  const auto newline = outcome.out.find('\n');
  ASSERT_NE(newline, std::string::npos);
  EXPECT_EQ(std::stoi(outcome.out), std::stoi(outcome.out.substr(newline)));
}

TEST(PosixProcess, EndsTheChildWhenALineCallbackThrows) {
  std::string pid;
  EXPECT_THROW(PosixProcessRunner().run(shell("echo $$; sleep 60"),
                                        [&](Stream, std::string_view line) {
                                          pid = line;
                                          throw std::runtime_error("no more");
                                        }),
               std::runtime_error);
  EXPECT_FALSE(alive(pid));
}

TEST(PosixProcess, TheChildOfAKilledCallerIsToldToEnd) {
  const support::TempDir folder;
  const std::string pid_file = folder.path() / "pid";
  const pid_t caller = ::fork();
  if (caller == 0) {
    run(shell("echo $$ > '" + pid_file + ".new'; mv '" + pid_file + ".new' '" + pid_file + "'; exec sleep 60"));
    ::_exit(0);
  }
  for (int i = 0; i < 500 && !std::filesystem::exists(pid_file); ++i) std::this_thread::sleep_for(milliseconds(20));
  const std::string pid = support::read_file(pid_file);
  EXPECT_TRUE(alive(pid));
  ::kill(caller, SIGKILL);
  ::waitpid(caller, nullptr, 0);
  for (int i = 0; i < 100 && alive(pid); ++i) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_FALSE(alive(pid));
}

void ignore_signal(int) {}

TEST(PosixProcess, SignalsOfOtherKindsDoNotEndAWait) {
  struct sigaction action {
  }, before{};
  action.sa_handler = ignore_signal;  // no SA_RESTART: every call may give EINTR
  ::sigaction(SIGUSR1, &action, &before);
  const pthread_t self = ::pthread_self();
  std::thread sender([self] {
    for (int i = 0; i < 50; ++i) {
      ::pthread_kill(self, SIGUSR1);
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  const Outcome outcome = run(shell("sleep 0.2; echo whole"));
  sender.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.out, "whole\n");
}

TEST(PosixProcess, TheChildStartsWithAnEmptySignalMaskAndADeadlyPipe) {
  Command command;
  command.argv = {"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"};
  const std::string out = run(command).out;
  EXPECT_THAT(out, HasSubstr("SigBlk:\t0000000000000000\n"));
}

class ProgramsOnPath : public ::testing::Test {
 protected:
  void SetUp() override { before_ = std::getenv("PATH"); }
  void TearDown() override { ::setenv("PATH", before_.c_str(), 1); }
  std::string add(const std::string& folder, unsigned mode) {
    const auto path = folder_.path() / folder / "tool";
    support::write_file_atomically(path, "#!/bin/sh\necho " + folder + "\n", mode);
    ::chmod(path.c_str(), mode);
    return path;
  }
  support::TempDir folder_;
  std::string before_;
};

TEST_F(ProgramsOnPath, AreToldInPathsOrderOnceAndOnlyIfTheyMayRun) {
  const std::string a = add("a", 0755), b = add("b", 0755);
  add("plain", 0644);
  std::filesystem::create_directories(folder_.path() / "folder" / "tool");
  std::filesystem::create_directory_symlink(folder_.path() / "b", folder_.path() / "again");
  const std::string at = folder_.path().string() + "/";
  ::setenv("PATH", (at + "plain:" + at + "folder:" + at + "b::relative:" + at + "again:" + at + "a").c_str(), 1);
  PosixProcessRunner runner;
  EXPECT_THAT(runner.find_programs("tool"), ElementsAre(b, a));
  Command command;
  command.argv = {"tool"};
  EXPECT_EQ(runner.run(command).out, "b\n");
  EXPECT_THAT(runner.find_programs("other"), ElementsAre());
}

}  // namespace
}  // namespace envforge::process
