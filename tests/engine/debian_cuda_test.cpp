// Debian 12's own CUDA 11.8 and the libcuda1 of its driver, the real packages of Debian's mirror, in an image beside a
// torch for CUDA 11.7.
#include "engine/verified_image.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using protocol::Layer;
using protocol::Verdict;
using ::testing::HasSubstr;

constexpr const char* kKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
constexpr const char* kSystem = "/usr/lib/x86_64-linux-gnu";
constexpr const char* kSite = "/opt/venv/lib/python3.11/site-packages";

// What is small of them: libcublaslt11 alone has 206 MB.
const std::vector<std::string> kPackages = {"libcuda1",      "libnvidia-ml1", "nvidia-smi",
                                            "libcudart11.0", "libnvrtc11.2",  "libnvrtc-builtins11.8"};

// torch 2.0's CUDA libraries as its wheels bring them.
void with_torch_for_cuda_11(tests::FakeImage& image) {
  const std::string rpath = "$ORIGIN/../../nvidia/cuda_runtime/lib:$ORIGIN/../../nvidia/cuda_nvrtc/lib:$ORIGIN";
  const std::vector<std::string> needed = {"libcudart.so.11.0", "libnvrtc.so.11.2"};
  const auto library = [](const std::string& soname, const std::vector<std::string>& needs = {},
                          const std::string& where = "") {
    return tests::elf_library({soname, needs, where, "", {}});
  };
  image.file("/opt/venv/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n");
  image.wheel(kSite, "torch", "2.0.1",
              {{"torch/version.py", "__version__ = '2.0.1+cu117'\ncuda = '11.7'\n"},
               {"torch/_C.cpython-311-x86_64-linux-gnu.so", library("", {"libtorch_cuda.so"}, "$ORIGIN/lib")},
               {"torch/lib/libtorch_global_deps.so", library("libtorch_global_deps.so", needed, rpath)},
               {"torch/lib/libtorch_cuda.so", library("libtorch_cuda.so", needed, rpath)}},
              {"nvidia-cuda-runtime-cu11==11.7.99", "nvidia-cuda-nvrtc-cu11==11.7.99"});
  image.wheel(kSite, "nvidia-cuda-runtime-cu11", "11.7.99",
              {{"nvidia/cuda_runtime/lib/libcudart.so.11.0", library("libcudart.so.11.0")}});
  image.wheel(kSite, "nvidia-cuda-nvrtc-cu11", "11.7.99",
              {{"nvidia/cuda_nvrtc/lib/libnvrtc.so.11.2", library("libnvrtc.so.11.2")}});
}

class DebianCuda : public VerifiedImage {
 protected:
  void SetUp() override {
    VerifiedImage::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (setup_.engine().info().architecture != "amd64") return cannot_run("engine", "the packages are of linux/amd64");
    if (!fs::exists(kKeyring)) return cannot_run("network", std::string("there is no ") + kKeyring);
    const std::string why = download();
    if (!why.empty()) return cannot_run("network", why);
    ASSERT_EQ(unpack(), "");
  }

  /// By apt, with indexes and settings of its own.
  std::string download() const {
    const std::string at = apt_.path().string();
    for (const char* folder : {"etc/apt.conf.d", "lists/partial", "archives/partial", "debs"})
      fs::create_directories(apt_.path() / folder);
    support::write_file_atomically(at + "/status", "");
    support::write_file_atomically(at + "/sources.list", std::string("deb [signed-by=") + kKeyring +
                                                             "] http://deb.debian.org/debian bookworm non-free\n");
    support::write_file_atomically(
        at + "/apt.conf", "Dir::Etc \"" + at + "/etc\";\nDir::Etc::sourcelist \"" + at +
                              "/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\nDir::State::lists \"" + at +
                              "/lists\";\nDir::State::status \"" + at + "/status\";\nDir::Cache \"" + at +
                              "\";\nAPT::Architecture \"amd64\";\nAPT::Architectures { \"amd64\"; };\n"
                              "APT::Sandbox::User \"root\";\nAcquire::Languages \"none\";\n");
    const std::string index = run_in_apt({"apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update"});
    if (!index.empty()) return index;
    std::vector<std::string> argv = {"apt-get", "-q", "download"};
    argv.insert(argv.end(), kPackages.begin(), kPackages.end());
    return run_in_apt(argv);
  }

