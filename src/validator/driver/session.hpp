// A whole run: starts the groups, gives each its turn on its GPUs, keeps the deadlines, and fills the report so that
// every check that was asked for has a result. Used by the driver's main and by its tests.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <string>

#include <envforge/protocol/message.hpp>
#include <envforge/protocol/request.hpp>

namespace envforge::validator::driver {

struct Surroundings {
  std::string groups_dir;                          // where envforge-group-* lie
  std::map<std::string, std::string> environment;  // of the driver; the groups get it with a few settings more
  std::function<std::uint64_t()> random;           // not foreseeable
  std::function<void(protocol::Progress)> progress;
  const volatile std::sig_atomic_t* interrupted = nullptr;
  bool reap_strangers = false;  // PID 1 inherits what the groups leave behind
};

/// Runs everything and returns the finished report. Never throws for what a group does.
protocol::Report run_session(const protocol::DriverRequest& request, const Surroundings& surroundings);

}  // namespace envforge::validator::driver
