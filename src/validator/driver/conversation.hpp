// What the driver makes of one group's messages: a verdict for every check that it asked for, whatever the group does.
// No process, no clock: the caller feeds lines and tells how the process ended. Used by Session.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <envforge/protocol/message.hpp>

namespace envforge::validator::driver {

/// How a group's process ended.
struct Ending {
  enum class Kind { kExited, kSignaled, kDeadline, kStopped } kind = Kind::kExited;
  int code = 0;             // exit code or signal
  std::string deadline;     // kDeadline: "120 s"; kStopped: why
  std::string last_output;  // the tail of what it wrote to stdout and stderr
};

class Conversation {
 public:
  /// `random` gives numbers that the group cannot foresee.
  Conversation(std::string group, std::vector<std::string> checks, std::uint64_t seed,
               std::function<std::uint64_t()> random);

  /// One line of the channel; the answers to send. Never throws: a bad line makes broken() true.
  std::vector<protocol::Message> hear(const std::string& line);
  void end(const Ending& ending);

  bool ready() const { return ready_; }
  /// Said something that no group says; its process must be ended.
  bool broken() const { return !broken_.empty(); }
  const std::string& running() const { return running_; }
  const std::string& doing() const { return doing_; }
  /// After end(): one result for each check that was asked, minus those in unfinished().
  const std::vector<protocol::CheckResult>& results() const { return results_; }
  /// After end(): checks that an earlier check's crash or hang kept from running, worth another process.
  const std::vector<std::string>& unfinished() const { return unfinished_; }
  const std::vector<protocol::LoadedLibrary>& libraries() const { return libraries_; }
  const std::optional<protocol::MachineInfo>& machine() const { return machine_; }

 private:
  struct Sampling {
    protocol::Problem problem;
    std::vector<std::uint64_t> indices;
  };
  struct Answers {
    Conversation& self;
    std::vector<protocol::Message> send{};
    template <class M>
    void operator()(const M& message) {
      self.take(message, send);
    }
  };
  using Send = std::vector<protocol::Message>;

  void take(const protocol::Hello& hello, Send& send);
  void take(const protocol::Ready& ready, Send& send);
  void take(const protocol::Started& started, Send& send);
  void take(const protocol::Doing& doing, Send& send);
  void take(const protocol::Computed& computed, Send& send);
  void take(const protocol::Elements& elements, Send& send);
  void take(const protocol::Result& result, Send& send);
  void take(const protocol::LoadedLibrary& library, Send& send);
  void take(const protocol::MachineInfo& machine, Send& send);
  void take(const protocol::Bye& bye, Send& send);
  void take(const protocol::Go& go, Send& send);
  void take(const protocol::Ask& ask, Send& send);
  void take(const protocol::Enough& enough, Send& send);

  void breaks(const std::string& how);
  protocol::CheckResult* result_of(const std::string& id);
  bool promised_recomputation(const std::string& id) const;
  void conclude(const std::string& id, protocol::Verdict verdict, const std::string& reason,
                const std::string& evidence = {});

  std::string group_;
  std::vector<std::string> checks_;
  std::uint64_t seed_;
  std::function<std::uint64_t()> random_;
  std::optional<protocol::Hello> hello_;
  bool ready_ = false;
  bool bye_ = false;
  std::string broken_;
  std::string running_;
  std::string doing_;
  std::optional<Sampling> sampling_;
  std::uint64_t recomputed_ = 0;
  std::string sample_trouble_;
  std::vector<protocol::CheckResult> results_;
  std::vector<std::string> unfinished_;
  std::vector<protocol::LoadedLibrary> libraries_;
  std::optional<protocol::MachineInfo> machine_;
};

}  // namespace envforge::validator::driver
