// Runs one case of tests/e2e/cases: `cmd` holds the arguments of envforge, one a line; the case's other files are
// copied to a fresh folder, the working directory. Standard output, standard error and the exit code must be what
// *.expected say. ENVFORGE_ACCEPT=1 rewrites those, and then the case is skipped, never passed.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <regex>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

namespace {

namespace fs = std::filesystem;
constexpr int kSkipped = 77;

std::string read_or_empty(const fs::path& path) {
  return fs::exists(path) ? envforge::support::read_file(path) : "";
}

// What differs from machine to machine and from day to day. Tested by being the only place.
std::string normal(std::string text, const fs::path& folder, const fs::path& source) {
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  };
  replace(folder.string(), "FOLDER");
  replace(source.string(), "SOURCE");
  text = std::regex_replace(text, std::regex("sha256:[0-9a-f]{64}"), "sha256:DIGEST");
  text = std::regex_replace(text, std::regex("age_days( +)[0-9]+"), "age_days$1N");
  // The built-in data of a checkout grows stale; tests/e2e/data_test.cpp looks at the warning.
  text = std::regex_replace(text, std::regex("warning: compatibility data of [^\n]*\n"), "");
  text = std::regex_replace(text, std::regex("envforge [0-9]+\\.[0-9]+\\.[0-9]+( \\([^)]*\\))?"), "envforge VERSION");
  return std::regex_replace(text, std::regex("[0-9]+\\.[0-9] s\\b"), "N s");
}

struct Expectation {
  const char* name;
  std::string actual;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const fs::path program = fs::absolute(argv[1]);
  const fs::path folder = argv[2];
  const fs::path source = argv[3];
  const envforge::support::TempDir work;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".expected" && entry.path().filename() != "cmd") {
      fs::copy(entry.path(), work.path() / entry.path().filename(), fs::copy_options::recursive);
    }
  }
  envforge::process::Command command;
  command.argv = {program.string()};
  for (auto line :
       envforge::support::split(envforge::support::trim(envforge::support::read_file(folder / "cmd")), '\n')) {
    const auto at = line.find("SOURCE/");
    if (at != std::string::npos) line.replace(at, 6, source.string());
    command.argv.push_back(line);
  }
  const char* path = std::getenv("PATH");
  command.environment = std::map<std::string, std::string>{
      {"HOME", work.path().string()}, {"PATH", path == nullptr ? "" : path}, {"LC_ALL", "C.UTF-8"}, {"TERM", "dumb"}};
  command.working_directory = work.path().string();
  command.deadline = std::chrono::minutes(2);
  envforge::process::PosixProcessRunner runner;
  const auto outcome = runner.run(command);
  if (outcome.kind != envforge::process::Outcome::Kind::kExited) {
    std::cout << envforge::process::describe(outcome) << "\n";
    return 1;
  }
  const Expectation expectations[] = {{"out.expected", normal(outcome.out, work.path(), source)},
                                      {"err.expected", normal(outcome.err, work.path(), source)},
                                      {"code.expected", std::to_string(outcome.exit_code) + "\n"}};
  const char* accept = std::getenv("ENVFORGE_ACCEPT");
  bool good = true;
  for (const auto& [name, actual] : expectations) {
    if (accept != nullptr && std::string(accept) == "1") {
      envforge::support::write_file_atomically(folder / name, actual);
      continue;
    }
    const std::string expected = read_or_empty(folder / name);
    if (expected == actual) continue;
    good = false;
    std::cout << "--- " << name << ", expected\n" << expected << "--- " << name << ", actual\n" << actual;
  }
  if (accept != nullptr && std::string(accept) == "1") return kSkipped;
  return good ? 0 : 1;
}
