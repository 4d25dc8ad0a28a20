#include "harness/run_group.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>

#include <nlohmann/json.hpp>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/json_reader.hpp>

#include "harness/check.hpp"

namespace envforge::validator::harness {
namespace {

using protocol::CheckResult;
using protocol::Verdict;

void take(const Failure& failure, Verdict verdict, CheckResult& result) {
  result.verdict = verdict;
  result.reason = failure.what();
  result.layer = failure.layer;
  result.evidence = failure.evidence;
  result.mend = failure.mend;
}

// Runs `body`; what it throws becomes the verdict.
template <class Body>
void guarded(CheckResult& result, Body&& body) {
  try {
    body();
  } catch (const Crash& crash) {
    take(crash, Verdict::kCrashed, result);
  } catch (const Hang& hang) {
    take(hang, Verdict::kHung, result);
  } catch (const Failure& failure) {
    take(failure, Verdict::kFail, result);
  } catch (const Skip& skip) {
    result.verdict = Verdict::kSkipped;
    result.reason = skip.what();
  } catch (const std::exception& trouble) {
    result.verdict = Verdict::kError;
    result.reason = std::string("exception in the check: ") + trouble.what();
  } catch (...) {
    result.verdict = Verdict::kError;
    result.reason = "exception of no known type in the check";
  }
}

struct Planned {
  std::string id;
  std::unique_ptr<Check> check;
  CheckResult result;
  bool finished = false;  // prepare already decided
};

std::vector<Planned> plan(const protocol::GroupRequest& request) {
  std::vector<Planned> out;
  for (const auto& id : request.checks) {
    for (const auto& registered : registered_checks()) {
      if (registered.id == id) out.push_back({id, registered.make(), {}, false});
    }
  }
  const auto place = [](const Planned& one) { return one.check->first() ? 0 : one.check->last() ? 2 : 1; };
  std::stable_sort(out.begin(), out.end(), [&](const Planned& a, const Planned& b) { return place(a) < place(b); });
  return out;
}

void run_one(Planned& planned, Context& context) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  guarded(planned.result, [&] {
    if (const auto reason = planned.check->skip_reason(context)) throw Skip(*reason);
    planned.check->run(context, planned.result);
    if (planned.result.verdict == Verdict::kError && planned.result.reason.empty()) {
      planned.result.reason = "the check came to no verdict";
    }
  });
  planned.result.seconds += std::chrono::duration<double>(Clock::now() - start).count();
}

void prepare(std::vector<Planned>& planned, Context& context) {
  for (auto& one : planned) {
    context.enter(one.id);
    one.result.id = one.id;
    one.result.verdict = Verdict::kPass;
    guarded(one.result, [&] { one.check->prepare(context); });
    one.finished = one.result.verdict != Verdict::kPass;
    if (!one.finished) one.result.verdict = Verdict::kError;
  }
}

}  // namespace

void run_group(Channel& channel) {
  const auto json = support::parse_json(channel.read_line(), "request", support::ErrorCode::kProtocol);
  const protocol::GroupRequest request = protocol::group_request_from_json(json);
  protocol::Hello hello;
  for (const auto& registered : registered_checks()) {
    hello.group = protocol::group_of(registered.id);
    hello.checks.push_back({registered.id, registered.make()->recomputed()});
  }
  channel.send(hello);

  Context context(request, channel);
  auto planned = plan(request);
  prepare(planned, context);
  channel.send(protocol::Ready{});
  if (!std::holds_alternative<protocol::Go>(channel.read())) {
    throw support::Error(support::ErrorCode::kProtocol, "expected go");
  }
  for (auto& one : planned) {
    channel.send(protocol::Started{one.id});
    context.enter(one.id);
    if (!one.finished) run_one(one, context);
    if (request.gpus.size() == 1) one.result.gpu = request.gpus.front().uuid;
    channel.send(protocol::Result{one.result});
  }
  channel.send(protocol::Bye{});
}

}  // namespace envforge::validator::harness
