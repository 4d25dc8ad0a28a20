// Every check of the core groups passes on libraries that compute rightly, and finds the ones that do not. Products,
// layers and transforms: products_test.cpp; several GPUs at once: nccl_test.cpp.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/files.hpp>

#include "stub_run.hpp"

namespace envforge::validator {
namespace {

using protocol::Layer;

TEST(CoreGroups, ListTheChecksThatTheirPathsName) {
  process::PosixProcessRunner runner;
  std::set<std::string> listed;
  for (const char* group :
       {"container", "nvml", "cuda", "peer", "cublas", "cufft", "cudnn", "nccl", "audit", "python"}) {
    process::Command command;
    command.argv = {std::string(ENVFORGE_GROUPS) + "/envforge-group-" + group, "--list"};
    const auto outcome = runner.run(command);
    ASSERT_TRUE(outcome.ok()) << process::describe(outcome) << outcome.err;
    std::string line;
    for (const char c : outcome.out) {
      if (c == '\n') {
        listed.insert(line);
        line.clear();
      } else {
        line += c;
      }
    }
  }
  std::set<std::string> known;
  for (const auto& id : protocol::known_checks()) {
    if (protocol::group_of(id) != "torch") known.insert(id);
  }
  EXPECT_EQ(listed, known);
}

TEST(CoreGroups, PassOnLibrariesThatComputeRightly) {
  const Report report = run({"cuda.copy", "cuda.device", "cuda.memory", "cublas.gemm-exact", "cublas.gemm-normal",
                             "cudnn.conv-exact", "cudnn.conv-normal", "cudnn.conv-forward", "cudnn.conv-data-gradient",
                             "cudnn.conv-weight-gradient", "cudnn.data-gradient-normal", "cudnn.weight-gradient-normal",
                             "cudnn.batch-norm", "cudnn.pooling", "cudnn.activation", "nccl.single-rank"});
  std::map<std::string, CheckResult> by_id;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) by_id[check.id] = check;
  }
  for (const auto& [id, check] : by_id) {
    EXPECT_EQ(to_string(check.verdict), "pass") << id << ": " << check.reason;
    ASSERT_TRUE(check.control.has_value()) << id;
    EXPECT_TRUE(check.control->detected) << id;
    if (id == "cuda.device" || id == "container.gpus") continue;
    EXPECT_GT(check.recomputed, 0U) << id << " was not looked at by the driver";
  }
  EXPECT_EQ(report.machine.gpus.size(), 1U);
  EXPECT_EQ(report.machine.driver, "580.159.04");
  EXPECT_EQ(report.machine.gpus.at(0).compute_capability, "9.0");
}

TEST(CoreGroups, PassOnACudaThatWorksRightly) {
  const std::vector<std::string> ids = {"cuda.bandwidth", "cuda.streams", "cuda.graph", "cuda.unified", "cuda.nvrtc"};
  auto asked = ids;
  asked.insert(asked.end(), {"cuda.pcie-link", "peer.copy"});
  const Report report = run(asked);
  for (const auto& id : ids) expect_proven(report, id);
  const auto link = results(report, "cuda.pcie-link").at(0);
  EXPECT_EQ(to_string(link.verdict), "pass") << link.reason;
  EXPECT_TRUE(link.control && link.control->detected);
  EXPECT_EQ(results(report, "peer.copy").at(0).reason, "one GPU: a copy between two needs two");
}

TEST(CoreGroups, CopyBetweenTheGpusInEveryDirection) {
  const Report report = run({"peer.copy"}, "", 2);
  expect_proven(report, "peer.copy");
  EXPECT_EQ(results(report, "peer.copy").at(0).measurements.size(), 2U);
  const auto wrong = results(run({"peer.copy"}, "peer", 2), "peer.copy");
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_EQ(to_string(wrong[0].verdict), "fail") << wrong[0].reason;
  EXPECT_EQ(wrong[0].reason.rfind("GPU 0 to 1: 1 of ", 0), 0U) << wrong[0].reason;
}

