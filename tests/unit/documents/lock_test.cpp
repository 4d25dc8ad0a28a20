#include <envforge/documents/lock.hpp>

#include <functional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/support/canonical_json.hpp>
#include <envforge/support/sha256.hpp>

#include "support/golden.hpp"
#include "support/sample_lock.hpp"

namespace envforge::documents {
namespace {

using nlohmann::json;
using support::ErrorCode;

// The lock after `edit`, with a digest that is right again: what a hostile writer would make.
std::string forged(const std::function<void(json&)>& edit) {
  json document = json::parse(write_lock(testing::complete_lock()));
  document.erase("digest");
  edit(document);
  document["digest"] = "sha256:" + support::sha256_hex(support::canonical_json(document));
  return document.dump();
}

support::Error error_of(const std::string& text) {
  try {
    read_lock(text, "x.lock");
  } catch (const support::Error& error) {
    return error;
  }
  ADD_FAILURE() << "the lock was accepted";
  return {ErrorCode::kInternal, "nothing was thrown"};
}

TEST(Lock, ReadsWhatItWrote) {
  const Lock lock = testing::complete_lock();
  EXPECT_EQ(read_lock(write_lock(lock), "x.lock"), lock);
}

TEST(Lock, IsWrittenAsTheGoldenFileSays) {
  envforge::testing::expect_golden(std::string(ENVFORGE_SOURCE_DIR) + "/tests/golden/documents/lock/v1/sample.lock",
                                   write_lock(testing::complete_lock()));
}

TEST(Lock, OfVersionOneIsStillRead) {
  const auto text =
      envforge::testing::read_text(std::string(ENVFORGE_SOURCE_DIR) + "/tests/golden/documents/lock/v1/sample.lock");
  EXPECT_EQ(read_lock(text, "sample.lock").platforms.at("linux/amd64").torch, "2.6.0");
}

TEST(Lock, DigestIsTheOneThatStandsInTheFileAndFollowsTheContent) {
  Lock lock = testing::complete_lock();
  const std::string before = lock_digest(lock);
  EXPECT_EQ(json::parse(write_lock(lock)).at("digest"), before);
  lock.platforms.at("linux/amd64").wheels[0].sha256 = testing::hex64('9');
  EXPECT_NE(lock_digest(lock), before);
}

TEST(SpecDigest, IgnoresPlacesAndFollowsEveryDecidingWord) {
  ImageSpec spec = testing::complete_spec();
  const std::string before = spec_digest(spec);
  spec.base.where = {"other.yaml", 3, 4, ""};
  spec.pools[0].where = {"other.yaml", 3, 4, ""};
  EXPECT_EQ(spec_digest(spec), before);
  spec.environment["EMPTY"] = "1";
  EXPECT_NE(spec_digest(spec), before);
}

TEST(Lock, KeepsForwardCompatibilityOfAPoolAndSaysNothingOfItElsewhere) {
  Lock lock = testing::complete_lock();
  EXPECT_EQ(write_lock(lock).find("forward_compat"), std::string::npos);
  lock.spec.pools[0].forward_compat = true;
  lock.platforms.begin()->second.require_cuda = "cuda>=13.0 driver>=535,driver<536";
  const Lock again = read_lock(write_lock(lock), "x.lock");
  EXPECT_TRUE(again.spec.pools[0].forward_compat);
  EXPECT_EQ(again.platforms.begin()->second.require_cuda, "cuda>=13.0 driver>=535,driver<536");
}

TEST(Lock, KeepsTheLibrariesThatTorchMustBringAndSaysNothingOfOthers) {
  Lock lock = testing::complete_lock();
  EXPECT_EQ(write_lock(lock).find("\"torch\": {\"cudnn\""), std::string::npos);
  const std::string before = spec_digest(lock.spec);
  lock.spec.torch.libraries = {{"cudnn", {*versions::VersionRange::parse_prefix("9.1.0"), {}}},
                               {"triton", {*versions::VersionRange::parse_prefix(">=3.2"), {}}}};
  EXPECT_NE(spec_digest(lock.spec), before);
  const Lock again = read_lock(write_lock(lock), "x.lock");
  EXPECT_EQ(again.spec.torch.libraries, lock.spec.torch.libraries);
  EXPECT_TRUE(again.spec.torch.libraries[0].version.value.contains(versions::Version::of("9.1.0.70")));
}

TEST(Lock, KeepsTheArchiveOfItsPythonAndSaysNothingOfItElsewhere) {
  Lock lock = testing::complete_lock();
  EXPECT_EQ(write_lock(lock).find("python_archive"), std::string::npos);
  auto& amd64 = lock.platforms.at("linux/amd64");
  amd64.python = "3.13t";
  amd64.python_archive = {"3.13.5t", "linux/amd64", "https://x.example.com/p.tar.gz", std::string(64, 'a'), "2.17"};
  EXPECT_EQ(read_lock(write_lock(lock), "x.lock"), lock);
}

TEST(Lock, EditedByHandIsToldByItsDigest) {
  std::string text = write_lock(testing::complete_lock());
  text.replace(text.find("\"2.6.0\""), 7, "\"2.6.1\"");
  const auto error = error_of(text);
  EXPECT_EQ(error.code(), ErrorCode::kLockDigest);
  EXPECT_EQ(support::to_string(*error.where()), "x.lock#/digest");
}

TEST(Lock, OfANewerEnvforgeHasItsOwnCode) {
  const auto error = error_of(forged([](json& lock) {
    lock["schema_version"] = 2;
    lock["something_new"] = true;
  }));
  EXPECT_EQ(error.code(), ErrorCode::kLockTooNew);
  EXPECT_EQ(error.message(), "schema_version 2: this envforge reads 1");
}

TEST(Lock, ThatIsNoJsonIsMalformedWithLineAndColumn) {
  const auto error = error_of("{\n  \"schema\": \n}");
  EXPECT_EQ(error.code(), ErrorCode::kLockMalformed);
  EXPECT_EQ(support::to_string(*error.where()), "x.lock:3:1");
}

std::string locked(const std::string& member) {
  return std::string("/platforms/linux~1amd64") + member;
}

struct Forgery {
  const char* name;
  std::string pointer;  // where the value is put
  json value;
  std::string told;  // where the error points
};

class ForgedLock : public ::testing::TestWithParam<Forgery> {};

TEST_P(ForgedLock, IsRefusedThoughItsDigestIsRight) {
  const auto error =
      error_of(forged([&](json& lock) { lock[json::json_pointer(GetParam().pointer)] = GetParam().value; }));
  EXPECT_EQ(error.code(), ErrorCode::kLockMalformed) << error.message();
  ASSERT_TRUE(error.where().has_value());
  EXPECT_EQ(error.where()->pointer, GetParam().told) << error.message();
}

INSTANTIATE_TEST_SUITE_P(
    All, ForgedLock,
    ::testing::Values(
        Forgery{"WheelHashIsShell", locked("/wheels/0/sha256"), "$(id)", locked("/wheels/0/sha256")},
        Forgery{"WheelHashIsShort", locked("/wheels/0/sha256"), std::string(63, 'a'), locked("/wheels/0/sha256")},
        Forgery{"WheelHashIsUpperCase", locked("/wheels/0/sha256"), std::string(64, 'A'), locked("/wheels/0/sha256")},
        Forgery{"WheelHashIsNumber", locked("/wheels/0/sha256"), 7, locked("/wheels/0/sha256")},
        Forgery{"WheelFileClimbs", locked("/wheels/0/filename"), "../a-1-py3-none-any.whl",
                locked("/wheels/0/filename")},
        Forgery{"WheelFileIsOption", locked("/wheels/0/filename"), "-e-1-py3-none-any.whl",
                locked("/wheels/0/filename")},
        Forgery{"WheelFileIsSdist", locked("/wheels/0/filename"), "torch-2.6.0.tar.gz", locked("/wheels/0/filename")},
        Forgery{"WheelNameIsRequirement", locked("/wheels/0/name"), "torch @ https://x", locked("/wheels/0/name")},
        Forgery{"WheelVersionIsShell", locked("/wheels/0/version"), "1;id", locked("/wheels/0/version")},
        Forgery{"TorchIndexIsBuilt", locked("/torch_index"), "build", locked("/torch_index")},
        Forgery{"IndexIsHttp", locked("/wheels/0/index"), "http://mirror.example/simple", locked("/wheels/0/index")},
        Forgery{"IndexIsFile", locked("/wheels/0/index"), "file:///tmp", locked("/wheels/0/index")},
        Forgery{"IndexHasPassword", locked("/wheels/0/index"), "https://u:p@mirror.example/",
                locked("/wheels/0/index")},
        Forgery{"IndexHasSpace", locked("/wheels/0/index"), "https://mirror.example/ --pre", locked("/wheels/0/index")},
        Forgery{"SizeIsNegative", locked("/wheels/0/size"), -1, locked("/wheels/0/size")},
        Forgery{"SizeIsFraction", locked("/wheels/0/size"), 1.5, locked("/wheels/0/size")},
        Forgery{"HeavyIsText", locked("/wheels/0/heavy"), "true", locked("/wheels/0/heavy")},
        Forgery{"UnknownMember", locked("/wheels/0/url"), "x", locked("/wheels/0/url")},
        Forgery{"DebFileClimbs", locked("/debs/0/filename"), "pool/../../../etc/x.deb", locked("/debs/0/filename")},
        Forgery{"DebFileIsAbsolute", locked("/debs/0/filename"), "/etc/x.deb", locked("/debs/0/filename")},
        Forgery{"DebFileIsHome", locked("/debs/0/filename"), "~/x.deb", locked("/debs/0/filename")},
        Forgery{"DebFileIsQuery", locked("/debs/0/filename"), "pool/x.deb?y=.deb", locked("/debs/0/filename")},
        Forgery{"DebNameIsOption", locked("/debs/0/name"), "--force", locked("/debs/0/name")},
        Forgery{"DebVersionIsShell", locked("/debs/0/version"), "1 && id", locked("/debs/0/version")},
        Forgery{"DebArchitecture", locked("/debs/0/architecture"), "i386", locked("/debs/0/architecture")},
        Forgery{"DebSuiteClimbs", locked("/debs/0/suite"), "../x", locked("/debs/0/suite")},
        Forgery{"BaseDigest", locked("/base/digest"), "", locked("/base/digest")},
        Forgery{"BaseDigestOtherHash", locked("/base/digest"), "md5:abc", locked("/base/digest")},
        Forgery{"BaseKind", locked("/base/kind"), "remote", locked("/base/kind")},
        Forgery{"BaseReferenceOfBootstrap", locked("/base/reference"), "evil/x", locked("/base/reference")},
        Forgery{"BaseName", locked("/base/name"), "debian:12\nUSER root", locked("/base/name")},
        Forgery{"RequireCudaOfNoBranch", locked("/require_cuda"), "cuda>=13.0 driver>=535", locked("/require_cuda")},
        Forgery{"RequireCuda", locked("/require_cuda"), "cuda>=12.0\" EVIL=\"1", locked("/require_cuda")},
        Forgery{"CudaVariant", locked("/cuda_variant"), "cu124/../x", locked("/cuda_variant")},
        Forgery{"Architecture", locked("/gpu_architectures/0"), "sm_90;id", locked("/gpu_architectures")},
        Forgery{"Abi", locked("/cxx11_abi"), 2, locked("/cxx11_abi")},
        Forgery{"ReasonMovesCursor", locked("/choices/0/reason"), "\x1b[2J", locked("/choices/0/reason")},
        Forgery{"UserIsRoot", "/spec/user/uid", 0, "/spec/user/uid"},
        Forgery{"WorkdirIsSystem", "/spec/workdir", "/etc", "/spec/workdir"},
        Forgery{"CopyClimbs", "/spec/copy/0/from", "../x", "/spec/copy/0/from"},
        Forgery{"EnvironmentPreload", "/spec/environment/LD_PRELOAD", "/x.so", "/spec/environment/LD_PRELOAD"},
        Forgery{"PipUrl", "/spec/packages/pip/0", "x @ https://x", "/spec/packages/pip"},
        Forgery{"ServiceUnknown", "/spec/services/telnet", json{{"port", 2323}}, "/spec/services/telnet"},
        Forgery{"PlatformNotInSpec", "/spec/platforms", json{"linux/arm64"}, "/platforms"},
        Forgery{"DataDigest", "/data/digest", "x", "/data/digest"},
        Forgery{"DataDate", "/data/as_of", "today", "/data/as_of"},
        Forgery{"ExcludeNewer", "/exclude_newer", "2026-11-01 --pre", "/exclude_newer"},
        Forgery{"VersionZero", "/schema_version", 0, "/schema_version"},
        Forgery{"OtherSchema", "/schema", "envforge/report", "/schema"},
        Forgery{"PlatformsIsList", "/platforms", json::array(), "/platforms"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Lock, WhoseArchiveIsNotTheOneOfItsPythonIsRefused) {
  const json archive = {
      {"version", "3.13.5t"}, {"url", "p.tar.gz"}, {"sha256", std::string(64, 'a')}, {"glibc", "2.17"}};
  const auto refused = [&](const std::string& python, const json& member) {
    return error_of(forged([&](json& lock) {
      auto& platform = lock["platforms"]["linux/amd64"];
      platform["python"] = python;
      if (!member.is_null()) platform["python_archive"] = member;
    }));
  };
  EXPECT_EQ(refused("3.12", archive).message(), "the archive has Python 3.13.5t, the lock is for 3.12");
  EXPECT_EQ(refused("3.13t", {}).message(), "Python 3.13t comes from an archive, and there is none");
  for (const auto& [word, value] : std::vector<std::pair<std::string, std::string>>{{"url", "../p.tar.gz"},
                                                                                    {"url", "/srv/p.tar.gz"},
                                                                                    {"url", "http://x.example.com/p"},
                                                                                    {"url", "--x"},
                                                                                    {"sha256", "$(id)"},
                                                                                    {"version", "3.13.5t;id"},
                                                                                    {"glibc", "2"}}) {
    json other = archive;
    other[word] = value;
    const auto error = refused("3.13t", other);
    ASSERT_TRUE(error.where().has_value());
    EXPECT_EQ(error.where()->pointer, locked("/python_archive/" + word)) << value;
  }
}

TEST(Lock, WithoutAMemberSaysWhichIsMissing) {
  const auto error = error_of(forged([](json& lock) { lock["platforms"]["linux/amd64"].erase("nccl"); }));
  EXPECT_EQ(error.code(), ErrorCode::kLockMalformed);
  EXPECT_EQ(error.message(), "'nccl' is missing; expected a string");
}

}  // namespace
}  // namespace envforge::documents
