// What a FileSource must do, on curl with a server of our own and on the fake that app's tests use.
#include <filesystem>
#include <functional>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/packages/curl_file_source.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>

#include "support/fake_file_source.hpp"
#include "support/loopback_server.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

using packages::FileRequest;
using support::ErrorCode;
using ::testing::HasSubstr;

const std::string kBytes = "an archive";

class FileSourceContract : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "fake") {
      fake_.files["https://files.invalid/archive"] = kBytes;
      return;
    }
    if (runner_.find_programs("curl").empty()) {
      cannot_run("curl", "it is not on PATH");
      return;
    }
    server_ = std::make_unique<LoopbackServer>([](const std::string& path) {
      return path == "/archive" ? HttpAnswer{200, "application/gzip", kBytes} : HttpAnswer{404, "text/plain", "no"};
    });
  }
  packages::FileSource& source() { return server_ ? static_cast<packages::FileSource&>(curl_) : fake_; }
  std::string fetch(const std::string& name, const std::string& sha256) {
    const std::string base = server_ ? server_->url() : "https://files.invalid";
    return source().fetch({"Python 3.13.5", base + "/" + name, sha256, "", {}}, (folder_.path() / "cache").string());
  }
  std::size_t asked() const { return server_ ? server_->requests().size() : fake_.requests.size(); }
  ErrorCode code_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const support::Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("Python 3.13.5"));
      return error.code();
    }
    return ErrorCode::kInternal;
  }

  support::TempDir folder_;
  process::PosixProcessRunner runner_;
  packages::CurlFileSource curl_{runner_, std::chrono::seconds(20)};
  FakeFileSource fake_;
  std::unique_ptr<LoopbackServer> server_;
};

TEST_P(FileSourceContract, GivesTheFileAndAsksForItOnce) {
  const std::string sha256 = support::sha256_hex(kBytes);
  const std::string path = fetch("archive", sha256);
  EXPECT_EQ(support::read_file(path), kBytes);
  EXPECT_EQ(fetch("archive", sha256), path);
  EXPECT_EQ(asked(), 1U);
}

TEST_P(FileSourceContract, RefusesOtherBytesAndKeepsNoneOfThem) {
  const std::string other = support::sha256_hex("other");
  EXPECT_EQ(code_of([&] { fetch("archive", other); }), ErrorCode::kPythonDigest);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "cache" / other));
}

TEST_P(FileSourceContract, TakesAFileOfTheCacheThatWasChangedAnew) {
  const std::string sha256 = support::sha256_hex(kBytes);
  support::write_file_atomically(fetch("archive", sha256), "tampered");
  EXPECT_EQ(support::read_file(fetch("archive", sha256)), kBytes);
}

TEST_P(FileSourceContract, SaysThatAnAddressGivesNone) {
  EXPECT_EQ(code_of([&] { fetch("gone", support::sha256_hex(kBytes)); }), ErrorCode::kPythonFetch);
}

INSTANTIATE_TEST_SUITE_P(On, FileSourceContract, ::testing::Values("fake", "curl"),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace envforge::testing