TEST(CoreGroups, FindWhatStreamsGraphsAndCompilersDoWrong) {
  expect("cuda.streams", "stream-order", Verdict::kFail, "wrong", kTheDriver);
  expect("cuda.graph", "graph-eager", Verdict::kFail, "ran while it was captured", kTheDriver);
  expect("cuda.graph", "graph-drop", Verdict::kFail, "wrong", kTheDriver);
  expect("cuda.nvrtc", "nvrtc-salt", Verdict::kFail, "wrong");
  expect("cuda.nvrtc", "nvrtc-lenient", Verdict::kFail, "did not refuse",
         {Layer::kImage, "build the image from its lock"});
  expect("cuda.bandwidth", "copy-out", Verdict::kFail, "1 of ", kTheHardware);
  expect("cuda.bandwidth", "copy", Verdict::kFail, "1 of ", kTheHardware);
  expect("cuda.bandwidth", "slow-way", Verdict::kDegraded,
         "copy to the device: ", {Layer::kHardware, "lspci -vv on the host"});
  expect("cuda.pcie-link", "pcie-width", Verdict::kDegraded, "runs as PCIe 1.0 x1 under load",
         {Layer::kHardware, "reseat the GPU"});
}

TEST(CoreGroups, WatchTheGpusBesideTheOthers) {
  const std::vector<std::string> ids = {"nvml.memory-errors", "nvml.settings", "nvml.sharing", "nvml.watch"};
  auto asked = ids;
  asked.push_back("cuda.memory");
  const Report report = run(asked);
  for (const auto& id : ids) {
    ASSERT_EQ(results(report, id).size(), 1U) << id;
    EXPECT_EQ(to_string(results(report, id)[0].verdict), "pass") << id << ": " << results(report, id)[0].reason;
  }
  EXPECT_EQ(results(report, "nvml.watch")[0].summary, "at most 45 C and 612 W; no Xid");
  for (const char* id : {"nvml.memory-errors", "nvml.settings", "nvml.watch"}) {
    EXPECT_TRUE(results(report, id)[0].control && results(report, id)[0].control->detected) << id;
  }
}

TEST(CoreGroups, TellWhatNvmlKnowsOfAGpu) {
  expect("nvml.memory-errors", "ecc", Verdict::kFail, "3 memory errors that could not be corrected",
         {Layer::kHardware, "nvidia-smi --gpu-reset -i GPU-"});
  expect("nvml.memory-errors", "remap-failed", Verdict::kFail, "could not be remapped",
         {Layer::kHardware, "replace the GPU"});
  expect("nvml.memory-errors", "remap-pending", Verdict::kFail, "waits to be taken out of use",
         {Layer::kHardware, "nvidia-smi --gpu-reset -i GPU-"});
  expect("nvml.settings", "prohibited", Verdict::kFail, "compute mode is PROHIBITED",
         {Layer::kHostDriver, "-c DEFAULT"});
  expect("nvml.settings", "exclusive", Verdict::kDegraded,
         "compute mode is exclusive, as sites with a scheduler set it", {Layer::kHostDriver, "-c DEFAULT"});
  expect("nvml.settings", "no-settings", Verdict::kPass, "not told by the driver: compute mode and persistence mode");
  expect("nvml.settings", "set-clock", Verdict::kPass, "was set to 345 MHz, the board's own is 1980 (nvidia-smi -rac)");
  expect("nvml.sharing", "busy", Verdict::kSkipped, "load of 97 %");
  expect("nvml.watch", "xid-79", Verdict::kFail, "Xid 79 during the run: the GPU has fallen off the bus",
         {Layer::kHardware, "power-cycle the host"});
  // Long enough for samples: three in a row, and ten.
  const auto beside_others = [](const std::string& fault) {
    return results(run({"nvml.watch", "cublas.gemm-normal"}, fault), "nvml.watch").at(0);
  };
  expect_found(beside_others("hot"), "hot", Verdict::kDegraded,
               "in 100.0 % of the samples under load: slowdown by hardware, heat, by hardware, at up to 91 C",
               {Layer::kHardware, "nvidia-smi"});
  expect_found(beside_others("low-clock"), "low-clock", Verdict::kDegraded,
               "worked at 345 of 1980 MHz, by the median, and neither power nor heat held its clock",
               {Layer::kHostDriver, "-rgc and nvidia-smi -i GPU-"});
  const auto capped = beside_others("low-clock,power-cap");
  EXPECT_EQ(to_string(capped.verdict), "pass") << capped.reason;
  EXPECT_NE(capped.summary.find("SM clock under load 345 of 1980 MHz by the median, the power cap held it in 100.0 %"),
            std::string::npos)
      << capped.summary;
}

