#include <envforge/app/inspect_process.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "app/gpu_state.hpp"
#include "app/proc_files.hpp"
#include "support/fake_process.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using process::Outcome;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::ScriptedProcessRunner;

const std::string kGpuRow =
    "GPU-1, NVIDIA H200, 00000000:1B:00.0, 100 %, 1024 MiB, 143771 MiB, 1980 MHz, 120.5 W, 41, 0\n";

ScriptedProcessRunner quiet_machine() {
  ScriptedProcessRunner runner;
  runner.on({"nvidia-smi"}, ScriptedProcessRunner::ended(Outcome::Kind::kNotStarted, "no such program"));
  runner.on({"dmesg"}, ScriptedProcessRunner::exited(1, "", "Operation not permitted"));
  return runner;
}

/// Maps a file as the loader would, until it goes.
class Mapping {
 public:
  explicit Mapping(const fs::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    address_ = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    ::close(fd);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(address_, 4096); }
  bool ok() const { return address_ != MAP_FAILED; }

 private:
  void* address_;
};

/// A venv with pip's NCCL in `folder`, and the library's path.
fs::path install_nccl(const fs::path& folder) {
  const fs::path site = folder / "venv/lib/python3.11/site-packages";
  const fs::path info = site / "nvidia_nccl_cu12-2.28.9.dist-info";
  support::write_file_atomically(info / "METADATA", "Metadata-Version: 2.1\nName: nvidia-nccl-cu12\nVersion: 2.28.9\n");
  support::write_file_atomically(info / "RECORD", "nvidia/nccl/lib/libnccl.so.2,sha256=x,26\n");
  const fs::path library = site / "nvidia/nccl/lib/libnccl.so.2";
  support::write_file_atomically(library, "junk NCCL version %d.%d NCCL version 2.28.9+cuda12.9 ");
  return library;
}

TEST(InspectProcess, AProcessOfOurOwnShowsItsMappedLibrariesAndTheirOwners) {
  const support::TempDir folder;
  const fs::path library = install_nccl(folder.path());
  const fs::path second = folder.path() / "opt/libnccl.so.2";
  support::write_file_atomically(second, "another");
  const fs::path gone = folder.path() / "libcudnn.so.9";
  support::write_file_atomically(gone, "old");
  const Mapping a(library), b(second), c(gone);
  ASSERT_TRUE(a.ok() && b.ok() && c.ok()) << "the temporary folder is mounted noexec";
  fs::remove(gone);

  auto runner = quiet_machine();
  const auto process = inspect_process(runner, "/proc", ::getpid());
  std::map<std::string, MappedLibrary> by_path;
  for (const auto& one : process.libraries) by_path[one.path] = one;
  ASSERT_EQ(by_path.count(library.string()), 1U);
  EXPECT_EQ(by_path[library.string()].owner, "pip nvidia-nccl-cu12 2.28.9");
  EXPECT_EQ(by_path[library.string()].version, "2.28.9");
  EXPECT_EQ(by_path[second.string()].owner, "none");
  EXPECT_TRUE(by_path[gone.string()].replaced);
  EXPECT_THAT(process.findings, Contains(HasSubstr("two copies of libnccl.so.2 in one process")));
  EXPECT_THAT(process.findings, Contains(HasSubstr("was deleted or replaced since it was mapped")));
  EXPECT_FALSE(process.threads.empty());
  EXPECT_FALSE(process.threads[0].state.empty());
  EXPECT_THAT(process.unread, Contains(HasSubstr("Xids in the kernel's log")));
}

bool enter_by_chroot(const fs::path& root) {
  return ::chroot(root.c_str()) == 0 && ::chdir("/") == 0;
}

/// As a container's runtime does it: a mount namespace of its own, whose root the folder becomes.
bool enter_as_a_container(const fs::path& root) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr) == 0 && ::chdir(root.c_str()) == 0 &&
         ::syscall(SYS_pivot_root, ".", ".") == 0 && ::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0;
}

class OtherRoot : public ::testing::TestWithParam<bool (*)(const fs::path&)> {};

