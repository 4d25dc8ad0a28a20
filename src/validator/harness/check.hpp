// What a check is. One file under checks/<group>/ derives from Check and ends with ENVFORGE_CHECK(Class); its path is
// its id. Used by every check and by group_main; knows no GPU library and no driver.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <envforge/protocol/report.hpp>

#include "harness/context.hpp"

namespace envforge::validator::harness {

/// Thrown by a check or a wrapper when what is examined is at fault; becomes a `fail` that names one layer.
class Failure : public std::runtime_error {
 public:
  Failure(const std::string& what, protocol::Layer layer_at_fault, std::string evidence_text = {},
          std::string mend_text = {})
      : std::runtime_error(what),
        layer(layer_at_fault),
        evidence(std::move(evidence_text)),
        mend(std::move(mend_text)) {}
  protocol::Layer layer;
  std::string evidence;
  std::string mend;
};

/// A failure of a program that the check started: it died (`crashed`) or did not end in time (`hung`).
class Crash : public Failure {
 public:
  using Failure::Failure;
};
class Hang : public Failure {
 public:
  using Failure::Failure;
};

/// Thrown when a check cannot say anything here; becomes a `skipped` with the reason.
class Skip : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Check {
 public:
  virtual ~Check() = default;
  /// True for a check that hands its output to Context::recompute: a pass without that is an error.
  virtual bool recomputed() const { return false; }
  /// Loads libraries and makes handles, before the group has its turn on the GPU. What it throws becomes the result.
  virtual void prepare(Context&) {}
  /// Why this check does not apply here; nullopt = it does.
  virtual std::optional<std::string> skip_reason(Context&) { return std::nullopt; }
  /// True for a check that looks at what the others of its group left: it runs after them.
  virtual bool last() const { return false; }
  /// Runs before the others: it survives what may hang them, and says why.
  virtual bool first() const { return false; }
  /// Fills in the result; a verdict left at kError is one.
  virtual void run(Context& context, protocol::CheckResult& result) = 0;
};

/// A check that opens its group's session beforehand and whose output the driver computes again.
template <class Session>
class RecomputedCheck : public Check {
 public:
  bool recomputed() const final { return true; }
  void prepare(Context& context) final { context.session<Session>(); }
};

struct RegisteredCheck {
  std::string id;
  std::function<std::unique_ptr<Check>()> make;
};

/// The checks compiled into this program, sorted by id.
const std::vector<RegisteredCheck>& registered_checks();

/// Enters a check into the registry. Only as a namespace-scope object of the check's own file, through ENVFORGE_CHECK.
class Registration {
 public:
  Registration(const char* file, std::function<std::unique_ptr<Check>()> make);
};

/// A second way to run a group's program, for a check that needs processes of its own: `--role NAME` with a channel to
/// the group that started it, see harness/helper_process.hpp.
struct Role {
  std::string name;
  std::function<void(Channel&)> run;
};
const std::vector<Role>& registered_roles();
class RoleRegistration {
 public:
  RoleRegistration(const char* name, std::function<void(Channel&)> run);
};

}  // namespace envforge::validator::harness

// The one macro of the project: __FILE__ must be the check's.
#define ENVFORGE_CHECK(Class)                                                                                      \
  static const ::envforge::validator::harness::Registration registration_of_##Class {                              \
    __FILE__, []() -> std::unique_ptr<::envforge::validator::harness::Check> { return std::make_unique<Class>(); } \
  }
