#include <envforge/render/installed.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "sample_lock.hpp"

namespace envforge::render {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kReport = R"({"schema": "envforge/installed", "schema_version": 1, "python": "3.11.2",
  "packages": [{"name": "torch", "version": "2.6.0", "bytes": 1500}, {"name": "nvidia_cudnn.cu12", "version": "9.1.0.70", "bytes": 1000},
               {"name": "nvidia-nccl-cu12", "version": "2.21.5", "bytes": 200}, {"name": "triton", "version": "3.2.0", "bytes": 700},
               {"name": "FileLock", "version": "3.13.1", "bytes": 1}],
  "torch": {"version": "2.6.0+cu124", "cuda": "12.4", "cudnn": 90100, "nccl": [2, 21, 5], "architectures": "sm_90", "cxx11_abi": false}})";

documents::LockedPlatform locked() {
  return testing::sample_lock().platforms.at(testing::kPlatform);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Installed, EqualToTheLockHasNoDifferences) {
  const Installed installed = read_installed(kReport);
  EXPECT_THAT(differences(locked(), installed), IsEmpty());
  EXPECT_EQ(installed.cudnn, "9.1.0");
  EXPECT_EQ(installed.nccl, "2.21.5");
  EXPECT_EQ(installed.torch_error, "");
}

TEST(Installed, NamesAWheelOfAnotherVersion) {
  const auto found =
      differences(locked(), read_installed(replaced(kReport, "\"version\": \"3.2.0\"", "\"version\": \"3.3.0\"")));
  EXPECT_THAT(found, ElementsAre("triton is 3.2.0 in the lock and 3.3.0 in the image"));
}

TEST(Installed, NamesWhatIsMissingAndWhatWasNotLocked) {
  const auto found = differences(locked(), read_installed(replaced(kReport, "FileLock", "sneaky")));
  EXPECT_THAT(found, ElementsAre("filelock 3.13.1 is in the lock but not in the image",
                                 "sneaky 3.13.1 is in the image but not in the lock"));
}

TEST(Installed, SeesATorchThatFellBackToTheCpu) {
  const auto found = differences(locked(), read_installed(replaced(kReport, "\"cuda\": \"12.4\"", "\"cuda\": null")));
  EXPECT_THAT(found, ElementsAre(HasSubstr("torch.version.cuda is 12.4 in the lock; the image says nothing")));
}

TEST(Installed, SeesAnotherCudnnAndNcclThanTheWheelsSay) {
  EXPECT_THAT(differences(locked(), read_installed(replaced(kReport, "90100", "91002"))),
              ElementsAre("cuDNN is 9.1.0.70 in the lock; the image says 9.10.2"));
  EXPECT_THAT(differences(locked(), read_installed(replaced(kReport, "[2, 21, 5]", "[2, 19, 3]"))),
              ElementsAre("NCCL is 2.21.5 in the lock; the image says 2.19.3"));
}

TEST(Installed, ReadsTheOldNumberingOfCudnn) {
  EXPECT_EQ(read_installed(replaced(kReport, "90100", "8902")).cudnn, "8.9.2");
}

TEST(Installed, SaysWhyTorchCannotBeImported) {
  const std::string broken =
      kReport.substr(0, kReport.find("\"torch\": {")) + R"("torch": {"error": "ImportError: libcudnn.so.9"}})";
  EXPECT_THAT(differences(locked(), read_installed(broken)),
              ElementsAre("torch cannot be imported in the image: ImportError: libcudnn.so.9"));
}

TEST(Installed, AnotherPythonIsADifference) {
  EXPECT_THAT(differences(locked(), read_installed(replaced(kReport, "3.11.2", "3.12.1"))),
              ElementsAre("Python is 3.11 in the lock and 3.12.1 in the image"));
  EXPECT_THAT(differences(locked(), read_installed(replaced(kReport, "3.11.2", "3.1"))).size(), 1U);
}

TEST(Installed, ListsTheLargestFirst) {
  const auto top = largest(read_installed(kReport), 2);
  ASSERT_EQ(top.size(), 2U);
  EXPECT_EQ(top[0].name, "torch");
  EXPECT_EQ(top[1].name, "nvidia-cudnn-cu12");
}

TEST(Installed, RefusesAnotherDocument) {
  EXPECT_THROW(read_installed(R"({"schema": "x"})"), support::Error);
  EXPECT_THROW(read_installed("not json"), support::Error);
}

}  // namespace
}  // namespace envforge::render
