// How FakeEngine builds: a Dockerfile read line by line, each layer one folder and one tar. Part of fake_engine.cpp.
#pragma once

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <envforge/engine/oci_layout.hpp>
#include <envforge/process/process.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/fake_engine.hpp"

namespace envforge::testing {

namespace fs = std::filesystem;
using engine::BuildEvent;
using engine::BuildResult;
using nlohmann::json;
using process::Outcome;
using support::Error;
using support::ErrorCode;

inline constexpr std::size_t kLinesKept = 30;

inline Outcome run_program(const std::vector<std::string>& argv, const process::OnLine& on_line = {}) {
  process::Command command;
  command.argv = argv;
  return process::PosixProcessRunner().run(command, on_line);
}

inline void copy_all(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

inline std::string under(const std::string& root, const std::string& path) {
  return root + "/" + path;
}

inline void make_tar(const std::string& folder, const std::string& tar) {
  const auto outcome = run_program(
      {"tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-C", folder, "-cf", tar, "."});
  if (!outcome.ok()) throw Error(ErrorCode::kInternal, "tar " + process::describe(outcome) + ": " + outcome.err);
}

inline std::uint64_t bytes_below(const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

inline std::vector<std::string> words_of(const std::string& text) {
  if (support::starts_with(text, "[")) return json::parse(text).get<std::vector<std::string>>();
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// One build: reads the Dockerfile line by line.
class FakeEngine::Builder {
 public:
  Builder(FakeEngine& engine, const engine::BuildRequest& request, const engine::OnBuildEvent& on_event)
      : engine_(engine), request_(request), on_event_(on_event) {}

  BuildResult build() {
    const std::string file = request_.dockerfile.empty() ? request_.context_dir + "/Dockerfile" : request_.dockerfile;
    for (const std::string& line : support::split(support::read_file(file), '\n')) {
      if (line.empty() || line[0] == '#') continue;
      const std::size_t blank = line.find(' ');
      const std::string instruction = line.substr(0, blank);
      const std::string rest = support::trim(line.substr(blank));
      if (instruction == "FROM") {
        if (!request_.target.empty() && stage_ == request_.target) break;
        from(rest);
      } else if (instruction == "COPY" || instruction == "RUN") {
        if (!step(instruction, rest, line)) return result_;
      } else {
        set(instruction, rest);
      }
      chain_ += line + "\n";
    }
    return finish();
  }

 private:
  void from(const std::string& rest) {
    const auto words = words_of(rest);
    stage_ = words.size() == 3 ? words[2] : "";
    image_ = std::make_shared<Image>();
    image_->root = engine_.fresh("root");
    image_->info.os = "linux";
    image_->info.architecture = engine_.engine_info.architecture;
    chain_.clear();
    if (const auto base = engine_.find(words[0])) {
      image_->info = base->info;
      image_->info.tags.clear();
      image_->layers = base->layers;
      copy_all(base->root, image_->root);
    }
  }

  bool step(const std::string& instruction, const std::string& rest, const std::string& line) {
    const int number = ++steps_;
    const std::string name = "[" + std::to_string(number) + "] " + line;
    const auto emit = [&](BuildEvent::Kind kind, const std::string& text) {
      if (on_event_) on_event_({kind, number, text, 0});
    };
    emit(BuildEvent::Kind::kStepStarted, name);
    const std::string key = chain_ + line + (instruction == "COPY" ? content_of(words_of(rest)[0]) : "");
    const bool cached = engine_.cache_.count(key) != 0;
    std::string problem;
    if (instruction == "COPY") problem = copy(words_of(rest), line);
    if (instruction == "RUN" && !cached) {
      problem = execute(words_of(rest), [&](const std::string& text) { emit(BuildEvent::Kind::kOutput, text); });
    }
    if (problem.empty()) {
      engine_.cache_.insert(key);
      emit(cached ? BuildEvent::Kind::kStepCached : BuildEvent::Kind::kStepDone, name);
      return true;
    }
    emit(BuildEvent::Kind::kStepFailed, name);
    result_.failed_step = name;
    result_.message = problem;
    return false;
  }

  std::string content_of(const std::string& name) const {
    const fs::path path = fs::path(request_.context_dir) / name;
    return fs::is_regular_file(path) ? support::sha256_file_hex(path) : name;
  }

  std::string copy(const std::vector<std::string>& words, const std::string& line) {
    const fs::path source = fs::path(request_.context_dir) / words[0];
    if (!fs::exists(source)) return "failed to compute cache key: \"/" + words[0] + "\" not found";
    const std::string folder = engine_.fresh("layer");
    copy_all(source, under(folder, words[1]));
    copy_all(source, under(image_->root, words[1]));
    Layer layer;
    layer.info = {line + " # buildkit", bytes_below(folder)};
    layer.tar = folder + ".tar";
    make_tar(folder, layer.tar);
    layer.diff_id = "sha256:" + support::sha256_file_hex(layer.tar);
    image_->layers.push_back(layer);
    return {};
  }

  std::string execute(std::vector<std::string> argv, const std::function<void(const std::string&)>& on_output) {
    argv[0] = under(image_->root, argv[0]);
    const Outcome outcome = run_program(argv, [&](process::Stream, std::string_view line) {
      result_.last_lines.emplace_back(line);
      if (result_.last_lines.size() > kLinesKept) result_.last_lines.erase(result_.last_lines.begin());
      on_output(std::string(line));
    });
    if (outcome.ok()) {
      result_.last_lines.clear();
      return {};
    }
    return "process did not complete successfully: exit code: " + std::to_string(outcome.exit_code);
  }

  void set(const std::string& instruction, const std::string& rest) {
    const std::size_t equals = rest.find('=');
    if (instruction == "USER") image_->info.user = rest;
    if (instruction == "WORKDIR") image_->info.workdir = rest;
    if (instruction == "ENTRYPOINT") image_->info.entrypoint = words_of(rest);
    if (instruction == "CMD") image_->info.command = words_of(rest);
    if (instruction == "ENV") image_->info.environment.push_back(rest);
    if (instruction == "LABEL") image_->info.labels[rest.substr(0, equals)] = rest.substr(equals + 1);
  }

  BuildResult finish() {
    result_.ok = true;
    if (support::starts_with(request_.output, "local:")) {
      copy_all(image_->root, request_.output.substr(6));
      return result_;
    }
    engine::ImageInfo& info = image_->info;
    for (const auto& [name, value] : request_.labels) info.labels[name] = value;
    json ids = json::array();
    for (const Layer& layer : image_->layers) ids.push_back(layer.diff_id);
    info.diff_ids = ids.get<std::vector<std::string>>();
    info.bytes = bytes_below(image_->root);
    image_->config = json{{"architecture", info.architecture},
                          {"os", info.os},
                          {"rootfs", {{"type", "layers"}, {"diff_ids", ids}}},
                          {"config", {{"Labels", info.labels}, {"Env", info.environment}, {"User", info.user}}}}
                         .dump();
    info.id = "sha256:" + support::sha256_hex(image_->config);
    result_.image_id = info.id;
    engine_.images_[info.id] = image_;
    for (const std::string& tag : request_.tags) engine_.images_[tag] = image_;
    if (request_.output == "push") {
      for (const std::string& tag : request_.tags) result_.manifest_digest = engine_.push(tag, {}).digest;
    }
    if (support::starts_with(request_.output, "oci-dir:")) write_layout(request_.output.substr(8));
    return result_;
  }

  void write_layout(const std::string& target) {
    const std::string& tag = request_.tags.at(0);
    const std::string tar = engine_.fresh("saved") + ".tar";
    engine_.save(tag, tar);
    const auto layout = engine::write_oci_layout(tar, target, tag.substr(tag.rfind(':') + 1));
    result_.manifest_digest = layout.manifest_digest;
    result_.index_digest = layout.index_digest;
  }

  FakeEngine& engine_;
  const engine::BuildRequest& request_;
  const engine::OnBuildEvent& on_event_;
  BuildResult result_;
  std::shared_ptr<Image> image_ = std::make_shared<Image>();
  std::string stage_, chain_;
  int steps_ = 0;
};

}  // namespace envforge::testing
