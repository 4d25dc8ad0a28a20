#include "driver/session.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>

#include "driver/attribution.hpp"
#include "driver/conversation.hpp"
#include "driver/group_process.hpp"
#include "driver/plan.hpp"
#include "driver/rounds.hpp"
#include "driver/run_report.hpp"
#include "driver/torch_facts.hpp"

namespace envforge::validator::driver {
namespace {

using Clock = std::chrono::steady_clock;
using protocol::Verdict;

constexpr std::size_t kMostAlive = 16;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Clock::time_point after(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// A job whose process is alive.
struct Running {
  Job job;
  std::unique_ptr<GroupProcess> process;
  Conversation conversation;
  Clock::time_point started;
  Clock::time_point deadline;
  std::string deadline_text;
  bool has_turn = false;
  bool told_enough = false;
  std::size_t told = 0;        // results already shown as progress
  std::string running, doing;  // likewise
};

class Session {
 public:
  Session(const protocol::DriverRequest& request, const Surroundings& surroundings)
      : request_(request),
        around_(surroundings),
        report_(request.report),
        start_(Clock::now()),
        end_(after(request.total_deadline_seconds)) {}

  protocol::Report run() {
    run_round(request_.group.checks);
    if (request_.soak_seconds > 0 && !interrupted()) soak();
    attribute_wrong_numbers(report_);
    // Nothing before this may lose a check; this proves it for every run.
    finish(report_, request_.group.checks, request_.group.expected_gpus);
    report_.seconds = seconds_since(start_);
    return std::move(report_);
  }

 private:
  std::string program_of(const std::string& group) const { return around_.groups_dir + "/envforge-group-" + group; }

  void run_round(const std::vector<std::string>& checks) {
    look_at_machine(checks);
    std::vector<protocol::GpuInfo> gpus =
        request_.group.expected_gpus == 0 ? std::vector<protocol::GpuInfo>{} : report_.machine.gpus;
    work_off(make_jobs(checks, gpus));
  }

  // The same checks with other inputs until the time is over; the round that is under way then is finished.
  void soak() {
    constexpr double kShortestRound = 1;  // seconds: without a GPU a round is over at once
    std::vector<std::string> checks;
    for (const auto& id : request_.group.checks) {
      if (repeats_in_a_soak(protocol::group_of(id))) checks.push_back(id);
    }
    const protocol::MachineInfo machine = report_.machine;
    Rounds rounds;
    rounds.add(report_.groups, 0);
    double began = 0;
    int finished = 1;
    while (!checks.empty() && seconds_since(start_) < request_.soak_seconds && !stopped()) {
      if (seconds_since(start_) < began + kShortestRound) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
      began = seconds_since(start_);
      report_.groups.clear();
      run_round(checks);
      if (interrupted()) {
        forget_interrupted(report_);
      } else {
        tell_lost_gpus(machine.gpus, report_.machine.gpus, report_.groups);
        ++finished;
      }
      report_.machine = machine;  // the next round looks for all of them again
      rounds.add(report_.groups, began);
      say_round(rounds.count());
    }
    if (interrupted()) {
      report_.not_judged.push_back("what further rounds would have found: the soak was interrupted after " +
                                   std::to_string(finished) + (finished == 1 ? " round" : " rounds"));
    }
    report_.rounds = finished;
    report_.groups = rounds.merged();
  }

  void look_at_machine(const std::vector<std::string>& asked) {
    std::vector<std::string> checks;
    for (const auto& id : asked) {
      if (protocol::group_of(id) == kFirstGroup) checks.push_back(id);
    }
    // It says which GPUs there are, so it runs whenever it is there, whatever was asked.
    const std::string which_gpus = std::string(kFirstGroup) + ".gpus";
    const bool there = access(program_of(kFirstGroup).c_str(), X_OK) == 0;
    const bool unasked = there && std::find(checks.begin(), checks.end(), which_gpus) == checks.end();
    if (unasked) checks.insert(checks.begin(), which_gpus);
    if (checks.empty()) {
      report_.machine.gpus = request_.group.gpus;
    } else {
      work_off({Job{kFirstGroup, checks, {}, false}});
    }
    if (unasked) forget_unless_wrong(report_, which_gpus);
  }

  void work_off(std::vector<Job> jobs) {
    std::reverse(jobs.begin(), jobs.end());
    while (!jobs.empty() || !alive_.empty()) {
      while (!jobs.empty() && alive_.size() < kMostAlive && !stopped()) {
        begin(std::move(jobs.back()));
        jobs.pop_back();
      }
      if (stopped()) {
        for (const auto& job : jobs) settle(report_, job, Verdict::kError, "did not run: " + stop_reason());
        jobs.clear();
      }
      wait_for_something();
      for (auto& one : alive_) attend(*one);
      give_turns();
      say_enough(jobs.empty());
      bury();
      while (!again_.empty()) {
        jobs.push_back(std::move(again_.back()));
        again_.pop_back();
      }
    }
  }

  bool interrupted() const { return around_.interrupted != nullptr && *around_.interrupted != 0; }
  bool stopped() const { return interrupted() || Clock::now() >= end_; }
  std::string stop_reason() const {
    return interrupted() ? protocol::kRunInterrupted : "the time for the whole run was over";
  }

  void begin(Job job) {
    if (job.needs_gpu && job.gpus.empty()) {
      return settle(report_, job, Verdict::kSkipped,
                    request_.group.expected_gpus == 0 ? "the run was asked not to use a GPU" : "no GPU is visible");
    }
    const std::string program = program_of(job.group);
    if (access(program.c_str(), X_OK) != 0) {
      return settle(report_, job, Verdict::kSkipped, "the group " + job.group + " is not part of this validator");
    }
    const std::string no_loader = loader_missing("/", program);
    if (!no_loader.empty()) return settle(report_, job, Verdict::kSkipped, no_loader);
    try {
      note_digest(job.group, program);
      protocol::GroupRequest request = request_.group;
      request.seed = around_.random();
      request.checks = job.checks;
      request.gpus = job.gpus;
      // What is judged once for the machine is judged for the GPUs that are there, whatever the lock's target says.
      if (scope_of(job.group) == Scope::kMachine) request.target_gpus = with_present_gpus(request.target_gpus);
      request.judge_speed =
          request.judge_speed && std::all_of(job.gpus.begin(), job.gpus.end(),
                                             [](const protocol::GpuInfo& gpu) { return gpu.used_by.empty(); });
      auto running =
          std::make_unique<Running>(Running{job,
                                            std::make_unique<GroupProcess>(program, environment_for(job)),
                                            Conversation(job.group, job.checks, request.seed, around_.random),
                                            Clock::now(),
                                            after(request_.prepare_deadline_seconds),
                                            text_of(request_.prepare_deadline_seconds),
                                            false,
                                            false,
                                            0,
                                            {},
                                            {}});
      running->process->send(support::canonical_json(to_json(request)));
      say("started", *running);
      alive_.push_back(std::move(running));
    } catch (const support::Error& error) {
      settle(report_, job, Verdict::kError, error.message());
    }
  }

  // Once: a program serves every GPU and every round of a soak.
  void note_digest(const std::string& group, const std::string& program) {
    auto& digests = report_.validator.binaries;
    const std::string name = "envforge-group-" + group;
    if (digests.count(name) == 0) digests[name] = support::sha256_file_hex(program);
  }

  std::string with_present_gpus(std::string targets) const {
    if (request_.group.expected_gpus == 0) return targets;
    for (const auto& gpu : report_.machine.gpus) {
      if (!gpu.compute_capability.empty()) targets += (targets.empty() ? "" : ",") + gpu.compute_capability;
    }
    return targets;
  }

  std::map<std::string, std::string> environment_for(const Job& job) const {
    auto out = around_.environment;
    if (scope_of(job.group) == Scope::kEachGpu || scope_of(job.group) == Scope::kGpuOrCpu) {
      if (!job.gpus.empty()) out["CUDA_VISIBLE_DEVICES"] = job.gpus.front().uuid;
    }
    // The first group judges the environment as it is.
    if (job.group == kFirstGroup) return out;
    if (request_.group.expected_gpus == 0) out["CUDA_VISIBLE_DEVICES"] = "";
    // NVLink multicast asks for more than most containers have and fails in the middle of a collective.
    out.emplace("NCCL_NVLS_ENABLE", "0");
    out.emplace("CUDA_MODULE_LOADING", "LAZY");
    return out;
  }

  void wait_for_something() {
    std::vector<pollfd> fds;
    for (const auto& one : alive_) {
      for (const int fd : {one->process->channel_fd(), one->process->output_fd()}) {
        if (fd >= 0) fds.push_back({fd, POLLIN, 0});
      }
    }
    // Short: deadlines, signals and a process that ends without a word are looked for as well.
    constexpr int kMilliseconds = 20;
    poll(fds.data(), fds.size(), kMilliseconds);
  }

  void attend(Running& one) {
    one.process->read_output();
    for (const auto& line : one.process->read_channel()) {
      for (const auto& answer : one.conversation.hear(line)) one.process->send(to_line(answer));
    }
    show(one);
  }

  void show(Running& one) {
    const auto& results = one.conversation.results();
    for (; one.told < results.size(); ++one.told) {
      say("result", one, results[one.told].id, to_string(results[one.told].verdict));
    }
    if (one.conversation.running() != one.running || one.conversation.doing() != one.doing) {
      one.running = one.conversation.running();
      one.doing = one.conversation.doing();
      if (!one.running.empty()) say("doing", one, one.running, one.doing);
    }
  }

  // In the order in which the jobs were made; a job waits for every one of its GPUs.
  void give_turns() {
    std::set<std::string> busy;
    for (const auto& one : alive_) {
      if (!one->has_turn || one->job.beside) continue;
      for (const auto& gpu : one->job.gpus) busy.insert(gpu.uuid);
    }
    for (auto& one : alive_) {
      if (one->has_turn) continue;
      const auto gpus = one->job.beside ? std::vector<protocol::GpuInfo>{} : one->job.gpus;
      const bool free =
          std::none_of(gpus.begin(), gpus.end(), [&](const auto& gpu) { return busy.count(gpu.uuid) > 0; });
      // A later job must not overtake an earlier one on the same GPU, or a job on all GPUs would never come to its
      // turn.
      for (const auto& gpu : gpus) busy.insert(gpu.uuid);
      if (!free) {
        // Waiting for others is not the group's time.
        if (one->conversation.ready()) one->deadline = after(request_.group_deadline_seconds);
        continue;
      }
      if (!one->conversation.ready()) continue;
      one->has_turn = true;
      // Who watches has as long as the others take.
      one->deadline = one->job.beside ? end_ : after(request_.group_deadline_seconds);
      one->deadline_text = text_of(request_.group_deadline_seconds);
      one->process->send(to_line(protocol::Message(protocol::Go{})));
    }
  }

  // When only those are left that watch beside, there is nothing more to watch.
  void say_enough(bool all_begun) {
    const bool done = all_begun && again_.empty() &&
                      std::all_of(alive_.begin(), alive_.end(), [](const auto& one) { return one->job.beside; });
    for (auto& one : alive_) {
      if (!done || !one->has_turn || one->told_enough) continue;
      one->told_enough = true;
      one->deadline = after(request_.group_deadline_seconds);
      one->process->send(to_line(protocol::Message(protocol::Enough{})));
    }
  }

  static std::string text_of(double seconds) {
    std::string text = std::to_string(seconds);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text + " s";
  }

  void bury() {
    for (auto it = alive_.begin(); it != alive_.end();) {
      Running& one = **it;
      auto ending = one.process->ended();
      if (ending) {
        attend(one);  // what it said last
        ending = one.process->ended();
      } else if (one.conversation.broken() || stopped() || Clock::now() >= one.deadline) {
        Ending end;
        end.kind = stopped() ? Ending::Kind::kStopped : Ending::Kind::kDeadline;
        end.deadline = stopped() ? stop_reason() : one.deadline_text;
        one.process->kill();
        end.last_output = one.process->last_output();
        ending = end;
      }
      if (!ending) {
        ++it;
        continue;
      }
      one.conversation.end(*ending);
      show(one);
      collect(one);
      it = alive_.erase(it);
    }
    if (around_.reap_strangers && alive_.empty()) {
      while (waitpid(-1, nullptr, WNOHANG) > 0) {
      }
    }
  }

  void collect(const Running& one) {
    driver::collect(report_, one.job, one.conversation, seconds_since(one.started));
    if (one.job.group == kFirstGroup && one.conversation.machine()) report_.machine = *one.conversation.machine();
    if (!one.conversation.unfinished().empty()) {
      Job rest = one.job;
      rest.checks = one.conversation.unfinished();
      again_.push_back(std::move(rest));
    }
  }

  void say_round(int round) const {
    if (around_.progress) {
      around_.progress({"note", "", "", "", "round " + std::to_string(round) + " is over", seconds_since(start_)});
    }
  }

  void say(const char* what, const Running& one, const std::string& check = {}, const std::string& text = {}) const {
    if (!around_.progress) return;
    around_.progress({what, one.job.group, check, one.job.gpus.size() == 1 ? one.job.gpus.front().uuid : "", text,
                      seconds_since(start_)});
  }

  const protocol::DriverRequest& request_;
  const Surroundings& around_;
  protocol::Report report_;
  Clock::time_point start_;
  Clock::time_point end_;
  std::vector<std::unique_ptr<Running>> alive_;
  std::vector<Job> again_;
};

}  // namespace

protocol::Report run_session(const protocol::DriverRequest& request, const Surroundings& surroundings) {
  return Session(request, surroundings).run();
}

}  // namespace envforge::validator::driver