TEST_P(OtherRoot, AProcessIsReadThroughItsOwnRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may change its root";
  const support::TempDir folder;
  const fs::path library = install_nccl(folder.path());
  const std::string inside = "/" + fs::relative(library, folder.path()).string();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool entered = GetParam()(folder.path());
    const Mapping mapping{fs::path(inside)};
    const char word = !entered ? 's' : mapping.ok() ? 'y' : 'n';
    if (::write(ready[1], &word, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char word = 0;
  ASSERT_EQ(::read(ready[0], &word, 1), 1);
  auto runner = quiet_machine();
  const auto process = inspect_process(runner, "/proc", child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  if (word == 's') GTEST_SKIP() << "this environment does not let a process change its root that way";
  ASSERT_EQ(word, 'y');
  const auto found = std::find_if(process.libraries.begin(), process.libraries.end(),
                                  [&](const MappedLibrary& one) { return one.owner == "pip nvidia-nccl-cu12 2.28.9"; });
  ASSERT_NE(found, process.libraries.end()) << inspection_text(process);
  EXPECT_EQ(found->path, inside);
  EXPECT_EQ(process.nccl, "2.28.9+cuda12.9");
}
INSTANTIATE_TEST_SUITE_P(InspectProcess, OtherRoot, ::testing::Values(enter_by_chroot, enter_as_a_container));

/// A folder like /proc with one process in it.
class FakeProc : public ::testing::Test {
 protected:
  void SetUp() override {
    put("status", "Name:\tpython3\nState:\tS (sleeping)\nNSpid:\t4242\t17\n");
    put("cmdline", std::string("python3\0train.py\0", 17));
    put("cgroup", "0::/docker/" + std::string(64, 'a') + "\n");
    put("environ", std::string("NCCL_DEBUG=INFO\0AWS_SECRET_ACCESS_KEY=x\0RANK=3\0HF_TOKEN=y\0", 59));
    put("maps",
        "7f00-7f01 r-xp 0000 fe:01 1 /opt/venv/lib/libcudart.so.12\n7f02-7f03 r--p 0000 fe:01 1 /x/libcublas.so.12\n");
    fs::create_directories(folder_.path() / "4242/root");
    fs::create_directories(folder_.path() / "4242/fd");
    fs::create_symlink("/dev/nvidia3", folder_.path() / "4242/fd/7");
    fs::create_symlink("/tmp/x", folder_.path() / "4242/fd/8");
    thread(4242, "python3", "S (sleeping)", "futex_wait_queue", "");
    thread(4243, "pt_nccl_watchdg", "D (disk sleep)", "nv_wait_for_gpu",
           "[<0>] nv_wait_for_gpu+0x1/0x2 [nvidia]\n[<0>] nvidia_ioctl+0x1/0x2 [nvidia]\n");
  }
  void put(const std::string& name, const std::string& text) {
    support::write_file_atomically(folder_.path() / "4242" / name, text);
  }
  void thread(int tid, const std::string& name, const std::string& state, const std::string& wchan,
              const std::string& stack) {
    const std::string task = "task/" + std::to_string(tid) + "/";
    put(task + "status", "Name:\t" + name + "\nState:\t" + state + "\n");
    put(task + "wchan", wchan);
    put(task + "stack", stack);
  }
  InspectedProcess inspect(ScriptedProcessRunner runner) { return inspect_process(runner, folder_.path(), 4242); }

  support::TempDir folder_;
};

TEST_F(FakeProc, ATokenOfTheCommandLineIsNotShown) {
  put("cmdline", std::string("python3\0train.py\0--hub-token\0abc\0--password=abc\0", 48));
  EXPECT_EQ(inspect(quiet_machine()).command, "python3 train.py --hub-token *** --password=***");
}

TEST_F(FakeProc, ContainerThreadsStacksAndGpuStateAreShown) {
  ScriptedProcessRunner runner;
  runner.on({"nvidia-smi"}, ScriptedProcessRunner::exited(0, kGpuRow));
  runner.on({"nvidia-smi", "--query-compute-apps=pid,gpu_uuid,used_memory"},
            ScriptedProcessRunner::exited(0, "1, GPU-1, 5 MiB\n4242, GPU-1, 1000 MiB\n"));
  runner.on({"dmesg"},
            ScriptedProcessRunner::exited(
                0, "[ 1.0] NVRM: loading\n[ 9.1] NVRM: Xid (PCI:0000:1b:00): 79, pid=4242, GPU has fallen off\n"));
  const auto process = inspect(runner);
  EXPECT_EQ(process.container, std::string(64, 'a'));
  EXPECT_EQ(process.pid_inside, 17);
  EXPECT_EQ(process.command, "python3 train.py");
  EXPECT_EQ(process.device_files, std::vector<std::string>{"/dev/nvidia3"});
  ASSERT_EQ(process.libraries.size(), 1U) << "what is not mapped for execution is not loaded code";
  ASSERT_EQ(process.threads.size(), 2U);
  EXPECT_EQ(process.threads[1].stack[0], "nv_wait_for_gpu+0x1/0x2 [nvidia]");
  ASSERT_EQ(process.gpus.size(), 1U);
  EXPECT_EQ(process.gpus[0].memory_of_process, "1000 MiB");
  EXPECT_EQ(process.gpus[0].state.at("utilization.gpu"), "100 %");
  ASSERT_EQ(process.xids.size(), 1U);
  EXPECT_EQ(process.xids[0].number, 79);
  EXPECT_EQ(process.xids[0].pci_bus_id, "0000:1b:00");
  EXPECT_THAT(process.findings,
              Contains(HasSubstr("thread 4243 (pt_nccl_watchdg) waits where no signal reaches it inside "
                                 "NVIDIA's driver, in nv_wait_for_gpu")));
  EXPECT_TRUE(process.unread.empty()) << process.unread[0];
}

TEST_F(FakeProc, NothingSecretOfTheEnvironmentIsShown) {
  const auto process = inspect(quiet_machine());
  EXPECT_EQ(process.environment, (std::map<std::string, std::string>{{"NCCL_DEBUG", "INFO"}, {"RANK", "3"}}));
}

TEST_F(FakeProc, AnNvidiaSmiThatHangsIsAFindingAndEndsNothing) {
  ScriptedProcessRunner runner;
  runner.on({"nvidia-smi"}, ScriptedProcessRunner::ended(Outcome::Kind::kDeadline));
  runner.on({"dmesg"}, ScriptedProcessRunner::exited(0, ""));
  EXPECT_THAT(inspect(runner).findings, Contains(HasSubstr("nvidia-smi did not answer within 10 s")));
}

TEST_F(FakeProc, WhatCannotBeReadIsSaidAndNotGuessed) {
  fs::remove(folder_.path() / "4242/maps");
  fs::remove(folder_.path() / "4242/environ");
  const auto process = inspect(quiet_machine());
  EXPECT_THAT(process.unread, Contains(HasSubstr("its mapped files")));
  EXPECT_THAT(process.unread, Contains(HasSubstr("its environment")));
  EXPECT_THAT(process.unread, Contains(HasSubstr("the GPUs' state")));
}

TEST_F(FakeProc, OnlyQuestionsAreAsked) {
  auto runner = quiet_machine();
  inspect_process(runner, folder_.path(), 4242);
  for (const auto& call : runner.calls) {
    const bool question = call.argv == std::vector<std::string>{"dmesg"} ||
                          (call.argv[0] == "nvidia-smi" && call.argv[1].rfind("--query-", 0) == 0);
    EXPECT_TRUE(question) << process::to_shell(call.argv);
  }
}

TEST_F(FakeProc, TextAndJsonHoldForeignNamesAsText) {
  thread(4244, "a\x1b[2J\xff", "S (sleeping)", "0", "");
  const auto process = inspect(quiet_machine());
  EXPECT_EQ(inspection_text(process).find('\x1b'), std::string::npos);
  const auto json = nlohmann::json::parse(inspection_json(process));
  EXPECT_EQ(json["schema"], "envforge/inspected-process");
  EXPECT_EQ(json["threads"].size(), 3U);
  EXPECT_EQ(json["threads"][2]["waits_in"], "");
}

TEST(InspectProcess, AProcessThatIsNotThereIsAnErrorOfUse) {
  auto runner = quiet_machine();
  EXPECT_THROW(inspect_process(runner, "/proc", 0), support::Error);
  EXPECT_THROW(inspect_process(runner, "/nonexistent", 1), support::Error);
}

TEST(InspectProcess, TheFamilyIsKnownByItsNames) {
  for (const char* name : {"/a/libcublasLt.so.12", "/a/libcuda.so.580.1", "libtorch_cuda.so", "/a/libnvJitLink.so.13"})
    EXPECT_TRUE(is_of_cuda_family(name)) << name;
  for (const char* name : {"/a/libc.so.6", "/libcuda/libx.so", "/a/libcudf.so"})
    EXPECT_FALSE(is_of_cuda_family(name)) << name;
}

}  // namespace
}  // namespace envforge::app
