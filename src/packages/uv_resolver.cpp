#include <envforge/packages/uv_resolver.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <utility>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>
#include <envforge/versions/python_name.hpp>

#include "uv_answer.hpp"
#include "uv_request.hpp"

namespace envforge::packages {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

bool is_elf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  return file.read(magic, 4) && std::string(magic, 4) ==
                                    "\x7f"
                                    "ELF";
}

Error uv_failed(const process::Outcome& outcome) {
  Error error(ErrorCode::kUvFailed, "uv " + process::describe(outcome));
  for (const std::string& line : support::split(support::trim(outcome.err), '\n')) error.note(support::printable(line));
  return error;
}

/// Failures that are no answer about packages: they end in an Error that says what the machine lacks.
Error failure(const process::Outcome& outcome) {
  if (outcome.err.find("No interpreter found") != std::string::npos) {
    return Error(ErrorCode::kProgramMissing,
                 "uv finds no Python on this machine and needs one (of any version) to read markers", std::nullopt,
                 "install python3 (apt install python3-minimal)");
  }
  if (outcome.err.find("error: unexpected argument") != std::string::npos ||
      outcome.err.find("error: invalid value") != std::string::npos) {
    return uv_failed(outcome).note("this uv does not know an option that envforge needs: it is too old");
  }
  return uv_failed(outcome);
}

constexpr const char* kOverrides = "overrides.txt";

void add_overrides(std::vector<std::string>& arguments, const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / kOverrides, error)) arguments.push_back("--overrides=" + (folder / kOverrides).string());
}

constexpr const char* kInterpreter = "python3-without-gil";

// Asks uv's question to a Python of this machine, whichever it is.
void write_interpreter(const std::vector<std::string>& pythons, const fs::path& folder) {
  if (pythons.empty())
    throw Error(ErrorCode::kProgramMissing, "there is no python3 on PATH, and uv needs one (of any version)",
                std::nullopt, "install python3 (apt install python3-minimal)");
  std::string python;
  for (const char c : pythons.front()) python += c == '\'' ? std::string("'\\''") : std::string(1, c);
  const std::string answer = (folder / "answer.py").string();
  support::write_file_atomically(answer, uv_python_answer());
  support::write_file_atomically(folder / kInterpreter, "#!/bin/sh\nexec '" + python + "' -I '" + answer + "' \"$@\"\n",
                                 0755);
}