// An environment with torch's own library and its CUDA libraries, where their wheels put them.
void install_torch(const std::filesystem::path& prefix) {
  const auto site = prefix / "lib" / "python3.11" / "site-packages";
  std::filesystem::create_directories(site / "nvidia" / "lib");
  for (const char* name : {"libcublas.so.13", "libnvrtc.so.13"}) {
    std::filesystem::copy(std::filesystem::path(ENVFORGE_STUBS) / name, site / "nvidia" / "lib" / name);
  }
  std::filesystem::create_directories(site / "torch" / "lib");
  std::filesystem::copy(ENVFORGE_STUB_TORCH, site / "torch" / "lib" / "libtorch_cuda.so");
  support::write_file_atomically(site / "torch" / "version.py", "__version__ = '2.11.0+cu130'\n");
}

TEST(CoreGroups, HoldWhatTheyMappedAgainstTheLoadersRules) {
  const support::TempDir folder;
  install_torch(folder.path());
  const std::map<std::string, std::string> with_torch = {{"VIRTUAL_ENV", folder.path().string()}};
  const std::vector<std::string> checks = {"cublas.libraries", "cublas.threads"};
  const auto good = results(run(checks, "", 1, with_torch), "cublas.libraries").at(0);
  EXPECT_EQ(to_string(good.verdict), "pass") << good.reason;
  ASSERT_TRUE(good.control.has_value());
  EXPECT_TRUE(good.control->detected);
  EXPECT_EQ(good.summary.rfind("2 CUDA libraries are mapped", 0), 0U) << good.summary;
  // cuBLAS opens the system's copy of NVRTC by its path, in a check that the list names behind this one.
  const auto odd = results(run(checks, "second-copy", 1, with_torch), "cublas.libraries").at(0);
  EXPECT_EQ(to_string(odd.verdict), "fail") << odd.summary;
  const std::string own = (folder.path() / "lib/python3.11/site-packages/nvidia/lib/libnvrtc.so.13").string();
  EXPECT_EQ(odd.reason, "libnvrtc.so.13 is mapped from " ENVFORGE_STUBS "/libnvrtc.so.13, the loader's rules choose " +
                            own + " (RPATH of libtorch_cuda.so)");
  for (const char* group : {"cuda", "cudnn", "cufft", "nccl"}) {
    const std::string id = std::string(group) + ".libraries";
    const std::string works = std::string(group) == "cuda"    ? "cuda.nvrtc"
                              : std::string(group) == "cudnn" ? "cudnn.activation"
                              : std::string(group) == "cufft" ? "cufft.exact"
                                                              : "nccl.single-rank";
    const auto right = results(run({id, works}, "", 1, with_torch), id).at(0);
    EXPECT_EQ(to_string(right.verdict), "pass") << id << ": " << right.reason;
    EXPECT_TRUE(right.control && right.control->detected) << id;
    const auto wrong = results(run({id, works}, "second-nvrtc", 1, with_torch), id).at(0);
    EXPECT_EQ(to_string(wrong.verdict), "fail") << id << ": " << wrong.summary;
    EXPECT_EQ(wrong.reason, odd.reason) << id;
    EXPECT_EQ(to_string(wrong.layer), "image") << id;
    EXPECT_EQ(wrong.mend, "remove " ENVFORGE_STUBS "/libnvrtc.so.13 or what opens it by its path") << id;
  }
  const auto bare = results(run({"cublas.libraries"}), "cublas.libraries").at(0);
  EXPECT_EQ(to_string(bare.verdict), "skipped");
  EXPECT_EQ(bare.reason, "the image has no torch, by whose rules one file of several is the right one");
}

