// The torch group of an image that envforge did not build, against a real torch: its wheels from PyPI in an image of
// files alone, without compiler and without Python. Every check of the group must compile there, run, and pass or say
// why it does not apply.
#include <cstdlib>

#include <envforge/protocol/check_catalog.hpp>
#include <envforge/protocol/check_ids.hpp>

#include "engine/verified_image.hpp"
#include "support/wheels.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using protocol::Verdict;
using ::testing::HasSubstr;

constexpr const char* kSite = "/opt/venv/lib/python3.11/site-packages";

class ForeignTorch : public VerifiedImage {
 protected:
  void SetUp() override {
    // 2.6 GB to download and a dozen files that include libtorch to compile: more than a run of all tests may take.
    if (std::getenv("ENVFORGE_LONG_TESTS") == nullptr)
      GTEST_SKIP() << "takes 10 to 20 minutes; ENVFORGE_LONG_TESTS=1 runs it";
    VerifiedImage::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (setup_.engine().info().architecture != "amd64") return cannot_run("engine", "the wheels are of linux/amd64");
    // 4 GB of wheels in the tree, in the context and in the image, and the builder beside them.
    constexpr std::uintmax_t kNeeded = 15ULL << 30;
    if (fs::space(image_.root()).available < kNeeded) return cannot_run("network", "less than 15 GiB of disk are free");
    install("torch==2.6.0");
  }

  void install(const std::string& requirement) {
    const std::string why = install_wheels(image_.root() + kSite, {requirement});
    if (!why.empty()) return cannot_run("network", why);
    // What torch opens on a GPU only, or never: two of the five gigabytes.
    for (const char* folder : {"triton", "torch/test", "torch/bin", "nvidia/cudnn/include", "nvidia/nccl/include"})
      fs::remove_all(image_.root() + kSite + "/" + folder);
    for (const char* library : {"engines_precompiled", "engines_runtime_compiled", "adv", "cnn"})
      fs::remove(image_.root() + kSite + "/nvidia/cudnn/lib/libcudnn_" + library + ".so.9");
    image_.file("/opt/venv/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n");
  }

  /// The C++ library of this machine, whose glibc the image has too, and a part of glibc that NVIDIA's libraries name.
  void with_cxx_library() {
    for (const char* name : {"libstdc++.so.6", "libgcc_s.so.1", "libutil.so.1"}) {
      const std::string path = std::string("/lib/x86_64-linux-gnu/") + name;
      fs::copy_file(fs::canonical(path), image_.root() + path);
    }
  }
};

TEST_F(ForeignTorch, OfPypisWheelsHasEveryCheckCompiledAgainstItAndPassing) {
  tests::with_glibc(image_);
  with_cxx_library();
  deadline_ = std::chrono::minutes(40);  // a builder is made, and a dozen files include libtorch
  const auto run = verify(build(""), {"--suite", "standard", "--only", "torch"});
  int passed = 0;
  for (const auto& known : protocol::check_catalog()) {
    if (protocol::group_of(known.id) != "torch") continue;
    const auto check = run.check(known.id);
    EXPECT_TRUE(check.verdict == Verdict::kPass || check.verdict == Verdict::kSkipped)
        << known.id << ": " << to_string(check.verdict) << " " << check.reason << " " << check.evidence;
    EXPECT_THAT(check.reason, ::testing::Not(HasSubstr("no torch group"))) << known.id;
    if (check.verdict != Verdict::kPass) continue;
    ++passed;
    ASSERT_TRUE(check.control.has_value()) << known.id;
    EXPECT_TRUE(check.control->detected) << known.id;
  }
  EXPECT_GT(passed, 10) << run.outcome.err;
  EXPECT_EQ(run.outcome.exit_code, 0) << run.outcome.err;
}

}  // namespace
}  // namespace envforge::testing
