#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>

#include <nlohmann/json.hpp>

#include <envforge/resolve/explain.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"
#include "commands/one_each.hpp"
#include "explain_json.hpp"
#include "help.hpp"
#include "logging.hpp"
#include "version.hpp"

namespace envforge::cli {
namespace {

using support::Error;
using support::ErrorCode;
using support::ExitCode;

volatile std::sig_atomic_t interrupted = 0;

extern "C" void on_signal(int) {
  interrupted = 1;
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void declare_globals(CLI::App& app, GlobalOptions& options) {
  app.add_flag("--json", options.json, "the answer, or the error, as JSON on standard output");
  app.add_flag("-q,--quiet", options.quiet, "no progress");
  // Without a default: newer versions of CLI11 would print the count's.
  app.add_flag("-v,--verbose", options.verbosity, "log what is run, on standard error")->default_str("");
  app.add_option("--color", options.colour, "auto, always or never")->check(one_of({"auto", "always", "never"}));
  app.add_option("--config", options.config, "site configuration file instead of the usual places");
  app.add_option("--data", options.data_dir, "folder of compatibility data instead of the built-in");
  app.add_option("--docker", options.docker, "the docker program to use");
  app.add_option("--host", options.host, "the engine to use, as docker --host");
  app.add_option("--cache-dir", options.cache_dir, "folder for what is fetched and built");
  app.add_option("--ca-bundle", options.ca_bundle, "CA certificates for the network; \"none\" for none");
  app.add_option("--wheels", options.wheels_dir, "a folder of wheels as the only source of Python packages");
  app.add_option("--debs", options.debs_dir, "a folder of .deb files as the only source of Debian packages");
}

ExitCode report_error(const Error& error, const GlobalOptions& options) {
  if (options.json) {
    nlohmann::json document{
        {"schema", "envforge/error"}, {"schema_version", 1}, {"error", support::error_to_json(error)}};
    if (const auto* conflict = dynamic_cast<const resolve::ConflictError*>(&error))
      document["conflict"] = conflict_json(conflict->conflict());
    print_out(document.dump(2) + "\n");
  } else {
    const Terminal terminal = look_at_terminal(options.colour);
    std::string text = support::format_error(error, terminal.err_is_terminal);
    if (terminal.colour_err)
      text = "\x1b[31m" + text.substr(0, text.find(':')) + "\x1b[0m" + text.substr(text.find(':'));
    print_err(text);
  }
  return interrupted != 0 ? ExitCode::kInterrupted : support::exit_code(error.code());
}

// Words that nothing expects: the nearest command below the one that was named, or the nearest option of that command.
std::string nearest(const CLI::App& app) {
  std::vector<std::string> options, commands;
  const CLI::App* named = &app;
  while (true) {
    for (auto& name : long_options(*named)) options.push_back(std::move(name));
    const auto chosen = named->get_subcommands();
    if (chosen.empty()) break;
    named = chosen.front();
  }
  for (const CLI::App* command : named->get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(command->get_name());
  for (const auto& word : app.remaining(true)) {
    const bool option = support::starts_with(word, "-");
    const auto hint = support::did_you_mean(word.substr(0, word.find('=')), option ? options : commands);
    if (!hint.empty()) return hint;
  }
  return "";
}

ExitCode dispatch(int argc, char** argv) {
  GlobalOptions options;
  CLI::App app("envforge: builds PyTorch GPU images and proves them on the target GPU", "envforge");
  app.set_version_flag(
      "--version", std::string("envforge ") + kVersion + (*kCommit != '\0' ? std::string(" (") + kCommit + ")" : ""));
  app.require_subcommand(0, 1);
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(help_footer());
  app.fallthrough();
  declare_globals(app, options);
  std::map<const CLI::App*, Action> actions;
  for (const auto& row : command_table()) {
    CLI::App* command = app.add_subcommand(std::string(row.name), std::string(row.description));
    command->group(std::string(row.group));
    command->fallthrough();
    actions[command] = row.declare(*command);
    if (row.name == "lock") command->alias("resolve");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success, std::cout, std::cerr);
    return ExitCode::kDone;
  } catch (const CLI::ParseError& error) {
    return report_error(Error(ErrorCode::kUsage, support::printable(error.what()), std::nullopt, nearest(app)),
                        options);
  }
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) {
    print_out(app.help());
    return ExitCode::kUsage;
  }
  start_logging(options.verbosity);
  catch_signals();
  try {
    Session session(options, &interrupted);
    try {
      return actions.at(chosen.front())(session);
    } catch (...) {
      session.events().finish();
      throw;
    }
  } catch (const Error& error) {
    return report_error(error, options);
  } catch (const std::exception& error) {
    return report_error(Error(ErrorCode::kInternal, error.what()), options);
  }
}

// The other end of a pipe was closed: `envforge explain --matrix | head` has all that it wants.
bool reader_left() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

// A document that was cut off must not pass for a whole one.
bool wrote_all() {
  std::cout.flush();
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
  const std::string why = errno == 0 ? "" : ": " + std::string(std::strerror(errno));
  if (!reader_left())
    print_err(
        support::format_error(Error(ErrorCode::kFileWrite, "cannot write the whole answer to standard output" + why)));
  return false;
}

}  // namespace
}  // namespace envforge::cli

int main(int argc, char** argv) {
  const auto code = envforge::cli::dispatch(argc, argv);
  if (!envforge::cli::wrote_all()) return static_cast<int>(envforge::support::ExitCode::kMachineLacks);
  return static_cast<int>(code);
}
