// A group in which every check misbehaves in its own way, for the tests of the driver. Its ids are fake.<behaviour>.
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <envforge/protocol/sealed_report.hpp>

#include "harness/check.hpp"
#include "numbers/problem.hpp"

namespace {

using namespace envforge;
using namespace envforge::validator;
using harness::Context;
using protocol::CheckResult;
using protocol::Verdict;

void write_all(int fd, const std::string& text) {
  if (write(fd, text.data(), text.size()) < 0) _exit(99);
}

std::string passed_line(const std::string& id) {
  CheckResult result;
  result.id = id;
  result.verdict = Verdict::kPass;
  return protocol::to_line(protocol::Result{result}) + "\n";
}

[[noreturn]] void wait_for_ever(Context& context) {
  context.doing("waiting for Godot");
  signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}

// Passes until a check before it in the group, `alternate`, ran twice.
void hang_later(Context& context, CheckResult& result) {
  const char* path = getenv("FAKE_STATE");
  struct stat state {};
  if (path != nullptr && stat(path, &state) == 0 && state.st_size > 1) wait_for_ever(context);
  result.verdict = Verdict::kPass;
}

// Passes in its first run, fails in its second, and so on; a file that FAKE_STATE names counts the runs.
void alternate(Context&, CheckResult& result) {
  const char* path = getenv("FAKE_STATE");
  FILE* state = path == nullptr ? nullptr : fopen(path, "a");
  if (state == nullptr) throw harness::Skip("FAKE_STATE names no file");
  fputc('x', state);
  const long runs = ftell(state);
  fclose(state);
  result.measurements.push_back({"runs", static_cast<double>(runs), "runs", {}, "", {}});
  if (runs % 2 == 0) throw harness::Failure("it is broken now", protocol::Layer::kHardware);
  result.verdict = Verdict::kPass;
}

using Body = void (*)(Context&, CheckResult&);

class Fake : public harness::Check {
 public:
  Fake(Body body, bool recomputed) : body_(body), recomputed_(recomputed) {}
  bool recomputed() const override { return recomputed_; }
  void run(Context& context, CheckResult& result) override { body_(context, result); }

