#include "scripts/explain.hpp"

#include <algorithm>
#include <csignal>
#include <vector>

#include <envforge/support/text.hpp>

#include "harness/check.hpp"

namespace envforge::validator::scripts {
namespace {

using protocol::Layer;
using Kind = process::Outcome::Kind;

constexpr const char* kMoreShm = "docker run --shm-size=1g (or --ipc=host); in the recipe: run: {shm: 1g}";
constexpr const char* kCompiler = "in the recipe: capabilities: [torch_compile]";
constexpr const char* kTorchvision =
    "torchvision of the same release and index as torch; in the recipe: torch: {include: [torchvision]}";

// Words of the programs themselves: torch's DataLoader, Inductor and Triton, torchvision, the dynamic linker, getpass.
constexpr Meaning kMeanings[] = {
    {"insufficient shared memory", "a DataLoader's worker died of a full /dev/shm", Layer::kContainerFlags, kMoreShm},
    {"Bus error", "a process died of a bus error: /dev/shm is full", Layer::kContainerFlags, kMoreShm},
    {"unable to write to file </torch_", "a DataLoader's worker could not write to /dev/shm", Layer::kContainerFlags,
     kMoreShm},
    {"operator torchvision::", "torchvision was built for another torch", Layer::kImage, kTorchvision},
    {"Failed to find C compiler", "torch.compile found no C compiler", Layer::kImage, kCompiler},
    {"No working C++ compiler found", "torch.compile found no C++ compiler", Layer::kImage, kCompiler},
    {"Python.h: No such file", "torch.compile found no Python.h", Layer::kImage, kCompiler},
    {"No module named 'setuptools'", "torch.compile of this torch needs setuptools, which is not installed",
     Layer::kImage, "in the recipe: packages: {pip: [setuptools]}"},
    {"Unsupported gpu architecture", "the image's nvcc makes no code for this GPU", Layer::kImage,
     "in the recipe a torch for a newer CUDA; envforge explain --matrix --devel --gpu NAME lists them"},
    {"unsupported GNU version", "the image's nvcc does not take its g++", Layer::kImage,
     "in the recipe an older base, or a torch for a newer CUDA"},
    {"getpwuid(): uid not found", "the container's user has no name, which torch's caches ask for",
     Layer::kContainerFlags, "docker run --env USER=user, or a --user that the image's /etc/passwd names"},
    {"Read-only file system", "Python may not write where torch keeps its caches", Layer::kContainerFlags,
     "docker run --tmpfs /tmp --env HOME=/tmp"},
    {"undefined symbol", "a library lacks a symbol that another needs: two builds are mixed", Layer::kImage,
     "the group audit names the libraries; remove the second copy or unset LD_LIBRARY_PATH"},
    {"Cannot find a working triton installation", "torch.compile found no triton", Layer::kImage, kCompiler}};

std::string end_of(const std::string& text, std::size_t most) {
  return text.size() > most ? text.substr(text.size() - most) : text;
}

/// The last lines of what it wrote, without Python's list of every extension module behind a crash.
std::vector<std::string> last_lines(const std::string& text) {
  constexpr std::size_t kMost = 1500;
  std::vector<std::string> lines;
  std::size_t size = 0;
  const auto all = support::split(text, '\n');
  for (auto line = all.rbegin(); line != all.rend() && size < kMost; ++line) {
    const std::string clean = support::printable(end_of(support::trim(*line), kMost));
    if (clean.empty() || support::starts_with(clean, "Extension modules:")) continue;
    lines.insert(lines.begin(), clean);
    size += clean.size();
  }
  return lines;
}

/// The last lines; of a script that was ended or killed, where it was: Python's dump names the innermost call first.
std::string evidence_of(const std::string& text) {
  constexpr std::size_t kCalls = 8;
  std::size_t dump = text.find("Current thread ");
  if (dump == std::string::npos) dump = text.find("(most recent call first):");
  if (dump == std::string::npos) return support::join(last_lines(text), " | ");
  auto calls = last_lines(text.substr(dump).substr(0, 1500));
  calls.resize(std::min(calls.size(), kCalls));
  return support::join(calls, " | ");
}

std::string in_step(const std::string& step) {
  return step.empty() ? "" : " in: " + step;
}

[[noreturn]] void fail_with(const std::string& what, const std::string& said, const std::string& evidence) {
  if (const Meaning* meaning = meaning_of(said)) {
    throw harness::Failure(meaning->sentence, meaning->layer, evidence, meaning->mend);
  }
  throw harness::Failure(what, Layer::kImage, evidence,
                         "the packages of the image; `envforge build` installs them again");
}

}  // namespace

const Meaning* meaning_of(const std::string& text) {
  for (const auto& meaning : kMeanings) {
    if (text.find(meaning.word) != std::string::npos) return &meaning;
  }
  return nullptr;
}

void explain(const process::Outcome& outcome, const std::string& step, int seconds) {
  const auto lines = last_lines(outcome.err);
  const std::string evidence = evidence_of(outcome.err);
  if (outcome.kind == Kind::kInterrupted) {
    throw harness::Hang("no end after " + std::to_string(seconds) + " s" + in_step(step), Layer::kNone, evidence,
                        "run it again on a machine with less load; if it ends there again, the step is what hangs");
  }
  const bool bus = outcome.kind == Kind::kSignaled && outcome.signal == SIGBUS;
  const std::string said = (bus ? "Bus error" : "") + end_of(outcome.err, 20000) + end_of(outcome.out, 2000);
  // A process below it, as torchrun and a DataLoader tell of theirs.
  const bool below =
      said.find(") received by PID ") != std::string::npos || said.find("is killed by signal: ") != std::string::npos;
  const std::string how =
      below ? "a process that Python started was killed by a signal" : "Python " + process::describe(outcome);
  if (meaning_of(said) == nullptr && (below || outcome.kind == Kind::kSignaled)) {
    throw harness::Crash(how + in_step(step), Layer::kNone, evidence,
                         "the evidence names the call; the group audit says whether its libraries are whole");
  }
  fail_with(how + in_step(step) + (lines.empty() ? "" : ": " + lines.back()), said, evidence);
}

void explain_exception(const std::string& traceback, const std::string& step) {
  const auto lines = last_lines(traceback);
  fail_with("Python raised" + in_step(step) + (lines.empty() ? "" : ": " + lines.back()), traceback,
            support::join(lines, " | "));
}

}  // namespace envforge::validator::scripts
