// envforge-driver: PID 1 of the container that `verify` starts, or a child of `verify --here`. Reads one request from
// standard input, writes progress to standard error, and one sealed report to standard output. Exit codes: those of the
// CLI.
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <envforge/protocol/sealed_report.hpp>
#include <envforge/protocol/torch_facts.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/environment.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/exit_code.hpp>
#include <envforge/support/sha256.hpp>

#include "driver/guard.hpp"
#include "driver/plan.hpp"
#include "driver/run_report.hpp"
#include "driver/session.hpp"
#include "driver/torch_facts.hpp"

namespace {

using namespace envforge;

volatile std::sig_atomic_t interrupted = 0;  // written by the handler only

std::string read_standard_input() {
  std::string text;
  char buffer[65536];
  for (ssize_t n; (n = read(STDIN_FILENO, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) {
    throw support::Error(support::ErrorCode::kInternal, "the kernel gives no random numbers");
  }
  return number;
}

std::string own_path() {
  char buffer[4096];
  const ssize_t n = readlink("/proc/self/exe", buffer, sizeof buffer);
  return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
}

void be_a_good_first_process() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  struct sigaction action {};
  action.sa_handler = [](int signal) { interrupted = signal; };
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaction(signal, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

protocol::Report work(const protocol::DriverRequest& request) {
  const auto variable = [](const char* name) { return std::getenv(name); };
  if (auto preload = validator::driver::find_preload(variable, "", request.group.flags_are_the_runs)) {
    preload->what += ", so any program here may run foreign code";
    return validator::driver::refuse(request, *preload);
  }
  validator::driver::Surroundings around;
  const std::string self = own_path();
  around.groups_dir = request.groups_dir.empty() ? self.substr(0, self.rfind('/')) : request.groups_dir;
  around.environment = support::environment_of(environ);
  around.random = random_number;
  around.progress = [](const protocol::Progress& progress) { std::fprintf(stderr, "%s\n", to_line(progress).c_str()); };
  around.interrupted = &interrupted;
  around.reap_strangers = true;
  protocol::Report report = validator::driver::run_session(request, around);
  report.validator.binaries["envforge-driver"] = support::sha256_file_hex(self);
  return report;
}

// A request with a key that nobody keeps: for looking at a machine by hand, not for evidence.
void print_request(const std::vector<std::string>& checks) {
  protocol::DriverRequest request;
  for (int i = 0; i < 4; ++i) request.key += support::sha256_hex(std::to_string(random_number())).substr(0, 16);
  request.group.checks = checks.empty() ? validator::driver::checks_of(request.group.suite) : checks;
  request.report.suite = to_string(request.group.suite);
  std::printf("%s\n", support::canonical_json(to_json(request)).c_str());
}

support::ExitCode exit_code_of(protocol::Verdict verdict) {
  if (interrupted != 0) return support::ExitCode::kInterrupted;
  return verdict == protocol::Verdict::kPass ? support::ExitCode::kDone : support::ExitCode::kNegativeVerdict;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string(argv[1]) == "--request") {
      print_request({argv + 2, argv + argc});
      return 0;
    }
    if (argc > 1 && std::string(argv[1]) == "--torch") {
      const auto facts =
          validator::driver::read_torch_facts("/", support::environment_of(environ), argc > 2 ? argv[2] : "");
      std::printf("%s\n", support::canonical_json(to_json(facts)).c_str());
      return 0;
    }
    validator::driver::make_unreadable();
    be_a_good_first_process();
    const protocol::DriverRequest request = protocol::driver_request_from_text(read_standard_input());
    const protocol::Report report = work(request);
    std::printf("%.*s\n%s\n%.*s\n", static_cast<int>(protocol::kReportBegin.size()), protocol::kReportBegin.data(),
                protocol::seal(report, request.key).c_str(), static_cast<int>(protocol::kReportEnd.size()),
                protocol::kReportEnd.data());
    std::fflush(stdout);
    return static_cast<int>(exit_code_of(protocol::overall(report)));
  } catch (const support::Error& error) {
    std::fputs(support::format_error(error).c_str(), stderr);
    return static_cast<int>(support::exit_code(error.code()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "envforge-driver: %s\n", error.what());
    return static_cast<int>(support::ExitCode::kBug);
  }
}
