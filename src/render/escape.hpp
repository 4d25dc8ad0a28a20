// One escaper for each place in a Dockerfile where a value may stand. Used by print() alone. Each gives back text that
// the place reads as exactly `value`, or throws Error{kUnprintableValue}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace envforge::render {

/// One word for /bin/sh, in the shell form of RUN.
std::string shell_word(std::string_view value);
/// The right side of NAME=value in ENV and LABEL.
std::string assigned_value(std::string_view value);
/// The name on the left of ENV: [A-Za-z_][A-Za-z0-9_]*.
std::string environment_name(std::string_view value);
/// A label's name: reverse-DNS, lower case.
std::string label_name(std::string_view value);
/// ["a", "b"], for ENTRYPOINT and CMD: nothing is expanded in it.
std::string exec_form(const std::vector<std::string>& argv);
/// A path where the Dockerfile expands variables: WORKDIR, and COPY's and ADD's shell form.
std::string path_word(std::string_view value);
/// A value inside --mount=... or another flag: plain characters only, for the flag is read as CSV.
std::string flag_value(std::string_view value);
/// A reference of an image or a stage, in FROM.
std::string image_reference(std::string_view value);
/// Text of a comment line.
std::string comment_text(std::string_view value);

}  // namespace envforge::render
