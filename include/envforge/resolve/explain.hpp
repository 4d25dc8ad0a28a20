// Outcomes as text, without colours, at most 80 columns where the words allow it. Each ends with a newline.
#pragma once

#include <string>

#include <envforge/resolve/resolve.hpp>
#include <envforge/support/error.hpp>

namespace envforge::resolve {

std::string explain(const Solution& solution);
std::string explain(const Conflict& conflict);
std::string explain(const Outcome& outcome);

/// What the data says about something beside the versions: an image of others, conda, the host.
std::string explain_topic(const std::string& asked, const compat::Knowledge& knowledge);

/// The same explanation as an Error{kNoVersionSet}, for commands that need a version set to go on.
support::Error conflict_error(const Conflict& conflict);

}  // namespace envforge::resolve