 private:
  Body body_;
  bool recomputed_;
};

// Makes 1000 numbers as the "library", changes one in the part `spoil` of the output, and shows them to the driver.
void compute(Context& context, CheckResult& result, bool spoil) {
  const protocol::Problem problem{"copy", {}, {5, "fp32", 100}, {}, "fp32", 60};
  const numbers::U64 base = numbers::stream_base(context.request().seed, 5);
  context.recompute(problem, [&](const std::vector<std::uint64_t>& indices) {
    std::vector<std::uint64_t> bits;
    for (const auto index : indices) {
      const std::uint64_t fault =
          spoil && index == 17 ? 0x40000000U : 0;  // of the exponent: no number stays what it is
      bits.push_back(numbers::element_bits(base, index, 100, numbers::Type::kFp32) ^ fault);
    }
    return bits;
  });
  result.verdict = Verdict::kPass;
}

// Opens the driver's memory and channel ends, as an image's library would to get at the key. Passes if it could.
void attack_driver(Context&, CheckResult& result) {
  const std::string driver = "/proc/" + std::to_string(getppid());
  std::string tried;
  bool broke_in = false;
  for (const char* file : {"/mem", "/fd/0", "/fd/1", "/fd/3", "/environ", "/maps", "/auxv", "/stack", "/syscall"}) {
    const int fd = open((driver + file).c_str(), O_RDWR);
    const int reading = fd >= 0 ? fd : open((driver + file).c_str(), O_RDONLY);
    char byte = 0;
    const bool got = reading >= 0 && (read(reading, &byte, 1) > 0 || std::string(file) == "/mem");
    if (got) tried += std::string(" ") + file;
    broke_in = broke_in || got;
    if (reading >= 0) close(reading);
  }
  if (ptrace(PTRACE_SEIZE, getppid(), nullptr, nullptr) == 0) {
    broke_in = true;
    tried += " ptrace";
  }
  result.verdict = broke_in ? Verdict::kPass : Verdict::kSkipped;
  result.reason = broke_in ? "broke in by" + tried : "nothing of the driver can be opened";
}

// Tries to write a result into the channel of a process that it did not get one from: a sibling that holds a socket
// pair.
void write_into_another(Context&, CheckResult& result) {
  int ends[2];
  const pid_t other = [&] {
    if (pipe(ends) != 0) _exit(98);
    const pid_t child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    return child;
  }();
  const std::string path = "/proc/" + std::to_string(other) + "/fd/" + std::to_string(protocol::kChannelFd);
  const int fd = open(path.c_str(), O_WRONLY);
  result.verdict = fd >= 0 ? Verdict::kPass : Verdict::kSkipped;
  result.reason = fd >= 0 ? "opened " + path : std::string("the channel cannot be opened: ") + strerror(errno);
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
}

void print_a_report(Context&, CheckResult& result) {
  protocol::Report forged;
  CheckResult good;
  good.id = "fake.prints-report";
  good.verdict = Verdict::kPass;
  forged.groups.push_back({"fake", {good}, {}, 0.1});
  const std::string text = std::string(protocol::kReportBegin) + "\n" +
                           protocol::seal(forged, "0123456789abcdef0123456789abcdef") + "\n" +
                           std::string(protocol::kReportEnd) + "\nPASS\n";
  write_all(STDOUT_FILENO, text);
  write_all(STDERR_FILENO, text);
  result.reason = "printed PASS";
  result.verdict = Verdict::kFail;
}

struct Row {
  const char* name;
  Body body;
  bool recomputed;
};

const Row kRows[] = {
    {"alternates", alternate, false},
    {"passes", [](Context&, CheckResult& r) { r.verdict = Verdict::kPass; }, false},
    {"fails", [](Context&, CheckResult&) { throw harness::Failure("it is broken", protocol::Layer::kHardware); },
     false},
    {"skips", [](Context&, CheckResult&) { throw harness::Skip("not here"); }, false},
    {"throws", [](Context&, CheckResult&) { throw std::runtime_error("thrown"); }, false},
    {"crashes",
     [](Context& c, CheckResult&) {
       c.doing("dividing the moon");
       write_all(STDERR_FILENO, "last words\n");
       raise(SIGSEGV);
     },
     false},
    {"exits", [](Context&, CheckResult&) { _exit(3); }, false},
    {"hangs", [](Context& c, CheckResult&) { wait_for_ever(c); }, false},
    {"hangs-later", hang_later, false},
    {"prints-garbage",
     [](Context&, CheckResult& r) {
       write_all(3, "PASS\n");
       r.verdict = Verdict::kPass;
     },
     false},
    {"floods",
     [](Context&, CheckResult&) {
       for (;;) write_all(3, std::string(65536, 'x'));
     },
     false},
    {"reports-twice",
     [](Context&, CheckResult& r) {
       write_all(3, passed_line("fake.reports-twice"));
       r.verdict = Verdict::kPass;
     },
     false},
    {"reports-another", [](Context&, CheckResult&) { write_all(3, passed_line("fake.passes")); }, false},
    {"says-bye",
     [](Context&, CheckResult&) {
       write_all(3, "{\"type\":\"bye\"}\n");
       _exit(0);
     },
     false},
    {"is-silent", [](Context&, CheckResult&) { _exit(0); }, false},
    {"leaves-a-child",
     [](Context&, CheckResult& r) {
       if (fork() == 0) {
         for (;;) pause();
       }
       r.verdict = Verdict::kPass;
     },
     false},
    {"computes-right", [](Context& c, CheckResult& r) { compute(c, r, false); }, true},
    {"computes-wrong", [](Context& c, CheckResult& r) { compute(c, r, true); }, true},
    {"hides-its-output", [](Context&, CheckResult& r) { r.verdict = Verdict::kPass; }, true},
    {"skips-without-reason", [](Context&, CheckResult& r) { r.verdict = Verdict::kSkipped; }, false},
    {"attacks-driver", attack_driver, false},
    {"writes-into-another", write_into_another, false},
    {"prints-report", print_a_report, false},
};

struct Registrations {
  Registrations() {
    for (const Row& row : kRows) {
      harness::Registration((std::string("checks/fake/") + row.name + ".cpp").c_str(),
                            [row] { return std::make_unique<Fake>(row.body, row.recomputed); });
    }
  }
};
const Registrations registrations;

}  // namespace
