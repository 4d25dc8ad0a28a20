#include "apt_files.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::packages {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const DebMirror kDebian12{"debian:12", "amd64", "", "", "", "", {}};

TEST(AptFiles, SourcesNameTheSuitesAndTheKeysOfTheDistribution) {
  EXPECT_EQ(apt_sources(kDebian12, "/keys/debian.gpg"),
            "deb [signed-by=/keys/debian.gpg] http://deb.debian.org/debian bookworm main\n"
            "deb [signed-by=/keys/debian.gpg] http://deb.debian.org/debian bookworm-updates main\n"
            "deb [signed-by=/keys/debian.gpg] http://deb.debian.org/debian-security bookworm-security main\n");
}

TEST(AptFiles, AMirrorOfTheSiteReplacesTheDistributions) {
  DebMirror mirror = kDebian12;
  mirror.mirror = "https://mirror.example/debian/";
  EXPECT_THAT(apt_sources(mirror, "/k"), HasSubstr(" https://mirror.example/debian bookworm main\n"));
  EXPECT_THAT(apt_sources(mirror, "/k"), HasSubstr(" http://deb.debian.org/debian-security bookworm-security main\n"));
  EXPECT_EQ(mirror_of(mirror, "bookworm-updates"), "https://mirror.example/debian");
}

TEST(AptFiles, UbuntuHasUniverseAndPortsForOtherArchitectures) {
  DebMirror mirror = kDebian12;
  mirror.base = "ubuntu:24.04";
  EXPECT_THAT(apt_sources(mirror, "/k"), HasSubstr("http://archive.ubuntu.com/ubuntu noble main universe\n"));
  mirror.architecture = "arm64";
  EXPECT_THAT(apt_sources(mirror, "/k"),
              HasSubstr("http://ports.ubuntu.com/ubuntu-ports noble-security main universe\n"));
}

TEST(AptFiles, AMirrorCannotSetOptionsOfItsSource) {
  for (const char* bad : {"[trusted=yes] http://x", "http://x y", "http://x\ndeb [trusted=yes] http://y", "cdrom:[x]",
                          "x", "/etc", "http://x#y"}) {
    DebMirror mirror = kDebian12;
    mirror.mirror = bad;
    EXPECT_THROW(apt_sources(mirror, "/k"), support::Error) << bad;
  }
}

TEST(AptFiles, ConfigurationCannotBeLeftThroughAPath) {
  DebMirror mirror = kDebian12;
  mirror.ca_bundle = "/x\";\nAPT::Update::Pre-Invoke {\"touch /tmp/x\";};\"";
  EXPECT_THROW(apt_configuration(mirror, "/f"), support::Error);
}

TEST(AptFiles, OneIndexThatFailsFailsTheWhole) {
  EXPECT_THAT(apt_configuration(kDebian12, "/f"), HasSubstr("APT::Update::Error-Mode \"any\";\n"));
  EXPECT_THAT(apt_configuration(kDebian12, "/f"), HasSubstr("Dir::Etc::parts \"/dev/null\";\n"));
}

TEST(AptFiles, ReadsParagraphsAndTheirFields) {
  std::istringstream in(
      "Package: git\nVersion: 1:2.39\nDescription: a\n b: c\nProvides: git-core, x (= 1), y:any\n\n\nPackage: "
      "tar\nEssential: yes\nPriority: required");
  std::vector<Stanza> stanzas;
  read_stanzas(in, [&](const Stanza& stanza) { stanzas.push_back(stanza); });
  ASSERT_EQ(stanzas.size(), 2U);
  EXPECT_EQ(stanzas[0].field("Version"), "1:2.39");
  EXPECT_EQ(stanzas[0].field("b"), "") << "a continuation line is no field";
  EXPECT_EQ(stanzas[0].field("Vers"), "");
  EXPECT_THAT(provided_names(stanzas[0]), ElementsAre("git-core", "x", "y"));
  EXPECT_FALSE(is_of_the_base(stanzas[0]));
  EXPECT_TRUE(is_of_the_base(stanzas[1]));
}

TEST(AptFiles, AptItselfIsNotOfTheBase) {
  EXPECT_FALSE(is_of_the_base({"Package: apt\nPriority: required\n"}));
  EXPECT_TRUE(is_of_the_base({"Package: passwd\nPriority: required\n"}));
  EXPECT_FALSE(is_of_the_base({"Package: vim\nPriority: optional\n"}));
}

TEST(AptFiles, ListsAreKnownByTheirSuite) {
  EXPECT_EQ(suite_of_list("deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages"),
            "bookworm-security");
  EXPECT_EQ(suite_of_list("deb.debian.org_debian_dists_bookworm_InRelease"), "");
  EXPECT_EQ(suite_of_list("_tmp_x_repository_._Packages"), "folder");
}

TEST(AptFiles, ReadsTheAddressesThatAptPrints) {
  EXPECT_THAT(printed_uris("'http://d/pool/libc6_2.36-9%2bdeb12u14_amd64.deb' libc6_2.36_amd64.deb 2759320 "
                           "MD5Sum:8d\nother\n'copy:/x/./a.deb' a.deb 3 \n"),
              ElementsAre("http://d/pool/libc6_2.36-9+deb12u14_amd64.deb", "copy:/x/./a.deb"));
  EXPECT_EQ(url_path("pool/a/libc6_2.36-9+deb12u14~x_amd64.deb"), "pool/a/libc6_2.36-9%2bdeb12u14%7ex_amd64.deb");
}

TEST(AptFiles, OldVersionsArePreferencesUnlessTheyAreText) {
  ResolvedDeb good;
  good.name = "git";
  good.version = "1:2.39.5-0+deb12u2";
  ResolvedDeb bad = good;
  bad.version = "1\nPackage: *";
  EXPECT_EQ(apt_preferences({good, bad}), "Package: git\nPin: version 1:2.39.5-0+deb12u2\nPin-Priority: 1001\n\n");
}

TEST(AptFiles, NamesThatAptReadsAsCommandsAreNoNames) {
  for (const char* good : {"git", "g++", "libstdc++6", "python3.11", "7zip"})
    EXPECT_TRUE(is_package_name(good)) << good;
  for (const char* bad : {"", "-y", "git-", "git=1.0", "git/sid", "./x.deb", "/x.deb", "git:i386", "Git", "git*",
                          "^git", "git git", "--allow-downgrades", "a"}) {
    EXPECT_FALSE(is_package_name(bad)) << bad;
  }
}

TEST(AptFiles, AnInstalledPackageKeepsWhatAptComparesByIt) {
  const std::string stanza =
      installed_stanza({"Package: perl-base\nVersion: 2\nProvides: perlapi-5\nDepends: dpkg\nFilename: x\n"}, "1");
  EXPECT_THAT(stanza, HasSubstr("Status: install ok installed\nVersion: 1\n"));
  EXPECT_THAT(stanza, HasSubstr("Provides: perlapi-5\n"));
  EXPECT_THAT(stanza, ::testing::Not(HasSubstr("Filename")));
}

TEST(AptFiles, ABaseThatNoDataRowHasIsABug) {
  EXPECT_THROW(distribution_of("debian:99", "amd64"), support::Error);
}

}  // namespace
}  // namespace envforge::packages
