// uv on PyPI and apt on Debian's mirror: the real road, and what it says when a mirror is not there.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/packages/apt_deb_source.hpp>
#include <envforge/packages/uv_resolver.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/require.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using packages::DebRequest;
using packages::PythonConflict;
using packages::PythonRequest;
using packages::ResolvedDeb;
using packages::ResolvedWheel;
using ::testing::HasSubstr;
using ::testing::Not;

// Nothing listens on port 1 of the loopback address.
const char* const kNobody = "http://127.0.0.1:1";

class RealMirrors : public ::testing::Test {
 protected:
  packages::AptDebSource apt(const std::string& keyrings = "/usr/share/keyrings") {
    return packages::AptDebSource(runner_, {(folder_.path() / "apt").string(), keyrings});
  }
  static DebRequest debian12(std::vector<std::string> names) {
    DebRequest request;
    request.mirror.base = "debian:12";
    request.mirror.architecture = "amd64";
    request.names = std::move(names);
    return request;
  }
  static const ResolvedDeb* find(const std::vector<ResolvedDeb>& debs, const std::string& name) {
    const auto found = std::find_if(debs.begin(), debs.end(), [&](const ResolvedDeb& deb) { return deb.name == name; });
    return found == debs.end() ? nullptr : &*found;
  }
  /// The debs of `request`, or nothing where the mirror cannot be reached from here.
  std::vector<ResolvedDeb> debs(packages::AptDebSource& source, const DebRequest& request) {
    try {
      return std::get<0>(source.resolve(request));
    } catch (const support::Error& error) {
      cannot_run("network", support::format_error(error));
      return {};
    }
  }
  support::ErrorCode error_of(packages::AptDebSource source, const DebRequest& request, const std::string& part) {
    try {
      source.resolve(request);
    } catch (const support::Error& error) {
      EXPECT_THAT(support::format_error(error), HasSubstr(part));
      return error.code();
    }
    return support::ErrorCode::kInternal;
  }

  process::PosixProcessRunner runner_;
  support::TempDir folder_;
};

TEST_F(RealMirrors, Torch26OnDebian12IsThePypiBuildWithItsKnownHashes) {
  PythonRequest request;
  request.python_version = "3.11";
  request.platform = "linux/amd64";
  request.glibc = "2.36";
  request.pins = {"torch==2.6.0"};
  request.exclude_newer = "2026-11-20T00:00:00Z";
  if (fs::exists("/etc/ssl/certs/ca-certificates.crt")) request.ca_bundle = "/etc/ssl/certs/ca-certificates.crt";
  if (runner_.find_programs("uv").empty()) return cannot_run("uv", "it is not on PATH");
  auto answer = packages::UvResolver(runner_, {(folder_.path() / "uv").string()}).resolve(request);
  if (const auto* conflict = std::get_if<PythonConflict>(&answer)) {
    if (conflict->kind == PythonConflict::Kind::kIndexUnreachable)
      return cannot_run("network", support::join(conflict->lines, "; "));
    FAIL() << support::join(conflict->lines, "; ");
  }
  const auto& wheels = std::get<std::vector<ResolvedWheel>>(answer);
  const auto wheel = [&](const std::string& name) {
    const auto found =
        std::find_if(wheels.begin(), wheels.end(), [&](const ResolvedWheel& w) { return w.name == name; });
    return found == wheels.end() ? ResolvedWheel{} : *found;
  };
  EXPECT_EQ(wheel("torch").filename, "torch-2.6.0-cp311-cp311-manylinux1_x86_64.whl");
  EXPECT_EQ(wheel("torch").sha256, "7979834102cd5b7a43cc64e87f2f3b14bd0e1458f06e9f88ffa386d07c7446e1");
  EXPECT_EQ(wheel("nvidia-nccl-cu12").version, "2.21.5");
  EXPECT_EQ(wheel("nvidia-nccl-cu12").sha256, "8579076d30a8c24988834445f8d633c697d42397e92ffc3f63fa26766d25e0a0");
  EXPECT_EQ(wheel("nvidia-cudnn-cu12").version, "9.1.0.70");
  EXPECT_EQ(wheel("triton").version, "3.2.0");
}

