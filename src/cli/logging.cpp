#include "logging.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace envforge::cli {

void start_logging(int verbosity) {
  if (verbosity <= 0) return;
  auto logger = std::make_shared<spdlog::logger>("envforge", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("[%H:%M:%S.%e] %v");
  logger->set_level(spdlog::level::debug);
  spdlog::register_logger(logger);
}

void log_debug(const std::string& line) {
  if (const auto logger = spdlog::get("envforge")) logger->debug("{}", line);
}

process::Outcome LoggingProcessRunner::run(const process::Command& command, const process::OnLine& on_line) {
  log_debug("run: " + process::to_shell(command.argv));
  auto outcome = inner_.run(command, on_line);
  log_debug("     " + process::describe(outcome) + " after " + std::to_string(outcome.took.count()) + " ms");
  return outcome;
}

}  // namespace envforge::cli
