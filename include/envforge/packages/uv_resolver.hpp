// The Python closure by uv, a child process. Used by cli's main (to build it) and the contract tests; knows nothing of
// GPUs, recipes or locks. Each call starts uv afresh with an environment of its own: no user's setting reaches it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <envforge/packages/python_resolver.hpp>
#include <envforge/process/process.hpp>

namespace envforge::packages {

struct UvSettings {
  std::string cache_dir;     // uv's own cache, kept between calls
  std::string program = {};  // "" = looked up on PATH
  std::chrono::milliseconds deadline = std::chrono::minutes(10);
};

class UvResolver : public PythonResolver {
 public:
  /// `runner` must outlive the resolver.
  UvResolver(process::ProcessRunner& runner, UvSettings settings) : runner_(runner), settings_(std::move(settings)) {}
  std::variant<std::vector<ResolvedWheel>, PythonConflict> resolve(const PythonRequest& request) override;
  std::variant<ResolvedSdist, PythonConflict> find_sdist(const PythonRequest& site, const std::string& name,
                                                         const std::string& version) override;
  std::variant<std::vector<std::string>, PythonConflict> wheel_names(const PythonRequest& site, const std::string& name,
                                                                     const std::string& version) override;
  void fetch_tool(const ResolvedWheel& uv, const PythonRequest& site, const std::string& path) override;

 private:
  process::Outcome run_uv(std::vector<std::string> arguments, const PythonRequest& request, const std::string& folder,
                          const std::string& from_source = {});
  std::optional<PythonConflict> trouble(const process::Outcome& outcome, const PythonRequest& request) const;
  void add_wheels_with_gil(PythonConflict& conflict, const PythonRequest& request);
  void add_requirers(std::vector<ResolvedWheel>& wheels, const PythonRequest& request, const std::string& folder);
  static void hash_folder(std::vector<ResolvedWheel>& wheels, const PythonRequest& request);
  std::string program();

  process::ProcessRunner& runner_;
  UvSettings settings_;
};

}  // namespace envforge::packages
