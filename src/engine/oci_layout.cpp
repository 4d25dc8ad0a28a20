#include <envforge/engine/oci_layout.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/tar_index.hpp>
#include <envforge/support/text.hpp>

namespace envforge::engine {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using support::Error;
using support::ErrorCode;

constexpr std::size_t kPiece = 1U << 20;
constexpr std::uint64_t kLargestDocument = 16U << 20;

struct Blob {
  std::string digest;
  std::uint64_t bytes = 0;
  std::string media_type;

  json descriptor() const { return {{"mediaType", media_type}, {"digest", digest}, {"size", bytes}}; }
};

class Converter {
 public:
  Converter(const std::string& tar, const fs::path& folder)
      : tar_(tar), folder_(folder), stream_(tar, std::ios::binary) {
    for (support::TarMember& member : support::index_tar(tar, support::ErrorCode::kSavedImage)) {
      // A later member of one name replaces an earlier one, as in tar.
      std::string name = fs::path(member.name).lexically_normal();
      members_[std::move(name)] = std::move(member);
    }
    fs::create_directories(blobs());
  }

  std::string document(const std::string& name) {
    const support::TarMember& member = find(name);
    if (member.bytes > kLargestDocument) fail(name + " is too large for a document");
    std::string text(member.bytes, '\0');
    stream_.seekg(static_cast<std::streamoff>(member.offset));
    if (!stream_.read(text.data(), static_cast<std::streamsize>(text.size()))) fail(name + " cannot be read");
    return text;
  }

  Blob write_document(const std::string& text, const std::string& media_type) const {
    const std::string hex = support::sha256_hex(text);
    support::write_file_atomically(blobs() / hex, text);
    return {"sha256:" + hex, text.size(), media_type};
  }

  Blob copy_layer(const std::string& name) {
    const support::TarMember& member = find(name);
    const fs::path half = blobs() / ".copying";
    std::ofstream out(half, std::ios::binary | std::ios::trunc);
    stream_.seekg(static_cast<std::streamoff>(member.offset));
    support::Sha256 hash;
    std::string piece(kPiece, '\0');
    std::string first;
    for (std::uint64_t left = member.bytes; left > 0;) {
      const auto n = static_cast<std::streamsize>(std::min<std::uint64_t>(left, kPiece));
      if (!stream_.read(piece.data(), n)) fail(name + " cannot be read");
      const std::string_view part(piece.data(), static_cast<std::size_t>(n));
      if (first.empty()) first = part.substr(0, 4);
      hash.update(part);
      out.write(part.data(), n);
      left -= static_cast<std::uint64_t>(n);
    }
    out.close();
    if (!out) throw Error(ErrorCode::kFileWrite, "cannot write " + half.string());
    const auto digest = hash.finish();
    const std::string hex = support::to_hex(digest.data(), digest.size());
    fs::rename(half, blobs() / hex);
    return {"sha256:" + hex, member.bytes, layer_type(first)};
  }

  [[noreturn]] void fail(const std::string& what) const { throw Error(ErrorCode::kSavedImage, tar_ + ": " + what); }
  const fs::path& folder() const { return folder_; }

 private:
  static std::string layer_type(const std::string& first) {
    constexpr std::string_view kTar = "application/vnd.oci.image.layer.v1.tar";
    if (support::starts_with(first, "\x1f\x8b")) return std::string(kTar) + "+gzip";
    if (support::starts_with(first, "\x28\xb5\x2f\xfd")) return std::string(kTar) + "+zstd";
    return std::string(kTar);
  }

  fs::path blobs() const { return folder_ / "blobs" / "sha256"; }

  /// Engines before 25 save a layer that occurs twice as a link to the first.
  const support::TarMember& find(const std::string& name, int links = 0) const {
    const auto found = members_.find(fs::path(name).lexically_normal());
    if (found == members_.end()) fail("has no " + name);
    const support::TarMember& member = found->second;
    if (member.type == support::TarMember::Type::kFile) return member;
    if (member.type != support::TarMember::Type::kLink || links > 8) fail(name + " is no file");
    return find(member.symbolic ? fs::path(name).parent_path() / member.link : fs::path(member.link), links + 1);
  }

  std::string tar_;
  fs::path folder_;
  std::ifstream stream_;
  std::map<std::string, support::TarMember> members_;
};

/// The config's diff ids, checked to be as many as the layers.
std::vector<std::string> diff_ids(const json& config, const Converter& converter, std::size_t layers) {
  support::JsonReader reader(config, "the image's config", ErrorCode::kSavedImage);
  auto ids = reader.object("rootfs").strings("diff_ids");
  if (ids.size() != layers) {
    converter.fail("its config names " + std::to_string(ids.size()) + " layers, its manifest " +
                   std::to_string(layers));
  }
  return ids;
}

}  // namespace

OciLayout write_oci_layout(const std::string& saved_tar, const std::string& folder, const std::string& ref_name) {
  if (fs::exists(folder) && !fs::is_empty(folder)) {
    throw Error(ErrorCode::kFileWrite, folder + " is not empty", std::nullopt, "name a folder that does not exist yet");
  }
  Converter converter(saved_tar, folder);
  const json saved = support::parse_json(converter.document("manifest.json"), "manifest.json", ErrorCode::kSavedImage);
  if (!saved.is_array() || saved.size() != 1)
    converter.fail("holds " + std::to_string(saved.size()) + " images, not one");
  support::JsonReader image(saved[0], "manifest.json", ErrorCode::kSavedImage, "/0");

  const std::string config_text = converter.document(image.string("Config"));
  const std::vector<std::string> layer_names = image.strings("Layers");
  const json config_json = support::parse_json(config_text, "the image's config", ErrorCode::kSavedImage);
  const auto expected = diff_ids(config_json, converter, layer_names.size());
  const Blob config = converter.write_document(config_text, "application/vnd.oci.image.config.v1+json");
  OciLayout layout;
  layout.config_digest = config.digest;
  json layers = json::array();
  for (std::size_t i = 0; i < layer_names.size(); ++i) {
    const Blob layer = converter.copy_layer(layer_names[i]);
    if (support::ends_with(layer.media_type, ".tar") && layer.digest != expected[i]) {
      converter.fail("layer " + std::to_string(i) + " is " + layer.digest + ", the config says " + expected[i]);
    }
    layers.push_back(layer.descriptor());
    layout.layer_digests.push_back(layer.digest);
  }
  const json manifest_json = {{"schemaVersion", 2},
                              {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                              {"config", config.descriptor()},
                              {"layers", layers}};
  const Blob manifest =
      converter.write_document(support::canonical_json(manifest_json), manifest_json["mediaType"].get<std::string>());
  layout.manifest_digest = manifest.digest;

  json entry = manifest.descriptor();
  entry["platform"] = {{"architecture", config_json.value("architecture", "")}, {"os", config_json.value("os", "")}};
  if (config_json.contains("variant")) entry["platform"]["variant"] = config_json["variant"];
  if (!ref_name.empty()) entry["annotations"] = {{"org.opencontainers.image.ref.name", ref_name}};
  const json index = {{"schemaVersion", 2},
                      {"mediaType", "application/vnd.oci.image.index.v1+json"},
                      {"manifests", json::array({entry})}};
  const std::string index_text = support::canonical_json(index);
  layout.index_digest = "sha256:" + support::sha256_hex(index_text);
  support::write_file_atomically(converter.folder() / "index.json", index_text);
  // Last: a folder with this file is a whole layout.
  support::write_file_atomically(converter.folder() / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  return layout;
}

}  // namespace envforge::engine
