#include <envforge/engine/oci_layout.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include <envforge/process/process.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>

#include "docker_json.hpp"
#include "recorded.hpp"

namespace envforge::engine {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class SavedImage : public ::testing::TestWithParam<std::string> {
 protected:
  fs::path layout() const { return folder_.path() / "layout"; }
  fs::path blob(const std::string& digest) const { return layout() / "blobs" / "sha256" / digest.substr(7); }
  json document(const std::string& digest) const { return json::parse(support::read_file(blob(digest))); }

  /// The recorded tar, unpacked, changed by a script in its folder, and packed again.
  std::string changed(const std::string& script) {
    const std::string tar = folder_.path() / "changed.tar";
    process::Command command;
    command.argv = {"sh", "-ec",
                    "mkdir in; tar -C in -xf '" + recorded_path(GetParam(), "saved.tar") + "'; cd in; " + script +
                        "; tar -cf '" + tar + "' *"};
    command.working_directory = folder_.path();
    const auto outcome = process::PosixProcessRunner().run(command);
    EXPECT_TRUE(outcome.ok()) << outcome.err;
    return tar;
  }
  std::string problem(const std::string& tar) const {
    try {
      write_oci_layout(tar, layout());
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kSavedImage);
      return error.message();
    }
    return {};
  }

  support::TempDir folder_;
};

INSTANTIATE_TEST_SUITE_P(Engines, SavedImage, ::testing::Values("20.10", "26.1"),
                         [](const auto& version) { return "Engine" + version.param.substr(0, 2); });

TEST_P(SavedImage, BecomesALayoutWhoseDigestsAreTrue) {
  const auto made = write_oci_layout(recorded_path(GetParam(), "saved.tar"), layout(), "v1");
  const ImageInfo image = read_image(recorded(GetParam(), "image.json"));
  EXPECT_EQ(made.config_digest, image.id) << "without a containerd store the id is the config's digest";
  EXPECT_EQ(made.layer_digests, image.diff_ids);
  for (const auto& entry : fs::directory_iterator(layout() / "blobs" / "sha256")) {
    EXPECT_EQ(support::sha256_file_hex(entry.path()), entry.path().filename());
  }
  const std::string index_text = support::read_file(layout() / "index.json");
  EXPECT_EQ(made.index_digest, "sha256:" + support::sha256_hex(index_text));
  const json index = json::parse(index_text);
  ASSERT_EQ(index["manifests"].size(), 1U);
  EXPECT_EQ(index["manifests"][0]["digest"], made.manifest_digest);
  EXPECT_EQ(index["manifests"][0]["size"], fs::file_size(blob(made.manifest_digest)));
  EXPECT_EQ(index["manifests"][0]["platform"], (json{{"os", "linux"}, {"architecture", "amd64"}}));
  EXPECT_EQ(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"], "v1");

  const json manifest = document(made.manifest_digest);
  EXPECT_EQ(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
  EXPECT_EQ(manifest["config"]["digest"], image.id);
  EXPECT_EQ(manifest["config"]["mediaType"], "application/vnd.oci.image.config.v1+json");
  ASSERT_EQ(manifest["layers"].size(), 2U);
  for (const json& layer : manifest["layers"]) {
    EXPECT_EQ(layer["mediaType"], "application/vnd.oci.image.layer.v1.tar");
    EXPECT_EQ(layer["size"], fs::file_size(blob(layer["digest"])));
  }
  EXPECT_EQ(document(made.config_digest)["config"]["User"], "1000");
  EXPECT_EQ(json::parse(support::read_file(layout() / "oci-layout"))["imageLayoutVersion"], "1.0.0");
}

TEST_P(SavedImage, GivesTheSameBytesTwice) {
  const auto first = write_oci_layout(recorded_path(GetParam(), "saved.tar"), layout());
  const auto second = write_oci_layout(recorded_path(GetParam(), "saved.tar"), folder_.path() / "again");
  EXPECT_EQ(first.index_digest, second.index_digest);
}

TEST_P(SavedImage, WithAChangedLayerIsRefused) {
  const std::string tar = changed(
      "for f in $(find . -type f -size 4); do printf x | dd of=$f bs=1 seek=1600 conv=notrunc 2>/dev/null; done");
  EXPECT_THAT(problem(tar), HasSubstr("the config says sha256:"));
  EXPECT_FALSE(fs::exists(layout() / "oci-layout")) << "half a layout must not look whole";
}

TEST_P(SavedImage, WithoutALayerIsRefused) {
  EXPECT_THAT(problem(changed("find . -type f -size 4 -delete")), HasSubstr("has no "));
}

TEST_P(SavedImage, WithoutAManifestIsRefused) {
  EXPECT_THAT(problem(changed("rm manifest.json")), HasSubstr("has no manifest.json"));
}

TEST_P(SavedImage, OfTwoImagesIsRefused) {
  EXPECT_THAT(problem(changed("sed -i 's/^\\[\\(.*\\)\\]$/[\\1,\\1]/' manifest.json")), HasSubstr("holds 2 images"));
}

TEST_P(SavedImage, IsNotWrittenOverSomethingElse) {
  support::write_file_atomically(layout() / "file", "mine");
  try {
    write_oci_layout(recorded_path(GetParam(), "saved.tar"), layout());
    FAIL();
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kFileWrite);
  }
  EXPECT_EQ(support::read_file(layout() / "file"), "mine");
}

TEST_P(SavedImage, WithCompressedLayersKeepsThemSo) {
  const std::string tar = changed("for f in $(find . -type f -size 4); do gzip -n < $f > ../z; cat ../z > $f; done");
  const auto made = write_oci_layout(tar, layout());
  const json manifest = document(made.manifest_digest);
  EXPECT_EQ(manifest["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
}

}  // namespace
}  // namespace envforge::engine
