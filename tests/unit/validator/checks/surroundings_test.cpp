// What checks read of the machine and of the image, planted: the kernel's log, device files, the driver's libraries
// and their mounts, and libraries that lack a function.
#include <gmock/gmock.h>

#include "stub_run.hpp"
#include "support/fake_image.hpp"
#include "support/require.hpp"

namespace envforge::validator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Surroundings : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!mounts_are_possible()) testing::cannot_run("namespaces", "this user may not mount in a namespace of its own");
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  CheckResult only(const std::string& id, const std::string& mounts,
                   const std::map<std::string, std::string>& settings = {}, const std::string& fault = "",
                   bool flags_are_the_runs = false) const {
    protocol::GroupRequest group;
    group.checks = {id};
    group.flags_are_the_runs = flags_are_the_runs;
    const auto found = results(run(group, fault, 1, settings, mounts), id);
    EXPECT_EQ(found.size(), 1U) << id;
    return found.empty() ? CheckResult{} : found[0];
  }
  CheckResult with_kernel_log(const std::string& line) const {
    support::write_file_atomically(path("kmsg"), line);
    return only("nvml.xid-log", "mount --bind " + path("kmsg") + " /dev/kmsg");
  }
  /// A /dev with what every program needs, these files, and `more` lines for what else lies there.
  std::string own_devices(const std::string& names, const std::string& more = "true") const {
    const std::string dev = path("dev");
    std::filesystem::create_directories(dev);
    return "mount -t tmpfs none " + dev + "\nin=" + dev +
           "\nfor n in null zero urandom; do : > $in/$n; mount --bind /dev/$n $in/$n; done\nfor n in " + names +
           "; do : > $in/$n; done\n" + more + "\nmount --rbind $in /dev";
  }
  CheckResult with_devices(const std::string& names) const { return only("container.devices", own_devices(names)); }

  support::TempDir folder_;
};

TEST_F(Surroundings, AnXidOfTheHardwareInTheKernelsLogIsToldWithItsMend) {
  const auto fallen = with_kernel_log("3,1,1,-;NVRM: Xid (PCI:0000:00:00): 79, pid=1, GPU has fallen off the bus.\n");
  EXPECT_EQ(to_string(fallen.verdict), "degraded") << "it was before this run: " << fallen.reason;
  EXPECT_THAT(fallen.reason, HasSubstr("Xid 79 of 0000:00:00: the GPU has fallen off the bus"));
  EXPECT_EQ(to_string(fallen.layer), "hardware");
  EXPECT_THAT(fallen.mend, HasSubstr("power-cycle the host"));
  EXPECT_EQ(fallen.summary, "1 lines of the kernel's log");
}

TEST_F(Surroundings, AnXidOfADriverNamesTheDriver) {
  const auto silent = with_kernel_log("3,1,1,-;NVRM: Xid (PCI:0000:00:00): 119, Timeout waiting for RPC from GSP\n");
  EXPECT_EQ(to_string(silent.layer), "host-driver") << silent.reason;
}

TEST_F(Surroundings, AnXidThatIsNotKnownIsOfNoProgram) {
  const auto unknown = with_kernel_log("3,1,1,-;NVRM: Xid (PCI:0000:00:00): 999, something of a later driver\n");
  EXPECT_EQ(to_string(unknown.verdict), "degraded") << unknown.summary;
  EXPECT_EQ(unknown.reason, "Xid 999 of these GPUs, which envforge does not know");
  EXPECT_EQ(to_string(unknown.layer), "none") << "NVIDIA's catalog alone knows";
  EXPECT_THAT(unknown.mend, HasSubstr("docs.nvidia.com/deploy/xid-errors"));
  EXPECT_THAT(unknown.summary, Not(HasSubstr("program")));
}

TEST_F(Surroundings, ARecoveryThatTheDriverAsksForIsTold) {
  const std::string line = "3,1,1,-;NVRM: Xid (PCI:0000:00:00): 154, GPU recovery action changed from ";
  const auto asked = with_kernel_log(line + "0x0 (None) to 0x1 (GPU Reset Required)\n");
  EXPECT_EQ(to_string(asked.verdict), "degraded") << asked.summary;
  EXPECT_THAT(asked.reason, HasSubstr("Xid 154 of 0000:00:00: the driver asks for a recovery of the GPU"));
  const auto done = with_kernel_log(line + "0x1 (GPU Reset Required) to 0x0 (None)\n");
  EXPECT_EQ(to_string(done.verdict), "pass") << done.reason;
}

