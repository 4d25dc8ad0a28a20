#include <envforge/packages/deb_index.hpp>

#include <algorithm>
#include <filesystem>

#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "apt_files.hpp"

namespace envforge::packages {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

DebIndex index_debs(process::ProcessRunner& runner, const std::string& folder, std::chrono::milliseconds deadline) {
  if (!fs::is_directory(folder))
    throw Error(ErrorCode::kFileUnreadable, "the folder of .deb files " + folder + " is not there");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".deb") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  DebIndex index;
  for (const fs::path& file : files) {
    process::Command command;
    command.argv = {"dpkg-deb", "--field", file.string()};
    command.deadline = deadline;
    const process::Outcome outcome = runner.run(command);
    process::throw_if_interrupted(outcome, "dpkg-deb");
    if (!outcome.ok()) {
      Error error(ErrorCode::kDebTool, file.string() + " cannot be read: dpkg-deb " + process::describe(outcome));
      for (const auto& line : support::split(support::trim(outcome.err), '\n')) error.note(support::printable(line));
      throw error;
    }
    const Stanza control{support::trim(outcome.out) + "\n"};
    index.names.push_back(control.field("Package"));
    index.text += control.text + "Filename: ./" + file.filename().string() +
                  "\nSize: " + std::to_string(fs::file_size(file)) +
                  "\nSHA256: " + support::sha256_file_hex(file.string()) + "\n\n";
  }
  return index;
}

}  // namespace envforge::packages
