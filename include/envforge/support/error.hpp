// The one error mechanism. Thrown where something is wrong, caught in cli/main.cpp and around each check, nowhere else
// except to add a trace line on the way up. Expected outcomes (a conflict, an absent image) are return values instead.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/support/error_code.hpp>

namespace envforge::support {

/// Where in a document something stands: a line and column (1-based, 0 = unknown) or a JSON pointer.
struct Where {
  std::string file;
  int line = 0;
  int column = 0;
  std::string pointer;

  friend bool operator==(const Where& a, const Where& b) {
    return a.file == b.file && a.line == b.line && a.column == b.column && a.pointer == b.pointer;
  }
};

/// "recipe.yaml:7:12", "x.lock#/wheels/3", or "" for an empty Where.
std::string to_string(const Where& where);

class Error : public std::exception {
 public:
  /// `message` says what was found and what was expected; `hint` the next step ("" takes the row's default).
  Error(ErrorCode code, std::string message, std::optional<Where> where = std::nullopt, std::string hint = {});

  const char* what() const noexcept override { return message_.c_str(); }
  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  const std::optional<Where>& where() const noexcept { return where_; }
  /// Lines of explanation, printed between the message and the hint.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  /// "while locking recipes/a.yaml", innermost first.
  const std::vector<std::string>& trace() const noexcept { return trace_; }

  Error& note(std::string line);
  Error& while_doing(std::string what);

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
  std::optional<Where> where_;
  std::vector<std::string> notes_;
  std::vector<std::string> trace_;
};

/// The text a user sees, without colours:
///   error[EF3004]: message
///     --> recipe.yaml:7:12
///     note
///     hint: next step
/// With `for_terminal` no line is longer than 80 columns where its words allow it, and what stands between backquotes
/// stays together, so that it can be copied; a log keeps a message in one line.
std::string format_error(const Error& error, bool for_terminal = false);
/// The same fields for --json.
nlohmann::json error_to_json(const Error& error);

/// Calls `body`; an Error that leaves it carries `what` as one more trace line.
template <class Body>
auto with_context(const std::string& what, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.while_doing(what);
    throw;
  }
}

}  // namespace envforge::support