TEST(CoreGroups, SayWhichLibraryTheyUsed) {
  const Report report = run({"cuda.device"});
  std::map<std::string, protocol::LoadedLibrary> libraries;
  for (const auto& group : report.groups) {
    for (const auto& library : group.libraries) libraries[library.soname] = library;
  }
  ASSERT_EQ(libraries.count("libnvrtc.so.13"), 1U);
  EXPECT_EQ(libraries["libnvrtc.so.13"].version, "13.0");
  EXPECT_EQ(libraries["libnvrtc.so.13"].owner, "none");
  EXPECT_EQ(libraries["libnvrtc.so.13"].rule, "LD_LIBRARY_PATH");
}

TEST(CoreGroups, FindAStuckBitOfTheMemory) {
  expect("cuda.memory", "memory", Verdict::kFail, "1 of ", kTheHardware);
}

TEST(CoreGroups, FindAByteThatACopyChanged) {
  expect("cuda.copy", "copy", Verdict::kFail, "1 of ", kTheHardware);
}

TEST(CoreGroups, NameTheCallThatCrashedOrHung) {
  expect("cublas.gemm-exact", "crash-cublasGemmEx", Verdict::kCrashed,
         "signal 11 (Segmentation fault) in: cublasGemmEx in fp32");
  expect("cudnn.conv-forward", "crash-cudnnBackendExecute", Verdict::kCrashed,
         "cudnnBackendExecute in fp32: N 2, C 32");
  expect("cudnn.conv-exact", "hang-cudnnCreate", Verdict::kHung, "no end after 5 s");
}

TEST(CoreGroups, NameTheLayerOfAnErrorOfTheDriver) {
  const auto found = results(run({"container.gpus"}, "not-ready"), "container.gpus");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].layer, protocol::Layer::kHostDriver);
  EXPECT_EQ(found[0].mend, "systemctl start nvidia-fabricmanager");
}

TEST(CoreGroups, SayPersistenceThatIsOffAndFailNothing) {
  const auto found = results(run({"nvml.settings"}, "no-persistence"), "nvml.settings");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(to_string(found[0].verdict), "pass") << found[0].reason;
  EXPECT_NE(found[0].summary.find("is off: the first call after a pause is slow (nvidia-smi -pm 1)"), std::string::npos)
      << found[0].summary;
}

TEST(CoreGroups, NameASliceOfAGpuAndWhatItWasGiven) {
  const Report report = run({"cuda.device", "cublas.gemm-normal", "nvml.watch"}, "mig-slice");
  ASSERT_EQ(report.machine.gpus.size(), 1U);
  EXPECT_TRUE(report.machine.gpus[0].mig);
  EXPECT_EQ(report.machine.gpus[0].uuid, "MIG-00000000-0000-0000-0000-000000000000");
  const auto device = results(report, "cuda.device").at(0);
  EXPECT_EQ(device.summary,
            "NVIDIA H200 MIG 1g.18gb, compute capability 9.0, a slice (MIG) with 16 multiprocessors and 16.8 MB");
  EXPECT_EQ(device.measurements.at(0).expected, 16.0);
  EXPECT_EQ(device.measurements.at(1).expected, 16.0 * (1 << 20));
  const auto product = results(report, "cublas.gemm-normal").at(0);
  EXPECT_EQ(to_string(product.verdict), "pass") << "far below the model of 16 multiprocessors: " << product.reason;
  const auto rate = measurement_of(product, "throughput bf16");
  EXPECT_EQ(rate.derivation.rfind("16 SM x ", 0), 0U) << rate.derivation;
  EXPECT_NE(rate.context.at("judged").find("a slice (MIG)"), std::string::npos);
  EXPECT_EQ(results(report, "nvml.watch").at(0).summary, "at most 45 C and 612 W; no Xid") << "of the whole GPU";
}