TEST_F(Surroundings, AnXidOfAProgramOrOfAnotherGpuIsNoFault) {
  const auto program = with_kernel_log("3,1,1,-;NVRM: Xid (PCI:0000:00:00): 31, pid=1, MMU Fault\n");
  EXPECT_EQ(to_string(program.verdict), "pass") << program.reason;
  EXPECT_THAT(program.summary, HasSubstr("no Xid of hardware or driver; Xid 31 of some program"));
  ASSERT_TRUE(program.control.has_value());
  EXPECT_TRUE(program.control->detected);
  const auto other = with_kernel_log("3,1,1,-;NVRM: Xid (PCI:0000:7f:00): 79, pid=1, GPU has fallen off the bus.\n");
  EXPECT_EQ(to_string(other.verdict), "pass") << other.reason;
}

TEST_F(Surroundings, DeviceFilesThatAreThereCanBeOpened) {
  const auto all = with_devices("nvidiactl nvidia-uvm nvidia0 nvidia1");
  EXPECT_EQ(to_string(all.verdict), "pass") << all.reason;
  EXPECT_EQ(all.summary, "/dev/nvidiactl, /dev/nvidia-uvm and 2 GPUs can be opened");
  ASSERT_TRUE(all.control.has_value());
  EXPECT_TRUE(all.control->detected);
}

TEST_F(Surroundings, ADeviceFileThatIsNotThereNamesTheFlag) {
  for (const char* missing : {"nvidia-uvm nvidia0", "nvidiactl nvidia0", "nvidiactl nvidia-uvm"}) {
    const auto found = with_devices(missing);
    EXPECT_EQ(to_string(found.verdict), "fail") << missing;
    EXPECT_THAT(found.reason, HasSubstr("is not in the container"));
    EXPECT_EQ(to_string(found.layer), "container-flags");
    EXPECT_THAT(found.mend, HasSubstr("docker run --gpus all"));
  }
}

TEST_F(Surroundings, AVariableThatHidesEveryGpuIsToBlameAndNotTheDriver) {
  const std::string devices = own_devices("nvidiactl nvidia-uvm nvidia0");
  for (const bool flags : {true, false}) {
    const auto hidden =
        only("container.gpus", devices,
             {{"CUDA_VISIBLE_DEVICES", ""}, {"NVIDIA_DRIVER_CAPABILITIES", "compute,utility"}}, "no-device", flags);
    EXPECT_EQ(to_string(hidden.verdict), "fail") << hidden.summary;
    EXPECT_THAT(hidden.reason, StartsWith("CUDA_VISIBLE_DEVICES='' hides every GPU from CUDA"));
    EXPECT_EQ(to_string(hidden.layer), flags ? "container-flags" : "image");
    EXPECT_THAT(hidden.mend, HasSubstr("leave `-e CUDA_VISIBLE_DEVICES` out of docker run"));
  }
  const auto absent = only("container.gpus", devices, {{"CUDA_VISIBLE_DEVICES", "7"}}, "no-device", true);
  EXPECT_EQ(absent.reason, "CUDA_VISIBLE_DEVICES='7' begins with a GPU that is not among the 1 of this container");
}

TEST_F(Surroundings, ADriverThatFindsNoGpuIsTheHosts) {
  const std::string devices = own_devices("nvidiactl nvidia-uvm nvidia0");
  for (const char* capabilities : {"compute,utility", "all"}) {
    const auto lost =
        only("container.gpus", devices, {{"CUDA_VISIBLE_DEVICES", "0"}, {"NVIDIA_DRIVER_CAPABILITIES", capabilities}},
             "no-device", true);
    EXPECT_THAT(lost.reason, HasSubstr("the driver finds no GPU: "));
    EXPECT_EQ(to_string(lost.layer), "host-driver");
    EXPECT_THAT(lost.mend, HasSubstr("dmesg | grep -i xid on the host"));
    EXPECT_THAT(lost.mend, Not(HasSubstr("NVIDIA_DRIVER_CAPABILITIES")));
  }
  const auto left_out =
      only("container.gpus", devices, {{"NVIDIA_DRIVER_CAPABILITIES", "graphics"}}, "no-device", true);
  EXPECT_THAT(left_out.reason, HasSubstr("leaves out compute and utility"));
}

