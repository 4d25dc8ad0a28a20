// What PyPI serves of torch, asked through the package resolver. Used by check_data and draft_release.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/app/world.hpp>
#include <envforge/packages/python_resolver.hpp>

namespace envforge::app {

using Wheels = std::vector<packages::ResolvedWheel>;

class PyPi {
 public:
  explicit PyPi(World& world) : world_(world) {}

  /// The closure of `pins`; nullopt if there is none. Throws Error{kIndexUnreachable} where the index does not answer.
  std::optional<Wheels> ask(const std::vector<std::string>& pins, const std::string& python,
                            const std::string& platform);
  /// The Pythons without a GIL, from `oldest_python` on, that have a wheel of `pin`, "torch==2.15.0": "3.14t", "3.15t".
  /// Throws as ask does.
  std::vector<std::string> free_threaded(const std::string& pin, const std::string& oldest_python,
                                         const std::string& platform);
  std::size_t questions() const { return questions_; }

 private:
  packages::PythonRequest request(const std::string& python, const std::string& platform);

  World& world_;
  std::size_t questions_ = 0;
};

/// By its name; nullptr if it is not there.
const packages::ResolvedWheel* find(const Wheels& wheels, const std::string& name);
/// The version of "nvidia-cudnn-cu12", of "nvidia-cublas" ...; "" if the closure has none.
std::string library(const Wheels& wheels, const std::string& name);
/// "2.28" of torch-...-manylinux_2_28_x86_64.whl; "" for tags that do not say it, and manylinux1, which says too
/// little.
std::string glibc_of(const std::string& filename);
/// "3.12", 1 -> "3.13"
std::string next_minor(const std::string& python, int step);

}  // namespace envforge::app
