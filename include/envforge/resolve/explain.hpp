// Outcomes as text, without colours, at most 80 columns where the words allow it. Each ends with a newline.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <envforge/resolve/resolve.hpp>
#include <envforge/support/error.hpp>

namespace envforge::resolve {

std::string explain(const Solution& solution);
std::string explain(const Conflict& conflict);
std::string explain(const Outcome& outcome);

/// What the data says of an image of others.
struct ImageAnswer {
  std::optional<bool> exists;  // or did when that was read; nullopt: not known
  std::string fact;            // why; "" where nothing is known
  std::string source;          // the data row; "" as above
};
/// nullopt where `asked` is no name of an image.
std::optional<ImageAnswer> about_image(const std::string& asked, const compat::Knowledge& knowledge);

/// What the data says about something beside the versions: an image of others, conda, the host.
std::string explain_topic(const std::string& asked, const compat::Knowledge& knowledge);

/// The same explanation as an Error{kNoVersionSet}, for commands that need a version set to go on. It keeps the
/// conflict: who answers in JSON shows it as `explain` does.
class ConflictError : public support::Error {
 public:
  ConflictError(support::Error error, Conflict conflict)
      : support::Error(std::move(error)), conflict_(std::move(conflict)) {}
  const Conflict& conflict() const noexcept { return conflict_; }

 private:
  Conflict conflict_;
};
ConflictError conflict_error(const Conflict& conflict);

}  // namespace envforge::resolve