TEST_F(Surroundings, EightGpusNeedMoreSharedMemoryThanDockersDefault) {
  const auto with = [&](const std::string& size, const std::string& gpus) {
    protocol::GroupRequest group;
    group.checks = {"container.shm"};
    group.flags_are_the_runs = true;
    const std::string mounts = own_devices(gpus, "mkdir $in/shm; mount -t tmpfs -o size=" + size + " none $in/shm");
    return results(run(group, "", 1, {}, mounts), "container.shm").at(0);
  };
  const std::string all = "nvidia0 nvidia1 nvidia2 nvidia3 nvidia4 nvidia5 nvidia6 nvidia7";
  const auto eight = with("65m", all);
  EXPECT_EQ(to_string(eight.verdict), "degraded") << eight.summary;
  EXPECT_THAT(eight.reason, HasSubstr("NCCL needs about 154 MB for 8 GPUs"));
  EXPECT_EQ(to_string(eight.layer), "container-flags");
  EXPECT_THAT(eight.mend, HasSubstr("docker run --shm-size 1g"));
  const auto one = with("65m", "nvidia0");
  EXPECT_EQ(to_string(one.verdict), "pass") << one.reason;
  ASSERT_TRUE(one.control.has_value());
  EXPECT_TRUE(one.control->detected);
  EXPECT_EQ(to_string(with("1g", all).verdict), "pass");
}

class DriverLibrary : public Surroundings {
 protected:
  // libcuda in a folder of its own, under the version's name, and a kernel module of `module`.
  CheckResult libcuda(const std::string& version, const std::string& module, const std::string& more = "") const {
    const std::filesystem::path place = folder_.path() / "driver";
    std::filesystem::remove_all(place);
    std::filesystem::create_directories(place);
    std::filesystem::copy(std::filesystem::path(ENVFORGE_STUBS) / "libcuda.so.1", place / ("libcuda.so." + version));
    std::filesystem::create_symlink("libcuda.so." + version, place / "libcuda.so.1");
    return only("container.driver-libraries",
                "mount -t tmpfs none /proc/driver && mkdir /proc/driver/nvidia\necho 'NVRM version: NVIDIA UNIX x86_64 "
                "Kernel Module  " +
                    module + "  Mon' > /proc/driver/nvidia/version\n" + more,
                {{"LD_LIBRARY_PATH", place.string() + ":" ENVFORGE_STUBS}});
  }
};

TEST_F(DriverLibrary, OfTheModulesVersionPasses) {
  const auto same = libcuda("580.159.04", "580.159.04");
  EXPECT_EQ(to_string(same.verdict), "pass") << same.reason;
  EXPECT_THAT(same.summary, HasSubstr("kernel module 580.159.04"));
  ASSERT_TRUE(same.control.has_value());
  EXPECT_EQ(same.control->planted, "another version of the kernel module");
  EXPECT_TRUE(same.control->detected);
}

TEST_F(DriverLibrary, OfAnotherVersionThatTheHostMountsMeansAReboot) {
  const std::string file = path("driver") + "/libcuda.so.535.183.01";
  const auto mounted = libcuda("535.183.01", "580.159.04", "mount --bind " + file + " " + file);
  EXPECT_EQ(to_string(mounted.verdict), "fail");
  EXPECT_EQ(mounted.reason, "libcuda is 535.183.01, the kernel module 580.159.04");
  EXPECT_EQ(to_string(mounted.layer), "host-driver");
  EXPECT_EQ(mounted.mend, "reboot the host after its driver was updated");
}

