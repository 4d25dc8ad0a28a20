#include "driver/conversation.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "driver/samples.hpp"

namespace envforge::validator::driver {

using protocol::CheckResult;
using protocol::Verdict;

namespace {

std::string signal_text(int signal) {
  const char* name = strsignal(signal);
  return "signal " + std::to_string(signal) + (name == nullptr ? "" : std::string(" (") + name + ")");
}

std::string shortened(const std::string& line) {
  constexpr std::size_t kMost = 80;
  return support::printable(line.substr(0, kMost)) + (line.size() > kMost ? "..." : "");
}

}  // namespace

Conversation::Conversation(std::string group, std::vector<std::string> checks, std::uint64_t seed,
                           std::function<std::uint64_t()> random)
    : group_(std::move(group)), checks_(std::move(checks)), seed_(seed), random_(std::move(random)) {}

std::vector<protocol::Message> Conversation::hear(const std::string& line) {
  if (broken()) return {};
  Answers answers{*this};
  try {
    std::visit(answers, protocol::message_from_line(line));
  } catch (const support::Error&) {
    breaks("sent a line that is no message: '" + shortened(line) + "'");
  }
  return answers.send;
}

void Conversation::breaks(const std::string& how) {
  if (!broken()) broken_ = "the group " + how;
}

CheckResult* Conversation::result_of(const std::string& id) {
  const auto found =
      std::find_if(results_.begin(), results_.end(), [&](const CheckResult& result) { return result.id == id; });
  return found == results_.end() ? nullptr : &*found;
}

bool Conversation::promised_recomputation(const std::string& id) const {
  return std::any_of(hello_->checks.begin(), hello_->checks.end(),
                     [&](const protocol::CheckDeclaration& check) { return check.id == id && check.recomputed; });
}

void Conversation::take(const protocol::Hello& hello, Send&) {
  if (hello_) return breaks("said hello twice");
  if (hello.protocol != protocol::kProtocolVersion) {
    return breaks("speaks protocol " + std::to_string(hello.protocol) + ", the driver " +
                  std::to_string(protocol::kProtocolVersion));
  }
  if (hello.group != group_) return breaks("calls itself '" + shortened(hello.group) + "', expected '" + group_ + "'");
  hello_ = hello;
}

void Conversation::take(const protocol::Ready&, Send&) {
  if (!hello_ || ready_) return breaks("was ready before hello, or twice");
  ready_ = true;
}

void Conversation::take(const protocol::Started& started, Send&) {
  if (!ready_) return breaks("started a check before its turn");
  if (!running_.empty()) return breaks("started " + shortened(started.id) + " while " + running_ + " runs");
  if (std::find(checks_.begin(), checks_.end(), started.id) == checks_.end()) {
    return breaks("started '" + shortened(started.id) + "', which nobody asked for");
  }
  running_ = started.id;
  doing_.clear();
  sampling_.reset();
  recomputed_ = 0;
  sample_trouble_.clear();
}

void Conversation::take(const protocol::Doing& doing, Send&) {
  doing_ = support::printable(doing.what);
}

void Conversation::take(const protocol::Computed& computed, Send& send) {
  if (running_.empty() || computed.id != running_ || sampling_) return breaks("offered an output out of turn");
  sampling_ = Sampling{computed.problem, pick_indices(computed.problem.elements, random_())};
  send.push_back(protocol::Ask{sampling_->indices});
}

void Conversation::take(const protocol::Elements& elements, Send&) {
  if (!sampling_) return breaks("sent elements that nobody asked for");
  const std::string trouble = judge_samples(sampling_->problem, seed_, sampling_->indices, elements.bits);
  if (trouble.empty()) {
    recomputed_ += sampling_->indices.size();
  } else if (sample_trouble_.empty()) {
    sample_trouble_ = trouble;
  }
  sampling_.reset();
}

void Conversation::take(const protocol::Result& message, Send&) {
  CheckResult result = message.result;
  if (CheckResult* earlier = result_of(result.id)) {
    *earlier = CheckResult{};
    earlier->id = result.id;
    earlier->reason = "the group reported this check twice";
    return;
  }
  if (running_.empty() || result.id != running_) {
    return breaks("reported '" + shortened(result.id) + "', which does not run");
  }
  if (!sample_trouble_.empty()) {
    result.reason =
        (result.verdict == Verdict::kPass ? "the group saw no fault, but " : result.reason + "; ") + sample_trouble_;
    result.verdict = Verdict::kFail;
    if (result.layer == protocol::Layer::kNone) result.layer = protocol::Layer::kImage;
  } else if (result.verdict == Verdict::kPass && promised_recomputation(result.id) && recomputed_ == 0) {
    result.verdict = Verdict::kError;
    result.reason = "the check passed without showing its output to the driver";
  }
  if (result.verdict == Verdict::kSkipped && result.reason.empty()) {
    result.verdict = Verdict::kError;
    result.reason = "skipped without a reason";
  }
  result.recomputed = recomputed_;
  results_.push_back(std::move(result));
  running_.clear();
}

void Conversation::take(const protocol::LoadedLibrary& library, Send&) {
  libraries_.push_back(library);
}

void Conversation::take(const protocol::MachineInfo& machine, Send&) {
  machine_ = machine;
}

void Conversation::take(const protocol::Bye&, Send&) {
  if (!running_.empty()) return breaks("said goodbye while " + running_ + " runs");
  bye_ = true;
}

void Conversation::take(const protocol::Go&, Send&) {
  breaks("spoke as if it were the driver");
}

void Conversation::take(const protocol::Enough&, Send&) {
  breaks("spoke as if it were the driver");
}

void Conversation::take(const protocol::Ask&, Send&) {
  breaks("spoke as if it were the driver");
}

void Conversation::conclude(const std::string& id, Verdict verdict, const std::string& reason,
                            const std::string& evidence) {
  CheckResult result;
  result.id = id;
  result.verdict = verdict;
  result.reason = reason;
  result.evidence = evidence;
  results_.push_back(std::move(result));
}

void Conversation::end(const Ending& ending) {
  Verdict verdict = Verdict::kError;
  std::string how;
  switch (ending.kind) {
    case Ending::Kind::kSignaled:
      verdict = Verdict::kCrashed;
      how = "ended by " + signal_text(ending.code);
      break;
    case Ending::Kind::kDeadline:
      verdict = Verdict::kHung;
      how = "no end after " + ending.deadline;
      break;
    case Ending::Kind::kStopped:
      how = ending.deadline;
      break;
    case Ending::Kind::kExited:
      if (ending.code != 0 && !running_.empty()) verdict = Verdict::kCrashed;
      how = ending.code == 0 ? "the group gave no result" : "the group exited with " + std::to_string(ending.code);
      break;
  }
  if (broken()) {
    verdict = Verdict::kError;
    how = broken_;
  }
  if (!doing_.empty()) how += " in: " + doing_;
  const std::string first = running_;
  // A broken or stopped group gets no second process; nor does one that never came as far as a check.
  const bool again = !first.empty() && !broken() && ending.kind != Ending::Kind::kStopped;
  if (!first.empty() && result_of(first) == nullptr) conclude(first, verdict, how, ending.last_output);
  for (const auto& id : checks_) {
    if (result_of(id) != nullptr) continue;
    if (again) {
      unfinished_.push_back(id);
    } else if (first.empty()) {
      conclude(id, verdict, how, ending.last_output);
    } else {
      conclude(id, Verdict::kError, "did not run: " + how);
    }
  }
}

}  // namespace envforge::validator::driver
