// A PythonRequest in uv's own terms: the generated project and the arguments. Pure. Used by UvResolver.
#pragma once

#include <string>
#include <vector>

#include <envforge/packages/python_resolver.hpp>

#include "wheel_name.hpp"

namespace envforge::packages {

/// The name of the generated project, which uv's explanations then speak of.
inline constexpr const char* kProjectName = "the-recipe";

/// NAME @ https://HOST/FILE.whl#sha256=DIGEST
bool is_direct_reference(const std::string& requirement);

/// What is wrong with a requirement, or "". Another direct reference (without a hash, git+..., a path) is refused:
/// nothing could pin its bytes. uv's own answer to a malformed one would be that it must build the generated project.
std::string requirement_problem(const std::string& requirement);

/// The tags of the request's platform, limited to a glibc that uv knows. Throws Error{kInternal} for a platform that is
/// neither linux/amd64 nor linux/arm64, or a version that is no version: both are checked data.
TagTarget tag_target(const PythonRequest& request);
/// "3.13" of 3.13t: what uv takes as a version.
std::string python_number(const PythonRequest& request);
/// x86_64-manylinux_2_36
std::string uv_platform(const TagTarget& target);

/// pyproject.toml: every pin and requirement as a dependency, the explicit indexes, and which pin comes from which.
/// What the request provides is a dependency by its folder below `provided` (uv_provided).
std::string uv_project(const PythonRequest& request, const std::string& provided = {});
/// The pyproject.toml of a package that the request provides: its name and version, without needs and without code.
std::string uv_provided(const std::string& name, const std::string& version);
/// Overrides that let every requirement of a provided package of unknown version be met; "" = none.
std::string uv_overrides(const PythonRequest& request, const std::string& provided);
/// A pylock.toml that holds the preferences; uv keeps versions that it finds in its output file.
std::string uv_preferences(const PythonRequest& request);
/// What makes uv take the needs of a package as known, so that it asks no build for them.
std::string uv_known_needs(const std::string& name, const std::string& version);
/// What every uv command gets: hermetic, without builds, the sources of the request. The package `from_source`, if
/// there is one, is looked for as an sdist.
std::vector<std::string> uv_source_arguments(const PythonRequest& request, const std::string& cache_dir,
                                             const std::string& from_source = {});
/// A Python program in place of the interpreter that uv asks about itself, for a request without a GIL: runs uv's own
/// question (`-c CODE`) and changes one word of the answer. uv (0.13) takes the ABI of wheels from there and from no
/// option; the version and the platform come from its options.
std::string uv_python_answer();
/// pip compile ... , answer into `output`.
std::vector<std::string> uv_compile_arguments(const PythonRequest& request, const std::string& format);

}  // namespace envforge::packages
