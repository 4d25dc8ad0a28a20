#include <envforge/documents/changes.hpp>

#include <gtest/gtest.h>

#include "support/sample_lock.hpp"

namespace envforge::documents {
namespace {

using Changes = std::vector<Change>;

TEST(WhatChanged, IsEmptyForTheSameSpecAndForOtherPlaces) {
  ImageSpec now = testing::complete_spec();
  now.base.where.line = 9;
  EXPECT_EQ(what_changed(testing::complete_spec(), now), Changes{});
}

TEST(WhatChanged, NamesEachWordWithBeforeAndAfter) {
  const ImageSpec old = testing::complete_spec();
  ImageSpec now = old;
  now.base.value = "debian:13";
  now.torch.cuda.value = "cu126";
  now.pip.push_back({"rich", {}});
  now.apt.clear();
  now.environment["NEW"] = "1";
  now.pools[0].driver = Located<versions::Version>{versions::Version::of("580.65.06"), {}};
  now.pools.pop_back();
  const Changes expected{{"pools.ampere.driver", "550.90.07", "580.65.06"},
                         {"pools.any", R"({"driver":null,"gpus":["H100","sm_90"],"name":"any"})", ""},
                         {"base", "debian:12", "debian:13"},
                         {"torch.cuda", "auto", "cu126"},
                         {"packages.apt", "g++", ""},
                         {"packages.pip", "", "rich"},
                         {"environment.NEW", "", "1"}};
  EXPECT_EQ(what_changed(old, now), expected);
}

TEST(WhatChanged, TellsAnOtherOrderOfAList) {
  ImageSpec now = testing::complete_spec();
  std::swap(now.command[0], now.command[1]);
  EXPECT_EQ(what_changed(testing::complete_spec(), now),
            (Changes{{"command", "python, -c, print('é')", "-c, python, print('é')"}}));
}

TEST(WhatChanged, ComparesLocksByPackage) {
  const Lock old = testing::complete_lock();
  Lock now = old;
  LockedPlatform& platform = now.platforms.at("linux/amd64");
  platform.torch = "2.7.1";
  platform.wheels[0].version = "2.7.1";
  platform.wheels[0].sha256 = testing::hex64('8');
  platform.wheels.pop_back();
  platform.debs[1].sha256 = testing::hex64('9');
  platform.choices[0].reason = "another sentence";
  now.exclude_newer = "2026-11-02";
  const std::string file = "tini_0.19.0-1~bpo_amd64.deb ";
  const Changes expected{{"linux/amd64 torch", "2.6.0", "2.7.1"},
                         {"linux/amd64 wheel pandas", "2.3.3", ""},
                         {"linux/amd64 wheel torch", "2.6.0", "2.7.1"},
                         {"linux/amd64 deb tini", file + testing::hex64('6'), file + testing::hex64('9')},
                         {"exclude_newer", "2026-11-01T00:00:00Z", "2026-11-02"}};
  EXPECT_EQ(what_changed(old, now), expected);
}

}  // namespace
}  // namespace envforge::documents
