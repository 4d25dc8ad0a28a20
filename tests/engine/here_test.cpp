// `verify --here` inside of real containers: no engine, no shell, and the container's flags are judged, for they are
// how it runs.
#include "engine/verified_image.hpp"

namespace envforge::testing {
namespace {

using protocol::Layer;
using protocol::Verdict;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class VerifyHere : public VerifiedImage {
 protected:
  Verified here(const std::string& image, const std::vector<std::string>& docker_args,
                const std::vector<std::string>& more = {}) {
    engine::ContainerRequest request;
    request.image = image;
    request.entrypoint = {"/usr/local/bin/envforge", "verify", "--here", "--json"};
    request.command = more;
    request.extra_args = docker_args;
    request.deadline = std::chrono::minutes(2);
    Verified out;
    out.outcome = setup_.engine().run(request, {}).outcome;
    if (out.outcome.out.find("envforge/report") != std::string::npos)
      out.report = protocol::read_unverified(out.outcome.out, "stdout");
    return out;
  }
  std::string image_with_envforge(const std::string& lines) {
    tests::with_torch_26(tests::with_glibc(image_));
    image_.folder("/usr/local/bin");
    std::filesystem::copy_file(ENVFORGE_PROGRAM, image_.root() + "/usr/local/bin/envforge");
    copy_needed_libraries();
    image_.folder("/tmp");
    std::filesystem::permissions(image_.root() + "/tmp", std::filesystem::perms(01777));
    return build(lines);
  }

  /// A release is one static file; this build may be a dynamic one.
  void copy_needed_libraries() {
    process::PosixProcessRunner runner;
    process::Command command;
    command.argv = {"ldd", ENVFORGE_PROGRAM};
    for (const auto& line : support::split(runner.run(command).out, '\n')) {
      const auto from = line.find("=> /");
      if (from == std::string::npos) continue;
      const std::filesystem::path library = line.substr(from + 3, line.find(' ', from + 3) - from - 3);
      const auto to = image_.root() + "/usr/lib/x86_64-linux-gnu/" + library.filename().string();
      std::filesystem::create_directories(std::filesystem::path(to).parent_path());
      std::filesystem::copy_file(std::filesystem::canonical(library), to,
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
};

TEST_F(VerifyHere, InAContainerWithoutShellTheLibrariesAndTheFlagsAreJudged) {
  const auto run = here(image_with_envforge("ENV HOME=/tmp"), {"--network=none", "--shm-size=64m"}, {"--gpus", "none"});
  EXPECT_EQ(run.check("audit.libraries").verdict, Verdict::kPass) << run.outcome.err;
  const auto shm = run.check("container.shm");
  EXPECT_EQ(shm.verdict, Verdict::kDegraded) << "flags are the run's own here";
  EXPECT_EQ(shm.layer, Layer::kContainerFlags);
  EXPECT_THAT(run.check("torch.matmul").reason, HasSubstr("has no C++ headers"));
}

TEST_F(VerifyHere, AsAnyUserOnAReadOnlyRootNeedsOnlyAFolderForTemporaryFiles) {
  const auto run = here(image_with_envforge("ENV HOME=/tmp\nUSER 12345:12345"),
                        {"--network=none", "--read-only", "--tmpfs=/tmp:exec,mode=1777"}, {"--gpus", "none"});
  EXPECT_EQ(run.check("audit.libraries").verdict, Verdict::kPass) << run.outcome.err << run.outcome.out;
}

// On a machine with a GPU its driver shows in /proc, and container.gpus names the flag instead.
TEST_F(VerifyHere, WithoutAnySignOfAGpuTheFlagThatGivesOneIsPrinted) {
  if (std::filesystem::exists("/proc/driver/nvidia")) return cannot_run("no-gpu", "this machine has a GPU's driver");
  const auto run = here(image_with_envforge("ENV HOME=/tmp"), {"--network=none"}, {"--only", "container.shm"});
  EXPECT_EQ(run.outcome.exit_code, 6) << run.outcome.out;
  EXPECT_THAT(run.outcome.out + run.outcome.err, HasSubstr("docker run --gpus all"));
}

}  // namespace
}  // namespace envforge::testing
