// What images/from_source/build-wheel says of packages that require the one that was built, and of what that one
// requires. They are only read.
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

#include "support/require.hpp"

namespace envforge::testing {
namespace {

const std::string kLoad = R"(import sys
from importlib.machinery import SourceFileLoader
sys.dont_write_bytecode = True
script = SourceFileLoader("build_wheel", sys.argv[1]).load_module()
script.TOOLS = sys.argv[2]
)";
const std::string kRefusing = R"(sys.path[:] = [sys.argv[2]]
print(*sorted(script.refusing("Torch_Extension", sys.argv[3])), sep="\n")
)";
const std::string kUnmet = R"(print(*script.unmet(sys.argv[3:]))
)";

class BuildWheel : public ::testing::Test {
 protected:
  static process::Outcome python(std::vector<std::string> arguments) {
    process::Command command;
    command.argv = {"python3", "-c"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.deadline = std::chrono::minutes(1);
    return process::PosixProcessRunner().run(command);
  }
  void SetUp() override {
    if (!python({"import packaging"}).ok())
      cannot_run("packaging", "python3 does not have it (`pip install packaging`)");
  }
  void installed(const std::string& name, const std::string& requirement) const {
    support::write_file_atomically(
        site_.path() / (name + "-1.0.dist-info") / "METADATA",
        "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\nRequires-Dist: " + requirement + "\n");
  }
  std::string refusing(const std::string& version) const { return asked(kRefusing, {version}); }
  std::string asked(const std::string& question, const std::vector<std::string>& words) const {
    std::vector<std::string> arguments = {kLoad + question, ENVFORGE_SOURCE_DIR "/images/from_source/build-wheel",
                                          site_.path().string()};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const auto outcome = python(std::move(arguments));
    return outcome.ok() ? outcome.out : outcome.err;
  }

  support::TempDir site_;
};

TEST_F(BuildWheel, NamesWhatRequiresAnotherVersionOfWhatWasBuilt) {
  installed("newer", "torch.extension>=2");
  installed("any", "torch-extension");
  installed("other", "numpy>=99");
  installed("elsewhere", "torch-extension>=9; sys_platform == 'win32'");
  installed("optional", "torch-extension>=9; extra == 'all'");
  EXPECT_EQ(refusing("1.5"), "newer 1.0 requires torch.extension>=2\n");
  EXPECT_EQ(refusing("2.0+cu130"), "\n");
  EXPECT_EQ(refusing("2.1.dev0"), "\n") << "a version before a release is what was built: nobody chose it among others";
}

TEST_F(BuildWheel, TellsWhatTheImageLacksApartFromWhatIsStillToBeBuilt) {
  support::write_file_atomically(site_.path() / "locked.txt", "numpy==2.1.0\ntorch-ops==\n");
  EXPECT_EQ(asked(kUnmet, {"numpy>=2", "Torch.Ops>=1,<3", "torch_ops; sys_platform == 'win32'"}),
            "[] ['torch-ops<3,>=1']\n");
  EXPECT_EQ(asked(kUnmet, {"numpy>=3", "einops", "torch-ops"}),
            "['numpy>=3 (locked is 2.1.0)', 'einops'] ['torch-ops']\n");
}

}  // namespace
}  // namespace envforge::testing