std::optional<PythonConflict> refuse_malformed(const PythonRequest& request) {
  for (const auto* list : {&request.pins, &request.requirements}) {
    for (const std::string& requirement : *list) {
      const std::string problem = requirement_problem(requirement);
      if (problem.empty()) continue;
      PythonConflict conflict;
      conflict.package = versions::requirement_name(requirement);
      conflict.lines = {"'" + support::printable(requirement) + "' cannot be locked: " + problem};
      conflict.hint = "write it as NAME>=VERSION; a wheel of your own comes from a folder, --wheels DIR";
      return conflict;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string UvResolver::program() {
  if (!settings_.program.empty()) return settings_.program;
  const std::vector<std::string> found = runner_.find_programs("uv");
  if (found.empty()) {
    throw Error(ErrorCode::kProgramMissing, "uv, which resolves Python packages, is not on PATH", std::nullopt,
                "get it with `pip install --user uv`, or copy its static program into ~/.local/bin");
  }
  // A launcher script of a version manager costs more than uv itself.
  const auto program = std::find_if(found.begin(), found.end(), is_elf);
  return program != found.end() ? *program : found.front();
}

process::Outcome UvResolver::run_uv(std::vector<std::string> arguments, const PythonRequest& request,
                                    const std::string& folder, const std::string& from_source) {
  process::Command command;
  command.argv = {program(), "pip"};
  const std::vector<std::string> python = runner_.find_programs("python3");
  if (arguments.front() == "compile" && versions::is_free_threaded(request.python_version)) {
    write_interpreter(python, folder);
    arguments.push_back("--python=" + (fs::path(folder) / kInterpreter).string());
  }
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  const std::vector<std::string> sources = uv_source_arguments(request, settings_.cache_dir, from_source);
  command.argv.insert(command.argv.end(), sources.begin(), sources.end());
  // Nothing of the caller's environment: no UV_*, PIP_*, .netrc or uv.toml may change what is chosen.
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  if (!python.empty()) path += ":" + fs::path(python.front()).parent_path().string();
  command.environment = request.proxies;
  command.environment->insert_or_assign("PATH", path);
  command.environment->insert_or_assign("HOME", folder);
  command.environment->insert_or_assign("UV_HTTP_TIMEOUT", "30");
  command.environment->insert_or_assign("UV_HTTP_CONNECT_TIMEOUT", "10");
  command.environment->insert_or_assign("UV_HTTP_RETRIES", "2");
  if (!request.ca_bundle.empty()) command.environment->insert_or_assign("SSL_CERT_FILE", request.ca_bundle);
  command.working_directory = folder;
  command.deadline = settings_.deadline;
  process::Outcome outcome = runner_.run(command);
  process::throw_if_interrupted(outcome, "uv");
  if (outcome.kind == process::Outcome::Kind::kNotStarted) {
    throw Error(ErrorCode::kProgramMissing, command.argv.front() + " " + process::describe(outcome));
  }
  return outcome;
}

/// Why uv gave no answer, if the packages or their index are the reason. Throws for every other one.
std::optional<PythonConflict> UvResolver::trouble(const process::Outcome& outcome, const PythonRequest& request) const {
  if (outcome.kind == process::Outcome::Kind::kDeadline) {
    PythonConflict conflict;
    conflict.kind = PythonConflict::Kind::kIndexUnreachable;
    conflict.lines = {"uv got no whole answer from the index within " +
                      std::to_string(settings_.deadline.count() / 1000) + " s"};
    conflict.hint = "check the network and the index address, or give a mirror or --wheels DIR";
    return conflict;
  }
  if (!outcome.ok()) {
    if (auto conflict = read_conflict(outcome.err, request)) return conflict;
    throw failure(outcome);
  }
  return std::nullopt;
}

std::variant<std::vector<ResolvedWheel>, PythonConflict> UvResolver::resolve(const PythonRequest& request) {
  if (auto malformed = refuse_malformed(request)) return *malformed;
  const support::TempDir folder("envforge-uv-");
  const fs::path project = folder.path() / "pyproject.toml";
  const fs::path answer = folder.path() / "pylock.toml";
  const std::string provided = (folder.path() / "provided").string();
  support::write_file_atomically(project, uv_project(request, provided));
  for (const auto& [name, version] : request.provided)
    support::write_file_atomically(fs::path(provided) / name / "pyproject.toml", uv_provided(name, version));
  if (const std::string overrides = uv_overrides(request, provided); !overrides.empty())
    support::write_file_atomically(folder.path() / kOverrides, overrides);
  if (!request.preferences.empty()) support::write_file_atomically(answer, uv_preferences(request));

  std::vector<std::string> arguments = uv_compile_arguments(request, "pylock.toml");
  arguments.insert(arguments.begin(), "compile");
  arguments.insert(arguments.end(), {"--output-file=" + answer.string(), project.string()});
  add_overrides(arguments, folder.path());
  const process::Outcome outcome = run_uv(std::move(arguments), request, folder.path().string());
  if (auto conflict = trouble(outcome, request)) {
    add_wheels_with_gil(*conflict, request);
    return *conflict;
  }
  std::vector<ResolvedWheel> wheels = read_pylock(support::read_file(answer), request);
  hash_folder(wheels, request);
  add_requirers(wheels, request, folder.path().string());
  return wheels;
}

/// A package that has wheels, but none for a Python without a GIL: which it has, of the version that would be taken.
void UvResolver::add_wheels_with_gil(PythonConflict& conflict, const PythonRequest& request) {
  if (!versions::is_free_threaded(request.python_version) || conflict.package.empty()) return;
  if (conflict.kind == PythonConflict::Kind::kIndexUnreachable || conflict.kind == PythonConflict::Kind::kNoSuchPackage)
    return;
  PythonRequest with = request;
  with.python_version = python_number(request);
  with.requirements = {conflict.package};
  for (const auto* list : {&request.pins, &request.requirements}) {
    for (const std::string& requirement : *list) {
      if (versions::requirement_name(requirement) == versions::normal_name(conflict.package))
        with.requirements = {requirement};
    }
  }
  with.pins.clear();
  with.provided.clear();
  const auto answer = resolve(with);
  const auto* wheels = std::get_if<std::vector<ResolvedWheel>>(&answer);
  if (wheels == nullptr) return;
  for (const ResolvedWheel& wheel : *wheels) {
    if (wheel.name != versions::normal_name(conflict.package)) continue;
    conflict.lines.push_back(wheel.name + " " + wheel.version + " has a wheel for Python " + with.python_version +
                             " (" + wheel.filename + ") and none that Python " + request.python_version + " loads");
    conflict.hint = "take `python: \"" + with.python_version + "\"`, or leave " + wheel.name +
                    " out, or a version of it that has such a wheel; " + conflict.hint;
  }
}

std::variant<ResolvedSdist, PythonConflict> UvResolver::find_sdist(const PythonRequest& site, const std::string& name,
                                                                   const std::string& version) {
  PythonRequest request = site;
  request.pins.clear();
  request.preferences.clear();
  request.requirements = {name + "==" + version};
  if (auto malformed = refuse_malformed(request)) return *malformed;
  const support::TempDir folder("envforge-uv-");
  const fs::path project = folder.path() / "pyproject.toml";
  const fs::path answer = folder.path() / "pylock.toml";
  support::write_file_atomically(project, uv_project(request) + uv_known_needs(name, version));
  std::vector<std::string> arguments = uv_compile_arguments(request, "pylock.toml");
  arguments.insert(arguments.begin(), "compile");
  arguments.insert(arguments.end(), {"--no-deps", "--output-file=" + answer.string(), project.string()});
  const process::Outcome outcome = run_uv(std::move(arguments), request, folder.path().string(), name);
  if (auto conflict = trouble(outcome, request)) {
    if (conflict->kind == PythonConflict::Kind::kUnsatisfiable) {
      conflict->package = name;
      conflict->hint = "name a version that has a source distribution";
    }
    return *conflict;
  }
  ResolvedSdist sdist = read_sdist(support::read_file(answer), request);
  if (sdist.sha256.empty())
    sdist.sha256 = support::sha256_file_hex((fs::path(request.wheels_dir) / sdist.filename).string());
  return sdist;
}

std::variant<std::vector<std::string>, PythonConflict> UvResolver::wheel_names(const PythonRequest& site,
                                                                               const std::string& name,
                                                                               const std::string& version) {
  PythonRequest request = site;
  request.pins.clear();
  request.pin_index.clear();
  request.requirements = {name + "==" + version};
  if (auto malformed = refuse_malformed(request)) return *malformed;
  const support::TempDir folder("envforge-uv-");
  const fs::path asked = folder.path() / "requirements.in", answer = folder.path() / "pylock.toml";
  support::write_file_atomically(asked, request.requirements.front() + "\n");
  std::vector<std::string> arguments = uv_compile_arguments(request, "pylock.toml");
  for (auto& argument : arguments) {
    if (support::starts_with(argument, "--python-platform=")) argument = "--universal";
  }
  arguments.insert(arguments.begin(), "compile");
  arguments.insert(arguments.end(), {"--no-deps", "--output-file=" + answer.string(), asked.string()});
  const process::Outcome outcome = run_uv(std::move(arguments), request, folder.path().string());
  if (auto conflict = trouble(outcome, request)) return *conflict;
  return read_wheel_names(support::read_file(answer));
}

/// The wheels of a folder that uv left without a hash, all cores at once: they are gigabytes.
void UvResolver::hash_folder(std::vector<ResolvedWheel>& wheels, const PythonRequest& request) {
  std::vector<ResolvedWheel*> open;
  for (ResolvedWheel& wheel : wheels) {
    if (wheel.sha256.empty()) open.push_back(&wheel);
  }
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < open.size(); i = next++) {
      open[i]->sha256 = support::sha256_file_hex((fs::path(request.wheels_dir) / open[i]->filename).string());
    }
  };
  std::vector<std::future<void>> workers;
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < std::min(cores, open.size()); ++i)
    workers.push_back(std::async(std::launch::async, work));
  for (auto& worker : workers) worker.get();
}

