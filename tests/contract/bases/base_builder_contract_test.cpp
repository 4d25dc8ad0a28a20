// What a BaseBuilder must do, on mmdebstrap with real packages of Debian's mirror and on the fake that app's tests use.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/bases/mmdebstrap_builder.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/fake_base_builder.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using bases::BaseRequest;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// As small as a bootable dpkg gets; the real list comes from the package index, which is not this area's to know.
const char* const kPackages =
    "base-files base-passwd bash coreutils dash debconf debianutils diffutils dpkg findutils gcc-12-base grep gzip "
    "hostname init-system-helpers "
    "libacl1 libattr1 libaudit-common libaudit1 libblkid1 libbz2-1.0 libc-bin libc6 libcap-ng0 libcap2 libcrypt1 "
    "libdb5.3 libdebconfclient0 "
    "libgcc-s1 libgcrypt20 libgmp10 libgpg-error0 liblz4-1 liblzma5 libmd0 libmount1 libpam-modules libpam-modules-bin "
    "libpam-runtime libpam0g "
    "libpcre2-8-0 libselinux1 libsemanage-common libsemanage2 libsepol2 libsmartcols1 libsystemd0 libtinfo6 libudev1 "
    "libuuid1 libzstd1 login "
    "mawk mount ncurses-base ncurses-bin passwd perl-base sed sysvinit-utils tar tzdata usr-is-merged util-linux "
    "util-linux-extra zlib1g bsdutils";

class BaseBuilderContract : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "fake") {
      builder_ = std::make_unique<FakeBaseBuilder>();
      support::write_file_atomically(folder_.path() / "a_1_all.deb", "a");
      request_.deb_files = {(folder_.path() / "a_1_all.deb").string()};
    } else {
      builder_ = std::make_unique<bases::MmdebstrapBuilder>(runner_);
      fetch_debian();
    }
    request_.base = "debian:12";
    request_.architecture = "amd64";
    request_.source_date_epoch = 1700000000;
  }

  /// The host's own apt, read only: it must know bookworm.
  void fetch_debian() {
    if (runner_.find_programs("mmdebstrap").empty()) return cannot_run("network", "mmdebstrap is not on PATH");
    process::Command command;
    command.working_directory = (folder_.path() / "debs").string();
    fs::create_directories(command.working_directory);
    command.argv = {"apt-get", "download", "--quiet=2", "--option=APT::Sandbox::User=", "--target-release=bookworm"};
    const std::vector<std::string> names = support::split(kPackages, ' ');
    command.argv.insert(command.argv.end(), names.begin(), names.end());
    command.deadline = std::chrono::minutes(2);
    const process::Outcome outcome = runner_.run(command);
    if (!outcome.ok())
      return cannot_run("network", "apt-get download " + process::describe(outcome) + ": " + outcome.err);
    for (const auto& entry : fs::directory_iterator(command.working_directory))
      request_.deb_files.push_back(entry.path().string());
    std::sort(request_.deb_files.begin(), request_.deb_files.end());
  }
  std::vector<std::string> listing(const std::string& tar) {
    process::Command command;
    command.argv = {"tar", "--list", "--file=" + tar};
    return support::split(runner_.run(command).out, '\n');
  }
  std::string member(const std::string& tar, const std::string& name) {
    process::Command command;
    command.argv = {"tar", "--extract", "--to-stdout", "--file=" + tar, name};
    return runner_.run(command).out;
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  process::PosixProcessRunner runner_;
  support::TempDir folder_;
  std::unique_ptr<bases::BaseBuilder> builder_;
  BaseRequest request_;
};

TEST_P(BaseBuilderContract, TheSameRequestGivesTheSameBytesInAnotherOrderAndPlace) {
  builder_->build(request_, path("one.tar"));
  const std::string first = support::sha256_file_hex(path("one.tar"));
  std::reverse(request_.deb_files.begin(), request_.deb_files.end());
  builder_->build(request_, path("elsewhere/two.tar"));
  EXPECT_EQ(support::sha256_file_hex(path("elsewhere/two.tar")), first);
  request_.source_date_epoch += 86400;
  builder_->build(request_, path("three.tar"));
  EXPECT_NE(support::sha256_file_hex(path("three.tar")), first) << "the test would not see a difference";
  if (GetParam() == "fake") return;

  const auto files = listing(path("one.tar"));
  EXPECT_THAT(files, Contains("./usr/bin/dpkg"));
  EXPECT_THAT(files, Contains("./usr/share/doc/bash/copyright"));
  for (const char* left :
       {"./etc/hostname", "./etc/machine-id", "./etc/apt/sources.list", "./var/lib/apt/", "./var/cache/apt/",
        "./etc/passwd-", "./dev/null", "./usr/bin/apt-get", "./usr/share/man/man1/"}) {
    EXPECT_THAT(files, Not(Contains(left)));
  }
  for (const char* mounted_over : {"./etc/resolv.conf", "./etc/hosts"}) {
    EXPECT_THAT(files, Contains(mounted_over));
    EXPECT_EQ(member(path("one.tar"), mounted_over), "");
  }
  EXPECT_EQ(std::count_if(files.begin(), files.end(),
                          [](const std::string& name) { return support::ends_with(name, ".deb"); }),
            0);
  EXPECT_THAT(member(path("one.tar"), "./var/lib/dpkg/status"), Not(HasSubstr(folder_.path().string())));
  EXPECT_THAT(member(path("one.tar"), "./etc/dpkg/dpkg.cfg.d/documentation"),
              HasSubstr("path-include=/usr/share/doc/*/copyright\n"));
}

INSTANTIATE_TEST_SUITE_P(Twins, BaseBuilderContract, ::testing::Values("fake", "mmdebstrap"),
                         [](const auto& twin) { return twin.param; });

}  // namespace
}  // namespace envforge::testing
