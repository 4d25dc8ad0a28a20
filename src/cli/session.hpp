// What every command shares: the global options, the terminal and, once asked for, the real world.
#pragma once

#include <csignal>
#include <memory>
#include <string>

#include <envforge/app/world.hpp>
#include <envforge/support/exit_code.hpp>

#include "console.hpp"

namespace envforge::cli {

struct GlobalOptions {
  bool json = false;
  bool quiet = false;
  int verbosity = 0;
  std::string colour = "auto";
  std::string data_dir;  // --data
  std::string config;    // --config
  std::string docker;    // --docker PROGRAM
  std::string host;      // --host
  std::string cache_dir;
  std::string ca_bundle;
  std::string wheels_dir;
  std::string debs_dir;
};

class Session {
 public:
  explicit Session(GlobalOptions options, const volatile std::sig_atomic_t* interrupted);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const GlobalOptions& options() const { return options_; }
  const Terminal& terminal() const { return terminal_; }
  ConsoleEvents& events() { return *events_; }
  /// The version knowledge alone: the built-in costs no start-up work. When it is read first, what is not built in and
  /// what is stale is told on standard error.
  const compat::Knowledge& knowledge();
  /// "built in", the folder of --data, or the file of `envforge data update`.
  const std::string& data_origin();
  /// The user's own data; "" where the user has no folder for it.
  std::string user_data_file() const;
  std::string today() const;
  const documents::SiteConfig& site();
  /// The real twins of everything outside; made when first asked for.
  app::World& world();

 private:
  struct Real;
  compat::Knowledge find_knowledge();
  void tell_data() const;
  GlobalOptions options_;
  const volatile std::sig_atomic_t* interrupted_;
  Terminal terminal_;
  std::unique_ptr<ConsoleEvents> events_;
  std::unique_ptr<compat::Knowledge> knowledge_;
  std::string data_origin_;
  std::unique_ptr<documents::SiteConfig> site_;
  std::unique_ptr<Real> real_;
};

}  // namespace envforge::cli