/// uv's lock does not say who needs a package; its older format does. The second run finds everything in uv's cache and
/// has nothing to decide, for each version is given.
void UvResolver::add_requirers(std::vector<ResolvedWheel>& wheels, const PythonRequest& request,
                               const std::string& folder) {
  std::string constraints;
  for (const ResolvedWheel& wheel : wheels) constraints += wheel.name + "==" + wheel.version + "\n";
  const fs::path file = fs::path(folder) / "constraints.txt";
  support::write_file_atomically(file, constraints);
  std::vector<std::string> arguments = uv_compile_arguments(request, "requirements.txt");
  arguments.insert(arguments.begin(), "compile");
  arguments.insert(arguments.end(),
                   {"--quiet", "--constraints=" + file.string(), (fs::path(folder) / "pyproject.toml").string()});
  if (request.wheels_dir.empty()) arguments.emplace_back("--offline");
  add_overrides(arguments, folder);
  const process::Outcome outcome = run_uv(std::move(arguments), request, folder);
  if (!outcome.ok()) throw failure(outcome);
  const auto required_by = read_annotations(outcome.out);
  for (ResolvedWheel& wheel : wheels) {
    if (!request.wheels_dir.empty()) wheel.size = fs::file_size(fs::path(request.wheels_dir) / wheel.filename);
    const auto found = required_by.find(wheel.name);
    if (found != required_by.end()) wheel.required_by = found->second;
  }
  for (const auto& [name, version] : request.provided) {
    const auto found = required_by.find(name);
    if (found == required_by.end() || found->second.empty()) continue;
    ResolvedWheel row;
    row.name = name;
    row.version = version;
    row.index = kProvided;
    row.required_by = found->second;
    wheels.push_back(std::move(row));
  }
  std::sort(wheels.begin(), wheels.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

void UvResolver::fetch_tool(const ResolvedWheel& uv, const PythonRequest& site, const std::string& path) {
  const support::TempDir folder("envforge-uv-");
  const fs::path requirements = folder.path() / "requirements.txt";
  support::write_file_atomically(requirements, uv.name + "==" + uv.version + " --hash=sha256:" + uv.sha256 + "\n");
  const fs::path target = folder.path() / "target";
  const process::Outcome outcome =
      run_uv({"install", "--quiet", "--no-deps", "--require-hashes", "--link-mode=copy", "--target=" + target.string(),
              "--python-version=" + python_number(site), "--python-platform=" + uv_platform(tag_target(site)),
              "--requirements=" + requirements.string()},
             site, folder.path().string());
  if (!outcome.ok()) {
    Error error(ErrorCode::kWheelFetch, uv.filename + " could not be fetched: uv " + process::describe(outcome));
    for (const std::string& line : support::split(support::trim(outcome.err), '\n'))
      error.note(support::printable(line));
    throw error;
  }
  support::write_file_atomically(path, support::read_file(target / "bin" / "uv"), 0755);
}

}  // namespace envforge::packages
