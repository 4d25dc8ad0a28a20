// A wheel that the recipe names by its https address, on the whole road with a real engine, PyPI's torch and a site
// configuration with credentials: installed as locked, and the credentials in no layer, no history and no label.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/documents/lock.hpp>
#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

#include "contract/docker_setup.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTag = "envforge-test-wheel-address:t1";
constexpr const char* kAddress =
    "https://files.pythonhosted.org/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/"
    "iniconfig-2.3.1-py3-none-any.whl";
constexpr const char* kSha256 = "9121e2c1fdb355232495be3194c8dfe87ccc2d5dee45947b78e68f499790d7a7";
// PyPI does not ask who is there, and so takes any name.
constexpr const char* kConfig =
    "schema: envforge/config/v1\ndefault_index: \"https://reader:envforge-hunter2@pypi.org/simple\"\n";
constexpr const char* kPassword = "envforge-hunter2";
constexpr const char* kPasswordAsSent = "cmVhZGVyOmVudmZvcmdlLWh1bnRlcjI";  // base64 of reader:envforge-hunter2
constexpr const char* kPublic = "envforge-public-marker";

class WheelByAddress : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("ENVFORGE_LONG_TESTS") == nullptr)
      GTEST_SKIP() << "takes minutes: 2.6 GB of wheels; ENVFORGE_LONG_TESTS=1 runs it";
    if (const std::string reason = setup_.unavailable(); !reason.empty()) return cannot_run("engine", reason);
    if (setup_.engine().info().architecture != "amd64") return cannot_run("engine", "the wheels are of linux/amd64");
    support::write_file_atomically(folder_.path() / "config.yaml", kConfig, 0600);
    support::write_file_atomically(folder_.path() / "marker", kPublic + std::string("-in-layer"));
  }
  void TearDown() override { setup_.engine().remove_image(kTag); }

  void write_recipe(const std::string& sha256) const {
    support::write_file_atomically(folder_.path() / "env.yaml",
                                   "schema: envforge/recipe/v1\nimage: envforge-test-wheel-address\n"
                                   "target: [{name: hopper, gpus: [H100, H200], driver: \"580.65.06\"}]\n"
                                   "base: debian:12\ntorch: \"2.6.0\"\ntags: [t1]\n"
                                   "environment: {MARKER: " +
                                       std::string(kPublic) +
                                       "-in-history}\n"
                                       "copy: [{from: marker, to: /srv/marker}]\npackages: {pip: [\"iniconfig @ " +
                                       kAddress + sha256 + "\"]}\n");
  }
  process::Outcome run(std::vector<std::string> argv) const {
    process::Command command;
    command.argv = std::move(argv);
    command.extra_environment = {
        {"CI", ""}, {"TERM", "dumb"}, {"ENVFORGE_CACHE_DIR", (folder_.path() / "cache").string()}};
    command.working_directory = folder_.path();
    command.deadline = std::chrono::minutes(20);
    return process::PosixProcessRunner().run(command);
  }
  process::Outcome envforge(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {ENVFORGE_PROGRAM, "--config", "config.yaml"});
    return run(std::move(arguments));
  }
  std::string client() { return setup_.engine().info().client; }

  contract::DockerSetup setup_;
  support::TempDir folder_;
};

TEST_F(WheelByAddress, IsInstalledAndWhatTheSiteGaveStaysInNoLayer) {
  write_recipe("");
  const auto refused = envforge({"build", "env.yaml", "--no-torch-group"});
  EXPECT_EQ(refused.exit_code, 3) << "an address without its hash may hold something else tomorrow";
  EXPECT_THAT(refused.err, HasSubstr("#sha256="));

  write_recipe("#sha256=" + std::string(64, '0'));
  const auto other = envforge({"build", "env.yaml", "--no-torch-group"});
  EXPECT_EQ(other.exit_code, 5) << "another file than the recipe means\n" << other.err;
  EXPECT_THAT(other.err, HasSubstr("ash mismatch"));
  EXPECT_FALSE(setup_.engine().inspect_image(kTag));

  write_recipe("#sha256=" + std::string(kSha256));
  const auto built = envforge({"build", "env.yaml", "--no-torch-group"});
  ASSERT_EQ(built.exit_code, 0) << built.err;
  const std::string text = support::read_file(folder_.path() / "env.lock");
  EXPECT_THAT(text, HasSubstr(kAddress));
  EXPECT_THAT(text, HasSubstr(kSha256));
  EXPECT_THAT(text + built.err + built.out, Not(HasSubstr(kPassword)));

  const auto inside = run({client(), "run", "--rm", "--network=none", kTag, "python", "-c",
                           "import iniconfig, importlib.metadata as m; print(m.version('iniconfig'))"});
  EXPECT_EQ(inside.out, "2.3.1\n") << inside.err;

  // All layers with history and labels, as the engine keeps them. The markers show that the search finds what is there.
  const auto found = run({"sh", "-c", R"("$0" save "$1" | grep -a -o -e "$2-in-[a-z]*" -e "$3" -e "$4" | sort -u)",
                          client(), kTag, kPublic, kPassword, kPasswordAsSent});
  EXPECT_EQ(found.out, std::string(kPublic) + "-in-history\n" + kPublic + "-in-layer\n") << found.err;
}

}  // namespace
}  // namespace envforge::testing
