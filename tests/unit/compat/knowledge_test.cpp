#include <envforge/compat/base_names.hpp>
#include <envforge/compat/knowledge.hpp>

#include <gtest/gtest.h>

#include "support/compat_data.hpp"

namespace envforge::compat {
namespace {

using versions::Version;

void expect_evidence(const Evidence& evidence) {
  EXPECT_FALSE(evidence.file.empty());
  EXPECT_FALSE(evidence.row.empty());
  ASSERT_FALSE(evidence.sources.empty()) << evidence.row;
  for (const SourceText& source : evidence.sources) {
    EXPECT_FALSE(source.title.empty()) << evidence.row;
    EXPECT_FALSE(source.reference.empty()) << evidence.row;
    EXPECT_GE(source.checked, "2026") << evidence.row;
  }
  EXPECT_TRUE(std::is_sorted(evidence.sources.begin(), evidence.sources.end(), [](const auto& a, const auto& b) {
    return a.kind == SourceKind::kArtifact && b.kind == SourceKind::kDocument;
  })) << evidence.row;
}

// The row of a build on amd64.
const BuildPlatform& amd64(const Knowledge& knowledge, std::string_view torch, std::string_view variant) {
  for (const Build& build : knowledge.release(torch)->builds) {
    if (build.cuda_variant == variant) return build.platforms.front();
  }
  throw std::runtime_error("no such build");
}

TEST(Knowledge, SaysHowAFieldWasChecked) {
  const Knowledge knowledge = embedded();
  // The wheel of 2.6.0 was opened; of 2.5.1, served by PyPI too, only the build script was read.
  EXPECT_EQ(cite(amd64(knowledge, "2.6.0", "cu124").evidence, "sass"),
            "compat/pytorch.json: 2.6.0 cu124, linux/amd64, PyPI wheel opened, artifact read 2026-11-21");
  EXPECT_EQ(cite(amd64(knowledge, "2.5.1", "cu124").evidence, "sass"),
            "compat/pytorch.json: 2.5.1 cu124, linux/amd64, pytorch/builder scripts, document read 2026-09");
  EXPECT_EQ(cite(amd64(knowledge, "2.7.0", "cu118").evidence, "sass"),
            "compat/pytorch.json: 2.7.0 cu118, linux/amd64, PyTorch 2.7 build script, inferred 2026-09");
  EXPECT_EQ(how_checked(amd64(knowledge, "2.7.0", "cu118").evidence), "document");
  // Where no machine code is known there is nothing to check, and the build's own row stands for it.
  EXPECT_EQ(amd64(knowledge, "2.14.0", "cu129").evidence.row, "2.14.0 cu129");
}

TEST(Knowledge, CountsItsRowsByHowTheyWereChecked) {
  const auto counted = [](const testing::DataJson& data) {
    return rows_by_check(testing::knowledge_of(data).tables());
  };
  testing::DataJson data = testing::shipped_data();
  const RowsByCheck before = counted(data);
  EXPECT_GT(before.artifact, 60U);
  EXPECT_GT(before.document, 200U);
  EXPECT_LT(before.inferred, before.artifact + before.document);
  for (auto& [key, source] : data["bases.json"]["sources"].items()) source["kind"] = "artifact";
  data["bases.json"]["bases"][0].erase("unverified");
  data["bases.json"]["bases"][1].erase("unverified");
  data["bases.json"]["bases"][2].erase("unverified");
  data["bases.json"]["bases"][3].erase("unverified");
  const RowsByCheck after = counted(data);
  EXPECT_EQ(after.artifact, before.artifact + 2);
  EXPECT_EQ(after.document, before.document - 2);
  EXPECT_EQ(after.inferred, before.inferred - 2);
}

TEST(Knowledge, EveryRowNamesItsSourceAndItsDate) {
  const Knowledge knowledge = embedded();
  const Tables& tables = knowledge.tables();
  const auto walk = [](const auto& rows) {
    EXPECT_FALSE(rows.empty());
    for (const auto& row : rows) expect_evidence(row.evidence);
  };
  walk(tables.releases);
  for (const auto& release : tables.releases) walk(release.builds);
  walk(tables.majors);
  walk(tables.compilers);
  walk(tables.toolkits);
  walk(tables.not_published);
  walk(tables.architectures);
  walk(tables.branches);
  walk(tables.gpus);
  walk(tables.cudnn_floors);
  walk(tables.bases);
  walk(tables.without_glibc);
}

TEST(Knowledge, IsTheSameEmbeddedAndFromTheFolder) {
  const Knowledge constant = embedded();
  const Knowledge read = load_knowledge(testing::data_folder());
  EXPECT_EQ(constant.digest(), read.digest());
  EXPECT_EQ(constant.as_of(), read.as_of());
  EXPECT_EQ(constant.digest().size(), std::string("sha256:").size() + 64);
  ASSERT_EQ(constant.tables().releases.size(), read.tables().releases.size());
  for (std::size_t i = 0; i < constant.tables().releases.size(); ++i) {
    const Release& a = constant.tables().releases[i];
    const Release& b = read.tables().releases[i];
    EXPECT_EQ(a.version, b.version);
    ASSERT_EQ(a.builds.size(), b.builds.size());
    for (std::size_t j = 0; j < a.builds.size(); ++j) EXPECT_EQ(cite(a.builds[j].evidence), cite(b.builds[j].evidence));
  }
  EXPECT_EQ(constant.tables().gpus.size(), read.tables().gpus.size());
}

TEST(Knowledge, ListsTheNewestFirst) {
  const Knowledge knowledge = embedded();
  const Tables& tables = knowledge.tables();
  for (std::size_t i = 1; i < tables.releases.size(); ++i) {
    EXPECT_GT(Version::of(tables.releases[i - 1].version), Version::of(tables.releases[i].version));
  }
  for (const Release& release : tables.releases) {
    for (std::size_t i = 1; i < release.builds.size(); ++i) {
      EXPECT_GT(Version::of(release.builds[i - 1].cuda), Version::of(release.builds[i].cuda));
    }
  }
}

TEST(Knowledge, CitesARowInOneLine) {
  const Knowledge knowledge = embedded();
  const Release* release = knowledge.release("2.6.0");
  ASSERT_NE(release, nullptr);
  ASSERT_EQ(release->builds.size(), 3U);
  EXPECT_EQ(cite(release->builds[1].evidence),
            "compat/pytorch.json: 2.6.0 cu124, PyPI METADATA, artifact read 2026-11-21");
}

TEST(Knowledge, AnswersByName) {
  const Knowledge knowledge = embedded();
  ASSERT_NE(knowledge.base("debian:12"), nullptr);
  EXPECT_EQ(knowledge.base("debian:12")->python, "3.11");
  EXPECT_EQ(knowledge.base("debian:12")->suite, "bookworm");
  EXPECT_EQ(knowledge.base("fedora:40"), nullptr);
  EXPECT_EQ(knowledge.cuda_major(Version::of("12.4"))->driver_floor, "525.60.13");
  EXPECT_EQ(knowledge.cuda_major(Version::of("14.0")), nullptr);
  EXPECT_EQ(knowledge.branch(Version::of("535.183.06"))->max_cuda, "12.2");
  EXPECT_EQ(knowledge.branch(Version::of("700.1")), nullptr);
  EXPECT_NE(knowledge.not_published(Version::of("12.7")), nullptr);
  EXPECT_EQ(knowledge.toolkit(Version::of("12.7")), nullptr);
  EXPECT_NE(knowledge.cudnn_without("9.11.0.98", Version::of("7.0")), nullptr);
  EXPECT_EQ(knowledge.cudnn_without("9.10.2.21", Version::of("7.0")), nullptr);
  EXPECT_EQ(knowledge.cudnn_without("9.11.0.98", Version::of("7.5")), nullptr);
  EXPECT_EQ(knowledge.cudnn_without("", Version::of("7.0")), nullptr);
}

TEST(Knowledge, ReadsTheNamesOfImages) {
  const auto read = [](const std::string& text) {
    const auto image = image_name(text);
    return image ? image->repository + " " + image->tag : "none";
  };
  EXPECT_EQ(read("nvidia/cuda:12.4.1-base-ubuntu22.04"), "nvidia/cuda 12.4.1-base-ubuntu22.04");
  EXPECT_EQ(read(" docker.io/pytorch/pytorch "), "pytorch/pytorch latest");
  EXPECT_EQ(read("debian:12"), "debian 12");
  EXPECT_EQ(read("localhost:5000/team/train:v1"), "localhost:5000/team/train v1");
  EXPECT_EQ(read("nvidia/cuda:12.4.1@sha256:0a"), "nvidia/cuda 12.4.1");
  for (const char* text :
       {"conda", "nvidia-smi", "", "host cudnn", "https://a/b", "a:", "/a", "unsatisfied condition: x"})
    EXPECT_EQ(read(text), "none") << text;
}

TEST(Knowledge, KnowsTheTagsOfImagesThatWereRead) {
  const Knowledge knowledge = embedded();
  const auto row = [&](const std::string& tag) { return knowledge.image_tags({"nvidia/cuda", tag}); };
  ASSERT_NE(row("12.4.1-cudnn-devel-ubuntu22.04"), nullptr);
  EXPECT_EQ(row("12.4.1-cudnn-devel-ubuntu22.04")->exists, true);
  EXPECT_NE(row("12.4.1-base-ubuntu22.04"), nullptr);
  for (const char* tag : {"12.4.1", "12.4.1-base", "12.4.1-cudnn9-devel-ubuntu22.04", "12.4.1-base-ubuntu22.04-x",
                          "12.4.0-cudnn-devel-ubuntu22.04", "12.4.1-base-ubuntu2", "latest", ""})
    EXPECT_EQ(row(tag), nullptr) << tag;
  EXPECT_EQ(knowledge.image_tags({"pytorch/pytorch", "2.0.0-cuda11.7-cudnn8-runtime"})->exists, true);
  EXPECT_EQ(knowledge.image_tags({"pytorch/pytorch", "2.1.1-cuda12.1-cudnn8-devel"})->exists, std::nullopt);
  EXPECT_EQ(knowledge.image_tags({"other/pytorch", "2.0.0-cuda11.7-cudnn8-runtime"}), nullptr);
}

TEST(Knowledge, KnowsWhoServesABuild) {
  const Knowledge knowledge = embedded();
  const Release* release = knowledge.release("2.6.0");
  ASSERT_NE(release, nullptr);
  EXPECT_EQ(knowledge.index_url(release->builds[1], release->builds[1].platforms[0]), "");
  EXPECT_EQ(knowledge.index_url(release->builds[2], release->builds[2].platforms[0]),
            "https://download.pytorch.org/whl/cu118");
}

TEST(OtherBase, IsOneWithoutARowAndKnownNotToServeOnlyByAWordOfItsName) {
  const Knowledge knowledge = embedded();
  EXPECT_FALSE(other_base(knowledge, "debian:12"));
  for (const char* name : {"alpine:3.19", "python:3.12-alpine", "python:3.12-alpine3.20", "Alpine", "busybox:1-musl"})
    EXPECT_FALSE(other_base(knowledge, name).value().unknown) << name;
  for (const char* name : {"rockylinux:9", "alpinelab:1", "python:3.12-slim", "debian:14"}) {
    const auto other = other_base(knowledge, name).value();
    EXPECT_TRUE(other.unknown) << name;
    EXPECT_NE(other.text.find("known are debian:13, debian:12, ubuntu:24.04, ubuntu:22.04"), std::string::npos);
  }
  EXPECT_EQ(other_base(knowledge, "debian:14").value().hint, "did you mean 'debian:12' or 'debian:13'?");
}

}  // namespace
}  // namespace envforge::compat