TEST(CoreGroups, GpusThatShareTheWayToTheHostAreTimedOneAfterTheOther) {
  // Another GPU's process has the turn for so long.
  constexpr std::chrono::milliseconds kOthers(1500);
  const int program = ::open(ENVFORGE_GROUPS "/envforge-group-cuda", O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(program, LOCK_EX), 0);
  std::thread others([&] {
    std::this_thread::sleep_for(kOthers);
    ::close(program);
  });
  const auto start = std::chrono::steady_clock::now();
  const auto found = results(run({"cuda.bandwidth"}), "cuda.bandwidth");
  EXPECT_GE(std::chrono::steady_clock::now() - start, kOthers);
  others.join();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(to_string(found[0].verdict), "pass") << found[0].reason;
  EXPECT_EQ(measurement_of(found[0], "to the device, page-locked").context.count("judged"), 0U);
  EXPECT_EQ(measurement_of(found[0], "from the device, page-locked").context.count("judged"), 0U);
}

TEST(CoreGroups, WithoutDeviceFilesTheFlagThatGivesThemIsPrinted) {
  if (std::filesystem::exists("/dev/nvidiactl")) GTEST_SKIP() << "this machine has the device files";
  expect("container.gpus", "no-device", Verdict::kFail, "no GPU is visible: the container has no /dev/nvidiactl",
         {Layer::kContainerFlags, "docker run --gpus all"});
}

TEST(CoreGroups, TellOfAGpuInSlicesOfWhichTheContainerHasNone) {
  const auto found = results(run({"container.gpus"}, "mig-empty"), "container.gpus");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(to_string(found[0].verdict), "fail");
  EXPECT_EQ(found[0].reason,
            "MIG mode is on for GPU-00000000-0000-0000-0000-000000000000, and the container was given no slice of it");
  EXPECT_EQ(found[0].layer, protocol::Layer::kContainerFlags);
  EXPECT_EQ(found[0].mend.rfind("docker run --gpus device=MIG-", 0), 0U) << found[0].mend;
}

dev_t device_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_dev : 0;
}

// container.nvidia-smi where PATH has one that does `script`; mounted as the container toolkit does it, or not.
CheckResult with_nvidia_smi(const std::string& script, bool mounted = false) {
  const support::TempDir folder;
  const auto program = folder.path() / "nvidia-smi";
  support::write_file_atomically(program, "#!/bin/sh\n" + script + "\n", 0755);
  const std::string mount = "mount --bind " + program.string() + " " + program.string();
  const auto found =
      results(run({"container.nvidia-smi"}, "", 1, {{"PATH", folder.path().string()}}, mounted ? mount : ""),
              "container.nvidia-smi");
  return found.size() == 1 ? found[0] : CheckResult{};
}

