// What every ContainerEngine must do. The same list runs on FakeEngine (label unit) and on DockerCli (label engine), so
// that the fake cannot drift from the real one. Needs no network: the images are built FROM scratch around one static
// program.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <envforge/engine/engine.hpp>
#include <envforge/engine/oci_layout.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>

#include "contract/engine_setup.hpp"
#include "support/require.hpp"

namespace envforge::contract {

using MakeSetup = std::function<std::unique_ptr<EngineSetup>()>;

class EngineContract : public ::testing::TestWithParam<MakeSetup> {
 protected:
  void SetUp() override {
    setup_ = GetParam()();
    if (const std::string reason = setup_->unavailable(); !reason.empty()) return testing::cannot_run("engine", reason);
    std::filesystem::copy_file(ENVFORGE_ENGINE_PROGRAM, context_.path() / "program");
  }

  void TearDown() override {
    if (!setup_->unavailable().empty()) return;
    setup_->clean_up();
    for (const std::string& reference : built_) engine().remove_image(reference);
  }

  engine::ContainerEngine& engine() { return setup_->engine(); }

  static std::string name(const std::string& tag) { return own_name(tag); }

  engine::BuildRequest request(const std::string& dockerfile, const std::string& tag = "a") {
    support::write_file_atomically(context_.path() / "Dockerfile", dockerfile);
    engine::BuildRequest request;
    request.context_dir = context_.path();
    request.tags = {name(tag)};
    request.network = "none";  // an engine without a bridge builds nothing else
    return request;
  }

  engine::BuildResult build(const engine::BuildRequest& request) {
    built_.insert(built_.end(), request.tags.begin(), request.tags.end());
    return engine().build(request, [this](const engine::BuildEvent& event) { events_.push_back(event); });
  }

  /// The image that most tests run.
  std::string base() {
    const auto wanted = request("FROM scratch\nCOPY program /bin/program\nENTRYPOINT [\"/bin/program\"]\n");
    const auto result = build(wanted);
    EXPECT_TRUE(result.ok) << result.message;
    return wanted.tags[0];
  }

  engine::ContainerRequest container(const std::string& image, const std::vector<std::string>& words) {
    engine::ContainerRequest request;
    request.image = image;
    request.command = words;
    return request;
  }

  static std::vector<std::string> texts(const std::vector<engine::BuildEvent>& events, engine::BuildEvent::Kind kind) {
    std::vector<std::string> found;
    for (const auto& event : events) {
      if (event.kind == kind) found.push_back(event.text);
    }
    return found;
  }

  std::unique_ptr<EngineSetup> setup_;
  support::TempDir context_;
  std::vector<engine::BuildEvent> events_;
  std::vector<std::string> built_;
};

using Event = engine::BuildEvent::Kind;
using process::Outcome;
using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

TEST_P(EngineContract, SaysWhatItIs) {
  const auto info = engine().info();
  EXPECT_FALSE(info.client.empty());
  EXPECT_FALSE(info.server_version.empty());
  EXPECT_THAT(info.architecture, ::testing::AnyOf("amd64", "arm64"));
  EXPECT_TRUE(info.buildkit);
  EXPECT_FALSE(info.root_dir.empty());
  EXPECT_EQ(info.free_bytes.has_value(), !info.remote);
}

TEST_P(EngineContract, BuildsAnImageAndTellsItsSteps) {
  auto wanted = request(
      "FROM scratch\nCOPY program /bin/program\nRUN [\"/bin/program\", \"echo\", \"from a step\"]\n"
      "ENV COLOUR=blue\nWORKDIR /work\nUSER 1000:1000\nLABEL made.by=hand\nENTRYPOINT [\"/bin/program\"]\nCMD "
      "[\"echo\", \"hi\"]\n");
  wanted.labels = {{"made.for", "a test"}};
  wanted.no_cache = true;  // also when this test ran here before
  const auto result = build(wanted);
  ASSERT_TRUE(result.ok) << result.message;
  EXPECT_THAT(result.image_id, ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
  EXPECT_THAT(texts(events_, Event::kOutput), Contains("from a step"));
  EXPECT_THAT(texts(events_, Event::kStepDone), Contains(HasSubstr("COPY program /bin/program")));

  const auto image = engine().inspect_image(wanted.tags[0]);
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->id, result.image_id);
  EXPECT_THAT(image->tags, Contains(wanted.tags[0]));
  EXPECT_EQ(image->os, "linux");
  EXPECT_EQ(image->user, "1000:1000");
  EXPECT_EQ(image->workdir, "/work");
  EXPECT_THAT(image->entrypoint, ElementsAre("/bin/program"));
  EXPECT_THAT(image->command, ElementsAre("echo", "hi"));
  EXPECT_THAT(image->environment, Contains("COLOUR=blue"));
  EXPECT_EQ(image->labels.at("made.by"), "hand");
  EXPECT_EQ(image->labels.at("made.for"), "a test");
  EXPECT_GE(image->bytes, std::filesystem::file_size(ENVFORGE_ENGINE_PROGRAM));
  EXPECT_FALSE(image->diff_ids.empty());
}

TEST_P(EngineContract, BuildsTheSameAgainFromTheCache) {
  const auto wanted = request("FROM scratch\nCOPY program /bin/program\nRUN [\"/bin/program\", \"echo\", \"x\"]\n");
  const auto first = build(wanted);
  events_.clear();
  const auto second = build(wanted);
  EXPECT_EQ(first.image_id, second.image_id);
  EXPECT_THAT(texts(events_, Event::kStepCached), Contains(HasSubstr("COPY program")));
  EXPECT_THAT(texts(events_, Event::kOutput), IsEmpty());
}

TEST_P(EngineContract, KeepsTheLastLinesOfTheStepThatFails) {
  const auto result =
      build(request("FROM scratch\nCOPY program /bin/program\nRUN [\"/bin/program\", \"count\", \"40\"]\n"));
  EXPECT_FALSE(result.ok);
  EXPECT_FALSE(result.interrupted);
  EXPECT_THAT(result.failed_step, HasSubstr("RUN [\"/bin/program\", \"count\", \"40\"]"));
  ASSERT_EQ(result.last_lines.size(), 30U);
  EXPECT_EQ(result.last_lines.front(), "line 11");
  EXPECT_EQ(result.last_lines.back(), "line 40");
  EXPECT_THAT(result.message, HasSubstr("exit code: 7"));
  EXPECT_THAT(texts(events_, Event::kStepFailed), ElementsAre(result.failed_step));
  EXPECT_FALSE(engine().inspect_image(name("a")).has_value());
}

TEST_P(EngineContract, SaysWhatIsWrongWithADockerfile) {
  const auto result = build(request("FROM scratch\nCOPY absent /absent\n"));
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.message, HasSubstr("absent"));
}

