// The debug log (-v): what envforge runs and how long it takes. The only place that knows spdlog.
#pragma once

#include <memory>
#include <string>

#include <envforge/process/process.hpp>

namespace envforge::cli {

/// Off until called. Level 1 logs to standard error.
void start_logging(int verbosity);
void log_debug(const std::string& line);

/// A ProcessRunner that logs each command with its outcome and passes it on.
class LoggingProcessRunner : public process::ProcessRunner {
 public:
  explicit LoggingProcessRunner(process::ProcessRunner& inner) : inner_(inner) {}
  process::Outcome run(const process::Command& command, const process::OnLine& on_line) override;
  std::vector<std::string> find_programs(const std::string& name) override { return inner_.find_programs(name); }

 private:
  process::ProcessRunner& inner_;
};

}  // namespace envforge::cli
