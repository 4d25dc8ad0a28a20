// measure_resolver worst [OUT.yaml]   random conflicts over twenty GPUs and ten drivers; writes the dearest as a recipe
// measure_resolver scale              the same question on data of 1 to 20 times as many rows
// measure_resolver process N PROGRAM ARGUMENT...   N runs of a whole process
// Processor time, for the wall clock of a shared machine says little. Figures: docs/measurements.md.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>

#include <envforge/resolve/resolve.hpp>

#include "support/compat_data.hpp"
#include "support/spec_builder.hpp"

namespace {

using envforge::compat::Knowledge;
using envforge::testing::SpecBuilder;
using Words = std::vector<std::string>;

double milliseconds(const rusage& usage) {
  const auto of = [](const timeval& time) {
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double processor_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return milliseconds(usage);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Question {
  Words gpus, drivers;
  std::string version, cuda, python;

  SpecBuilder spec() const {
    SpecBuilder builder;
    if (!version.empty()) builder.torch(version);
    if (!cuda.empty()) builder.cuda(cuda);
    if (!python.empty()) builder.python(python);
    builder.include("torchaudio");
    for (std::size_t i = 0; i < drivers.size(); ++i) builder.pool({gpus[2 * i], gpus[2 * i + 1]}, drivers[i]);
    return builder;
  }
  std::string yaml() const {
    std::string text = "schema: envforge/recipe/v1\nimage: worst\ntarget:\n";
    for (std::size_t i = 0; i < drivers.size(); ++i) {
      text += "  - {name: pool" + std::to_string(i) + ", gpus: [\"" + gpus[2 * i] + "\", \"" + gpus[2 * i + 1] +
              "\"], driver: \"" + drivers[i] + "\"}\n";
    }
    text += "torch: {version: \"" + (version.empty() ? ">=1.0" : version) + "\"";
    if (!cuda.empty()) text += ", cuda: \"" + cuda + "\"";
    text += ", include: [torchaudio]}\n";
    return text + (python.empty() ? "" : "python: \"" + python + "\"\n");
  }
};

// Twenty GPUs of all architectures, ten drivers of all branches.
Question random_question(std::mt19937& dice, const Knowledge& knowledge) {
  const auto one_of = [&](const Words& words) { return words[dice() % words.size()]; };
  Question question;
  const auto gpus = knowledge.tables().gpus;
  while (question.gpus.size() < 20) {
    const auto& gpu = gpus[dice() % gpus.size()];
    if (gpu.kind != "jetson") question.gpus.emplace_back(gpu.name);
  }
  const auto branches = knowledge.tables().branches;
  while (question.drivers.size() < 10)
    question.drivers.push_back(std::string(branches[dice() % branches.size()].branch.substr(1)) + ".50");
  question.version = one_of({"", "2.6", ">=2.5", "2.10.0", "<2.4", "2.15"});
  question.cuda = one_of({"", "", "11.8", "12.4", "cu126", "12.8"});
  question.python = one_of({"", "", "3.11", "3.13"});
  return question;
}

struct Cost {
  double time = 0;  // 0: no conflict
  bool remedies = false, split = false;
};

// Processor time of one answer, the median of `runs`; only conflicts count.
Cost cost_of(const Question& question, const Knowledge& knowledge, int runs) {
  const SpecBuilder spec = question.spec();
  std::vector<double> times;
  Cost cost;
  for (int i = 0; i < runs; ++i) {
    const double begin = processor_time();
    const auto outcome = envforge::resolve::resolve(spec.spec(), knowledge);
    times.push_back(processor_time() - begin);
    const auto* conflict = std::get_if<envforge::resolve::Conflict>(&outcome);
    if (conflict == nullptr) return {};
    cost.remedies = !conflict->remedies.empty();
    cost.split = !conflict->split.empty();
  }
  cost.time = median(times);
  return cost;
}

int worst(const char* out) {
  const Knowledge knowledge = envforge::compat::embedded();
  std::mt19937 dice(1);
  std::vector<double> times;
  Question dearest;
  double highest = 0;
  int remedies = 0, splits = 0;
  for (int i = 0; i < 500; ++i) {
    const Question question = random_question(dice, knowledge);
    const Cost cost = cost_of(question, knowledge, 3);
    if (cost.time == 0) continue;
    times.push_back(cost.time);
    remedies += cost.remedies ? 1 : 0;
    splits += cost.split ? 1 : 0;
    if ((cost.remedies || cost.split) && cost.time > highest) {
      highest = cost.time;
      dearest = question;
    }
  }
  std::printf("%zu conflicts, %d with remedies, %d with a set of images: median %.1f ms, highest %.1f ms\n",
              times.size(), remedies, splits, median(times), *std::max_element(times.begin(), times.end()));
  std::printf("the dearest with remedies or images: %.1f ms\n", cost_of(dearest, knowledge, 21).time);
  if (out != nullptr) std::ofstream(out) << dearest.yaml();
  return 0;
}

// `times` as many releases, GPUs and driver branches; what is added is older or has another name.
Knowledge scaled(int times) {
  auto data = envforge::testing::shipped_data();
  const auto copy = [&](nlohmann::json& rows, auto&& rename) {
    const nlohmann::json first = rows;
    for (int i = 1; i < times; ++i) {
      for (nlohmann::json row : first) {
        if (rename(row, i)) rows.push_back(std::move(row));
      }
    }
  };
  copy(data["pytorch.json"]["releases"], [](nlohmann::json& row, int i) {
    row["version"] = "0." + std::to_string(i) + "." + row["version"].get<std::string>();
    return true;
  });
  copy(data["gpus.json"]["gpus"], [](nlohmann::json& row, int i) {
    row["name"] = row["name"].get<std::string>() + " copy" + std::to_string(i);
    row["driver_names"] = nlohmann::json::array();
    return true;
  });
  int branch = 99;
  copy(data["drivers.json"]["branches"], [&](nlohmann::json& row, int) {
    row["branch"] = "R" + std::to_string(++branch);
    return branch < 450;
  });
  return envforge::testing::knowledge_of(data);
}

int scale() {
  const Knowledge shipped = envforge::compat::embedded();
  std::mt19937 dice(1);
  std::vector<Question> questions;
  while (questions.size() < 25) {
    Question question = random_question(dice, shipped);
    if (cost_of(question, shipped, 1).time > 0) questions.push_back(std::move(question));
  }
  std::printf("rows    builds  GPUs   median ms\n");
  for (const int times : {1, 2, 5, 10, 20}) {
    const Knowledge knowledge = scaled(times);
    std::size_t builds = 0;
    for (const auto& release : knowledge.tables().releases) builds += release.builds.size();
    std::vector<double> costs;
    for (const Question& question : questions) costs.push_back(cost_of(question, knowledge, 3).time);
    std::printf("%3dx    %6zu  %5zu  %8.1f\n", times, builds, knowledge.tables().gpus.size(), median(costs));
  }
  return 0;
}

int processes(int runs, char** arguments) {
  std::vector<double> times;
  long memory = 0;
  for (int i = 0; i < runs; ++i) {
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    if (posix_spawnp(&child, arguments[0], &quiet, nullptr, arguments, environ) != 0) return 1;
    posix_spawn_file_actions_destroy(&quiet);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    times.push_back(milliseconds(usage));
    memory = std::max(memory, usage.ru_maxrss);
  }
  std::printf("processor time: median %.1f ms, lowest %.1f ms of %d; memory at most %.1f MB\n", median(times),
              *std::min_element(times.begin(), times.end()), runs, static_cast<double>(memory) / 1024);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string mode = count > 1 ? arguments[1] : "";
  if (mode == "worst") return worst(count > 2 ? arguments[2] : nullptr);
  if (mode == "scale") return scale();
  if (mode == "process" && count > 3) return processes(std::atoi(arguments[2]), arguments + 3);
  std::fputs("usage: measure_resolver worst [OUT.yaml] | scale | process N PROGRAM ARGUMENT...\n", stderr);
  return 2;
}