TEST_P(EngineContract, WritesTheFilesOfAStageInsteadOfAnImage) {
  const support::TempDir out;
  auto wanted = request("FROM scratch AS files\nCOPY program /sub/program\nFROM scratch\nCOPY program /other\n");
  wanted.target = "files";
  wanted.output = "local:" + (out.path() / "files").string();
  const auto result = build(wanted);
  ASSERT_TRUE(result.ok) << result.message;
  EXPECT_EQ(support::sha256_file_hex(out.path() / "files" / "sub" / "program"),
            support::sha256_file_hex(ENVFORGE_ENGINE_PROGRAM));
  EXPECT_FALSE(std::filesystem::exists(out.path() / "files" / "other"));
  EXPECT_FALSE(engine().inspect_image(name("a")).has_value());
}

TEST_P(EngineContract, HasNoImageThatNobodyBuilt) {
  EXPECT_FALSE(engine().inspect_image("envforge-contract/absent:none").has_value());
  EXPECT_FALSE(engine().tag("envforge-contract/absent:none", "envforge-contract/absent:other"));
  EXPECT_FALSE(engine().remove_image("envforge-contract/absent:none"));
  EXPECT_FALSE(engine().save("envforge-contract/absent:none", (context_.path() / "x.tar").string()));
  EXPECT_FALSE(engine().push("envforge-contract/absent:none", {}).ok);
}

TEST_P(EngineContract, TagsAndRemoves) {
  const std::string image = base();
  built_.push_back(name("second"));
  ASSERT_TRUE(engine().tag(image, name("second")));
  EXPECT_EQ(engine().inspect_image(name("second"))->id, engine().inspect_image(image)->id);
  EXPECT_TRUE(engine().remove_image(name("second")));
  EXPECT_FALSE(engine().inspect_image(name("second")).has_value());
  EXPECT_TRUE(engine().inspect_image(image).has_value());
}

TEST_P(EngineContract, NamesTheImagesThatPeopleNamed) {
  constexpr std::chrono::seconds kPatience{20};
  const std::string image = base();
  const std::string lent = engine::borrowed_name(engine::this_process_as_owner(), "0123456789ab");
  built_.insert(built_.end(), {name("second"), lent});
  ASSERT_TRUE(engine().tag(image, name("second")));
  ASSERT_TRUE(engine().tag(image, lent));
  const auto names = engine().image_names(kPatience);
  EXPECT_THAT(names, ::testing::IsSupersetOf({image, name("second")}));
  EXPECT_THAT(names, ::testing::Not(::testing::Contains(lent))) << "a name for the length of a build";
  EXPECT_THAT(names, ::testing::Each(::testing::Not(HasSubstr("<none>"))));
}

