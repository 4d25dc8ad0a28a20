// Names of Python packages as they are compared. Used wherever a name of the recipe, of an index or of an image meets
// another.
#pragma once

#include <string>
#include <string_view>

namespace envforge::versions {

/// PEP 503: lower case, runs of - _ . as one dash.
std::string normal_name(std::string_view name);
/// "jupyterlab" of "JupyterLab [x]>=4; python_version > '3'", normal as above; "" for a text that begins with no name.
std::string requirement_name(std::string_view requirement);

}  // namespace envforge::versions