  /// By dpkg, as far as it goes without running what the packages bring: their files and dpkg's own records of them.
  std::string unpack() const {
    for (const char* folder : {"info", "updates", "triggers"}) image_.folder(std::string("/var/lib/dpkg/") + folder);
    image_.file("/var/lib/dpkg/status");
    std::vector<std::string> argv = {"dpkg",
                                     "--root=" + image_.root(),
                                     "--force-depends",
                                     "--force-not-root",
                                     "--force-bad-path",
                                     "--force-script-chrootless",
                                     "--unpack"};
    for (const auto& entry : fs::directory_iterator(apt_.path() / "debs")) argv.push_back(entry.path());
    // What the alternatives of the package nvidia-alternative, which were not run, make of them.
    for (const std::string name : {"libcuda.so.1", "libnvidia-ml.so.1"}) {
      const std::string alternative = "/etc/alternatives/nvidia--" + name + "-x86_64-linux-gnu";
      image_.link(alternative, std::string(kSystem) + "/nvidia/current/" + name);
      image_.link(std::string(kSystem) + "/" + name, alternative);
    }
    return run_in_apt(argv);
  }

  std::string run_in_apt(const std::vector<std::string>& argv) const {
    process::PosixProcessRunner runner;
    process::Command command;
    command.argv = argv;
    command.working_directory = (apt_.path() / "debs").string();
    command.extra_environment = {{"APT_CONFIG", (apt_.path() / "apt.conf").string()}};
    command.deadline = std::chrono::minutes(3);
    const auto outcome = runner.run(command);
    return outcome.ok() ? "" : argv[0] + " " + describe(outcome) + "\n" + outcome.err;
  }

  /// Of dpkg's own record in the image.
  std::string version_of(const std::string& package) const {
    const std::string status = support::read_file(image_.root() + "/var/lib/dpkg/status");
    const auto entry = status.find("Package: " + package + "\n");
    const auto version = status.find("\nVersion: ", entry);
    EXPECT_NE(version, std::string::npos) << package;
    return status.substr(version + 10, status.find('\n', version + 1) - version - 10);
  }

  support::TempDir apt_;
};

TEST_F(DebianCuda, OfTheRealPackagesIsNamedWithItsOwnersAndTheDriverWithWhatToRemove) {
  tests::with_glibc(image_);
  with_torch_for_cuda_11(image_);
  const std::string driver = version_of("libcuda1"), runtime = version_of("libcudart11.0"),
                    compiler = version_of("libnvrtc11.2"), nvml = version_of("libnvidia-ml1");
  ASSERT_EQ(driver.rfind("535.", 0), 0U) << driver;
  ASSERT_EQ(runtime.rfind("11.8.", 0), 0U) << runtime;
  const auto run = verify(build("ENV LD_LIBRARY_PATH=" + std::string(kSystem)), {"--skip", "torch"});
  EXPECT_EQ(run.outcome.exit_code, 1) << run.outcome.err;
  expect(run.check("container.baked-driver"), Verdict::kFail, Layer::kImage, "(apt libcuda1 " + driver + ")",
         "apt-get remove libcuda1");
  EXPECT_THAT(run.check("container.baked-driver").reason, HasSubstr("(apt libnvidia-ml1 " + nvml + ")"));
  expect(run.check("audit.libraries"), Verdict::kFail, Layer::kImage,
         "libcudart.so.11.0 " + runtime + " beside 11.7.99",
         std::string("take ") + kSystem + " out of LD_LIBRARY_PATH");
  EXPECT_THAT(run.check("audit.libraries").reason, HasSubstr("libnvrtc.so.11.2 " + compiler + " beside 11.7.99"));
}

}  // namespace
}  // namespace envforge::testing