TEST_P(EngineContract, TellsTheLayersFirstOneFirst) {
  support::write_file_atomically(context_.path() / "small", "12345");
  const auto wanted = request("FROM scratch\nCOPY program /bin/program\nENV A=1\nCOPY small /small\n");
  ASSERT_TRUE(build(wanted).ok);
  const auto layers = engine().layers(wanted.tags[0]);
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_THAT(layers[0].created_by, HasSubstr("COPY program"));
  EXPECT_EQ(layers[0].bytes, std::filesystem::file_size(ENVFORGE_ENGINE_PROGRAM));
  EXPECT_THAT(layers[1].created_by, HasSubstr("COPY small"));
  EXPECT_EQ(layers[1].bytes, 5U);
}

TEST_P(EngineContract, PushesAndFindsTheDigestInTheRegistry) {
  if (setup_->registry().empty()) GTEST_SKIP() << "no registry program (Debian: docker-registry) on this machine";
  const std::string image = base();
  const std::string remote = setup_->registry() + "/" + name("v1");
  built_.push_back(remote);
  ASSERT_TRUE(engine().tag(image, remote));
  std::vector<std::string> lines;
  const auto pushed = engine().push(remote, [&](std::string_view line) { lines.emplace_back(line); });
  ASSERT_TRUE(pushed.ok) << pushed.message;
  EXPECT_THAT(pushed.digest, ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
  EXPECT_FALSE(lines.empty());
  const auto platform = "linux/" + engine().info().architecture;
  EXPECT_EQ(engine().registry_digest(remote, platform), pushed.digest);
  EXPECT_EQ(engine().registry_digest(remote, ""), pushed.digest);
  const std::string by_digest = remote.substr(0, remote.rfind(':')) + "@" + pushed.digest;
  EXPECT_EQ(engine().registry_digest(by_digest, platform), pushed.digest);
  EXPECT_EQ(engine().registry_digest(remote, "linux/s390x"), std::nullopt);
  EXPECT_EQ(engine().registry_digest(setup_->registry() + "/absent:v1", platform), std::nullopt);

  auto wanted = request("FROM scratch\nCOPY program /other\n", "pushed");
  wanted.tags = {setup_->registry() + "/" + name("v2")};
  wanted.output = "push";
  const auto result = build(wanted);
  ASSERT_TRUE(result.ok) << result.message;
  EXPECT_EQ(engine().registry_digest(wanted.tags[0], platform), result.manifest_digest);
}

TEST_P(EngineContract, SaysWhyAPushFailed) {
  const std::string image = base();
  const std::string nowhere = "127.0.0.1:1/" + name("v1");
  built_.push_back(nowhere);
  ASSERT_TRUE(engine().tag(image, nowhere));
  const auto pushed = engine().push(nowhere, {});
  EXPECT_FALSE(pushed.ok);
  EXPECT_EQ(pushed.digest, "");
  EXPECT_THAT(pushed.message, HasSubstr("connection refused"));
  EXPECT_EQ(engine().registry_digest(nowhere, ""), std::nullopt);
}

TEST_P(EngineContract, WritesAnOciLayoutOfAnImage) {
  support::write_file_atomically(context_.path() / "small", "12345");
  auto wanted = request("FROM scratch\nCOPY program /bin/program\nCOPY small /small\n", "v9");
  const support::TempDir out;
  const auto layout = out.path() / "layout";
  wanted.output = "oci-dir:" + layout.string();
  const auto result = build(wanted);
  ASSERT_TRUE(result.ok) << result.message;
  const std::string index = support::read_file(layout / "index.json");
  EXPECT_THAT(index, HasSubstr("\"org.opencontainers.image.ref.name\":\"v9\""));
  EXPECT_THAT(index, HasSubstr(result.manifest_digest));
  EXPECT_EQ(result.index_digest, "sha256:" + support::sha256_hex(index));
  const auto blob = [&](const std::string& digest) { return layout / "blobs" / "sha256" / digest.substr(7); };
  const std::string manifest = support::read_file(blob(result.manifest_digest));
  for (const auto& entry : std::filesystem::directory_iterator(layout / "blobs" / "sha256")) {
    EXPECT_EQ(support::sha256_file_hex(entry.path()), entry.path().filename()) << "a blob's name is its digest";
  }
  const auto image = engine().inspect_image(wanted.tags[0]);
  ASSERT_EQ(image->diff_ids.size(), 2U);
  for (const std::string& diff_id : image->diff_ids) {
    EXPECT_THAT(manifest, HasSubstr(diff_id)) << "layers are stored as uncompressed tar";
    EXPECT_TRUE(std::filesystem::exists(blob(diff_id)));
  }
  EXPECT_TRUE(std::filesystem::exists(layout / "oci-layout"));
}

}  // namespace envforge::contract