TEST_F(DriverLibrary, OfTheImageThatIsNoLibraryIsTheImages) {
  support::write_file_atomically(path("libcuda.so.1"), "a placeholder");
  const std::string folder = folder_.path().string();
  const std::map<std::string, std::string> settings = {{"LD_LIBRARY_PATH", folder + ":" ENVFORGE_STUBS}};
  const auto baked = only("container.driver-libraries", "true", settings);
  EXPECT_EQ(to_string(baked.verdict), "fail");
  EXPECT_THAT(baked.reason, StartsWith("the image brings " + path("libcuda.so.1") + ", which does not load: "));
  EXPECT_EQ(to_string(baked.layer), "image");
  EXPECT_THAT(baked.mend, HasSubstr("rm " + path("libcuda.so.1") + " in the image"));
  const std::string file = path("libcuda.so.1");
  const auto mounted = only("container.driver-libraries", "mount --bind " + file + " " + file, settings);
  EXPECT_EQ(to_string(mounted.layer), "host-driver") << mounted.reason;
}

TEST_F(DriverLibrary, OfWhichNoVersionIsToldIsSaidNotToBeCompared) {
  EXPECT_THAT(libcuda("580.159.04", "not-known").summary,
              HasSubstr("was not compared with the kernel module's: /proc/driver/nvidia/version does not tell that"));
  EXPECT_THAT(libcuda("580.159.04", "580.159.04").summary, Not(HasSubstr("compared")));
}

TEST_F(DriverLibrary, OfTheToolkitsStubsIsToldByItsPlace) {
  const std::filesystem::path stubs = folder_.path() / "stubs";
  std::filesystem::create_directories(stubs);
  std::filesystem::copy(std::filesystem::path(ENVFORGE_STUBS) / "libcuda.so.1", stubs / "libcuda.so.1");
  const auto found =
      only("container.driver-libraries", "true", {{"LD_LIBRARY_PATH", stubs.string() + ":" ENVFORGE_STUBS}});
  EXPECT_EQ(to_string(found.verdict), "fail");
  EXPECT_THAT(found.reason, StartsWith("libcuda is the toolkit's stub "));
  EXPECT_EQ(to_string(found.layer), "image");
  EXPECT_THAT(found.mend, HasSubstr("take the folder `stubs` out of LD_LIBRARY_PATH"));
}

// The NVIDIA wheels of torch 2.6 and an NCCL, one of whose functions libtorch_cuda.so calls.
CheckResult symbols_where_nccl_offers(const std::vector<std::string>& functions) {
  tests::FakeImage image;
  tests::with_torch_26(image);
  const std::string rpath = "$ORIGIN/../../nvidia/nccl/lib";
  image.file(std::string(tests::kFakeSite) + "/torch/lib/libtorch_cuda.so",
             tests::elf_library({"libtorch_cuda.so",
                                 {"libnccl.so.2"},
                                 rpath,
                                 "",
                                 tests::symbol_sections({"ncclCommRegister", "ncclAllReduce"}, {})}));
  image.file(std::string(tests::kFakeSite) + "/nvidia/nccl/lib/libnccl.so.2",
             tests::elf_library({"libnccl.so.2", {}, "", "", tests::symbol_sections({}, functions)}));
  const std::string site = image.root() + tests::kFakeSite;
  return results(run({"audit.symbols"}, "", 1, {{"VIRTUAL_ENV", site.substr(0, site.find("/lib/python"))}}),
                 "audit.symbols")
      .at(0);
}

TEST(AuditGroup, FindsTheFunctionThatAnOlderNcclLacks) {
  const auto whole = symbols_where_nccl_offers({"ncclCommRegister", "ncclAllReduce"});
  EXPECT_EQ(to_string(whole.verdict), "pass") << whole.reason;
  ASSERT_TRUE(whole.control.has_value());
  EXPECT_TRUE(whole.control->detected);
  const auto older = symbols_where_nccl_offers({"ncclAllReduce"});
  EXPECT_EQ(to_string(older.verdict), "fail") << older.summary;
  EXPECT_THAT(older.reason, HasSubstr("libtorch_cuda.so needs ncclCommRegister"));
  EXPECT_EQ(to_string(older.layer), "image");
  EXPECT_FALSE(older.mend.empty());
}

}  // namespace
}  // namespace envforge::validator