TEST_F(RealMirrors, ABaseIsEssentialAndRequiredWithoutApt) {
  auto source = apt();
  DebRequest request = debian12({});
  request.with_base = true;
  const auto base = debs(source, request);
  if (base.empty()) return;
  for (const char* name : {"dpkg", "libc6", "bash", "passwd", "usr-is-merged"})
    EXPECT_NE(find(base, name), nullptr) << name;
  for (const char* name : {"apt", "usrmerge", "perl", "systemd"}) EXPECT_EQ(find(base, name), nullptr) << name;
  for (const ResolvedDeb& deb : base) {
    EXPECT_EQ(deb.sha256.size(), 64U) << deb.name;
    EXPECT_GT(deb.size, 0U) << deb.name;
    EXPECT_TRUE(support::starts_with(deb.suite, "bookworm")) << deb.suite;
    EXPECT_TRUE(support::starts_with(deb.filename, "pool/")) << deb.filename;
  }
  DebRequest more = debian12({"python3", "tini"});
  more.installed = base;
  const auto image = debs(source, more);
  EXPECT_NE(find(image, "python3.11"), nullptr);
  EXPECT_NE(find(image, "tini"), nullptr);
  for (const ResolvedDeb& deb : image) EXPECT_EQ(find(base, deb.name), nullptr) << deb.name << " is installed already";
  more.names = {"gti"};
  EXPECT_THAT(std::get<packages::DebConflict>(source.resolve(more)).hint, HasSubstr("'git'"));
}

TEST_F(RealMirrors, FilesComeByHashAndAreKept) {
  auto source = apt();
  auto tini = debs(source, debian12({"tini"}));
  if (tini.empty()) return;
  tini = {*find(tini, "tini")};
  const std::string cache = (folder_.path() / "debs").string();
  const auto paths = source.fetch(debian12({}).mirror, tini, cache);
  EXPECT_EQ(support::sha256_file_hex(paths.at(0)), tini[0].sha256);
  packages::DebMirror gone = debian12({}).mirror;
  gone.mirror = gone.security_mirror = kNobody;
  EXPECT_EQ(source.fetch(gone, tini, cache), paths) << "what is in the cache needs no mirror";

  auto dropped = tini;
  dropped[0].filename = "pool/main/t/tini/tini_0.0.1_amd64.deb";
  dropped[0].sha256 = std::string(64, '0');
  for (const auto& [mirror, code] :
       {std::pair{debian12({}).mirror, support::ErrorCode::kDebGone}, {gone, support::ErrorCode::kDebMirror}}) {
    try {
      source.fetch(mirror, dropped, cache);
      ADD_FAILURE() << "no error";
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_THAT(error.message(), HasSubstr("tini"));
    }
  }
}

TEST_F(RealMirrors, AMirrorThatDoesNotAnswerIsAnErrorTheSecurityMirrorToo) {
  auto source = apt();
  if (debs(source, debian12({"tini"})).empty()) return;
  DebRequest request = debian12({"tini"});
  request.mirror.security_mirror = kNobody;
  EXPECT_EQ(error_of(apt(), request, "127.0.0.1"), support::ErrorCode::kDebMirror);
  request.mirror.mirror = kNobody;
  EXPECT_EQ(error_of(apt(), request, "127.0.0.1"), support::ErrorCode::kDebMirror);
}

TEST_F(RealMirrors, WithoutTheDistributionsKeysNothingIsBelieved) {
  EXPECT_EQ(error_of(apt((folder_.path() / "none").string()), debian12({"tini"}), "apt install debian-archive-keyring"),
            support::ErrorCode::kProgramMissing);
  fs::create_directories(folder_.path() / "keys");
  support::write_file_atomically(folder_.path() / "keys/debian-archive-keyring.gpg", "");
  EXPECT_EQ(error_of(apt((folder_.path() / "keys").string()), debian12({"tini"}), ""), support::ErrorCode::kDebMirror);
}

}  // namespace
}  // namespace envforge::testing