TEST(CoreGroups, HoldNvidiaSmiAgainstNvml) {
  const auto good = with_nvidia_smi("echo 580.159.04, GPU-00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(to_string(good.verdict), "pass") << good.reason;
  ASSERT_TRUE(good.control.has_value());
  EXPECT_TRUE(good.control->detected);
  const auto other = with_nvidia_smi("echo 535.183.01, GPU-00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(to_string(other.verdict), "fail");
  EXPECT_EQ(other.reason, "nvidia-smi says driver 535.183.01, NVML 580.159.04");
  if (device_of("/") == device_of(std::filesystem::temp_directory_path().string())) {
    EXPECT_EQ(other.layer, protocol::Layer::kImage) << "it lies on no mount";
  }
}

TEST(CoreGroups, AMountedNvidiaSmiIsTheHostsAndNotTheImages) {
  if (!mounts_are_possible()) GTEST_SKIP() << "no mount namespace can be made here";
  const auto good = with_nvidia_smi("echo 580.159.04, GPU-00000000-0000-0000-0000-000000000000", true);
  EXPECT_NE(good.summary.find("/nvidia-smi, mounted: driver 580.159.04"), std::string::npos) << good.summary;
  const auto other = with_nvidia_smi("echo 535.183.01, GPU-00000000-0000-0000-0000-000000000000", true);
  EXPECT_EQ(to_string(other.verdict), "fail");
  EXPECT_EQ(other.layer, protocol::Layer::kHostDriver);
}

TEST(CoreGroups, TellWhyNvidiaSmiFails) {
  const auto mismatch = with_nvidia_smi("echo 'NVRM: API mismatch: the client has the version 535.183.01'; exit 255");
  EXPECT_EQ(to_string(mismatch.verdict), "fail");
  EXPECT_EQ(mismatch.layer, protocol::Layer::kHostDriver);
  EXPECT_EQ(mismatch.mend, "reboot the host after its driver was updated");
  EXPECT_NE(mismatch.evidence.find("exited with 255: NVRM: API mismatch"), std::string::npos) << mismatch.evidence;
  const auto other = with_nvidia_smi("exit 6");
  EXPECT_EQ(other.reason, "nvidia-smi fails: it exited with 6");
  const auto hangs = with_nvidia_smi("exec /bin/sleep 1000");
  EXPECT_EQ(to_string(hangs.verdict), "hung") << hangs.reason;
  EXPECT_EQ(hangs.layer, protocol::Layer::kHostDriver);
  const auto none = results(run({"container.nvidia-smi"}), "container.nvidia-smi");
  ASSERT_EQ(none.size(), 1U);
  EXPECT_EQ(to_string(none[0].verdict), "skipped");
  EXPECT_NE(none[0].reason.find("no nvidia-smi on PATH"), std::string::npos);
}

TEST(CoreGroups, WhichGpusThereAreIsLookedForAndNotCountedAsAnAnswer) {
  EXPECT_TRUE(results(run({"cuda.device"}), "container.gpus").empty()) << "nobody asked for it";
  const auto absent = results(run({"container.shm"}, "", 0), "container.gpus");
  ASSERT_EQ(absent.size(), 1U) << "a run that wants GPUs and has none does not pass";
  EXPECT_EQ(to_string(absent[0].verdict), "fail");
}

TEST(CoreGroups, AGpuThatWasAskedForAndIsNotThereIsNamedWithItsFlag) {
  const std::string there = "GPU-00000000-0000-0000-0000-000000000000";
  protocol::GroupRequest group;
  group.checks = {"container.gpus"};
  group.expected_gpus = 1;
  group.expected_uuids = {there};
  const auto right = results(run(group), "container.gpus").at(0);
  EXPECT_EQ(to_string(right.verdict), "pass") << right.reason;
  ASSERT_TRUE(right.control.has_value());
  EXPECT_EQ(right.control->found, 2) << "the number and the name";
  group.expected_gpus = 2;
  group.expected_uuids = {there, "GPU-11111111-0000-0000-0000-000000000000"};
  const auto absent = results(run(group), "container.gpus").at(0);
  expect_found(absent, "one too few", Verdict::kFail,
               "1 GPUs are visible, expected 2; GPU GPU-11111111-0000-0000-0000-000000000000 was asked for",
               {Layer::kContainerFlags, "docker run --gpus device=GPU-11111111-0000-0000-0000-000000000000"});
}

TEST(CoreGroups, FindThatAnotherGpuAnswersThanTheOneThatWasGiven) {
  expect("cuda.device", "other-device", Verdict::kFail, "asked for GPU-00000000-0000-0000-0000-000000000000, got GPU-",
         {Layer::kHostDriver, "nvidia-smi -L on the host"});
}

TEST(CoreGroups, ProveThatSharedMemoryWorks) {
  const auto found = results(run({"container.ipc"}), "container.ipc").at(0);
  EXPECT_EQ(to_string(found.verdict), "pass") << found.reason;
  ASSERT_TRUE(found.control.has_value());
  EXPECT_TRUE(found.control->detected);
}

TEST(CoreGroups, DoNotJudgeSpeedOnAGpuThatOthersUse) {
  const Report busy = run({"cuda.device"}, "busy");
  EXPECT_EQ(busy.machine.gpus.at(0).used_by, std::vector<std::string>{"load of 97 %"});
  EXPECT_NE(busy.not_judged.front().find("other processes use this GPU"), std::string::npos);
}

}  // namespace
}  // namespace envforge::validator
