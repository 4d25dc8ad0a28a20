#include "deb_answers.hpp"

#include <algorithm>
#include <cstdlib>

#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

namespace envforge::packages {
namespace {

namespace fs = std::filesystem;

// Part of every key: a new number forgets all answers, for when this program asks apt otherwise than before.
constexpr const char* kForm = "envforge deb answer 1\n";
constexpr std::size_t kFields = 7;

std::string key_of(const DebRequest& request) {
  std::string text = kForm;
  text += request.mirror.base + "\n" + request.mirror.architecture + "\n" + (request.with_base ? "base\n" : "\n");
  for (const std::string& name : request.names) text += name + "\n";
  for (const auto* list : {&request.installed, &request.preferred}) {
    text += "--\n";
    for (const ResolvedDeb& deb : *list) text += deb.name + " " + deb.version + " " + deb.architecture + "\n";
  }
  return support::sha256_hex(text);
}

}  // namespace

DebAnswers::DebAnswers(const fs::path& folder, const fs::path& lists) : all_(folder) {
  std::vector<fs::path> releases;
  for (const auto& entry : fs::directory_iterator(lists)) {
    if (support::ends_with(entry.path().filename().string(), "Release")) releases.push_back(entry.path());
  }
  std::sort(releases.begin(), releases.end());
  std::string text = kForm;
  for (const fs::path& release : releases) {
    text += release.filename().string() + " " + support::sha256_file_hex(release.string()) + "\n";
  }
  folder_ = all_ / support::sha256_hex(text);
}

std::optional<std::vector<ResolvedDeb>> DebAnswers::find(const DebRequest& request) const {
  const fs::path file = folder_ / key_of(request);
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  std::vector<ResolvedDeb> debs;
  const auto lines = support::split(support::read_file(file), '\n');
  // The last line ends the file: a shorter one was not written to its end.
  if (lines.size() < 2 || lines[lines.size() - 2] != "end") return std::nullopt;
  for (std::size_t i = 0; i + 2 < lines.size(); ++i) {
    const auto fields = support::split(lines[i], '\t');
    if (fields.size() != kFields || fields[5].size() != 64) return std::nullopt;
    ResolvedDeb deb{fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]};
    deb.size = std::strtoull(fields[6].c_str(), nullptr, 10);
    debs.push_back(std::move(deb));
  }
  return debs;
}

void DebAnswers::keep(const DebRequest& request, const std::vector<ResolvedDeb>& debs) const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(all_, error)) {
    if (entry.path() != folder_) fs::remove_all(entry.path(), error);
  }
  std::string text;
  for (const ResolvedDeb& deb : debs) {
    text += support::join({deb.name, deb.version, deb.architecture, deb.suite, deb.filename, deb.sha256,
                           std::to_string(deb.size)},
                          "\t") +
            "\n";
  }
  support::write_file_atomically(folder_ / key_of(request), text + "end\n");
}

}  // namespace envforge::packages
