#include "support/python_index.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/archives.hpp"

namespace envforge::testing {
namespace {

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string metadata(const std::string& name, const std::string& version, const std::vector<std::string>& needs) {
  std::string text = "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n";
  for (const std::string& need : needs) text += "Requires-Dist: " + need + "\n";
  return text;
}

}  // namespace

PackageFile make_wheel(const WheelSpec& spec) {
  const std::string stem = underscored(spec.name) + "-" + spec.version;
  std::string tags;
  const std::vector<std::string> parts = support::split(spec.tag, '-');
  for (const std::string& platform : support::split(parts.back(), '.')) {
    tags += "Tag: " + parts[parts.size() - 3] + "-" + parts[parts.size() - 2] + "-" + platform + "\n";
  }
  NamedFiles files = {
      {stem + ".dist-info/METADATA", metadata(spec.name, spec.version, spec.requires_dist)},
      {stem + ".dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: envforge\nRoot-Is-Purelib: true\n" + tags}};
  files.insert(files.end(), spec.files.begin(), spec.files.end());
  const std::string module = underscored(spec.name) + "/__init__.py";
  if (std::none_of(files.begin(), files.end(), [&](const auto& file) { return file.first == module; }))
    files.insert(files.begin(), {module, ""});
  std::string record;
  for (const auto& file : files) record += file.first + ",,\n";
  files.emplace_back(stem + ".dist-info/RECORD", record + stem + ".dist-info/RECORD,,\n");
  return {stem + "-" + spec.tag + ".whl", make_zip(files)};
}

PackageFile make_sdist(const std::string& name, const std::string& version, const std::string& code) {
  const std::string folder = name + "-" + version + "/";
  // A backend inside the archive needs nothing of the index: whoever builds this runs `code` at once.
  const std::string project = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";
  return {name + "-" + version + ".tar.gz", make_gzip(make_tar({{folder + "pyproject.toml", project},
                                                                {folder + "backend.py", code + "\n"},
                                                                {folder + "setup.py", code + "\n"},
                                                                {folder + "PKG-INFO", metadata(name, version, {})}}))};
}

PythonIndexServer::PythonIndexServer(Indexes indexes, std::string upload_time)
    : indexes_(std::move(indexes)), upload_time_(std::move(upload_time)) {
  server_ = std::make_unique<LoopbackServer>([this](const std::string& path) { return answer(path); });
}

HttpAnswer PythonIndexServer::answer(const std::string& path) const {
  const std::vector<std::string> parts = support::split(path, '/');  // "", index, name or "files", ...
  const auto index = parts.size() < 3 ? indexes_.end() : indexes_.find(parts[1]);
  if (index == indexes_.end()) return {404, "text/plain", "no such index"};
  if (parts[2] == "files" && parts.size() == 4) {
    for (const PackageFile& file : index->second) {
      if (file.filename == parts[3]) return {200, "application/octet-stream", file.bytes};
    }
    return {404, "text/plain", "no such file"};
  }
  nlohmann::json files = nlohmann::json::array();
  for (const PackageFile& file : index->second) {
    std::string name = file.filename.substr(0, file.filename.find('-'));
    if (support::ends_with(file.filename, ".tar.gz")) name = file.filename.substr(0, file.filename.rfind('-'));
    std::replace(name.begin(), name.end(), '_', '-');
    if (name != parts[2]) continue;
    nlohmann::json row = {{"filename", file.filename},
                          {"url", "/" + parts[1] + "/files/" + file.filename},
                          {"hashes", {{"sha256", support::sha256_hex(file.bytes)}}},
                          {"size", file.bytes.size()}};
    if (!upload_time_.empty()) row["upload-time"] = upload_time_;
    files.push_back(row);
  }
  if (files.empty()) return {404, "text/plain", "no such package"};
  const nlohmann::json body = {
      {"meta", {{"api-version", "1.1"}}}, {"name", parts[2]}, {"versions", nlohmann::json::array()}, {"files", files}};
  return {200, "application/vnd.pypi.simple.v1+json", body.dump()};
}

}  // namespace envforge::testing
