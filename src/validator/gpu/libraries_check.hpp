// The last check of a group that loads libraries of the image: what its process has mapped after the work of all the
// others. Each such group has one, checks/<group>/libraries.cpp.
#pragma once

#include <envforge/support/text.hpp>

#include "gpu/displaced.hpp"
#include "gpu/image_libraries.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator::gpu {

/// `Session`: one with libraries(), as gpu::Session.
template <class Session>
class LibrariesCheck : public harness::Check {
 public:
  bool last() const final { return true; }
  void prepare(harness::Context& context) final { context.session<Session>(); }

  void run(harness::Context& context, protocol::CheckResult& result) final {
    const ImageLibraries& libraries = context.session<Session>().libraries();
    const loader::TorchProcess* model = libraries.model();
    if (model == nullptr)
      throw harness::Skip("the image has no torch, by whose rules one file of several is the right one");
    std::vector<std::string> mapped = libraries.mapped_files();
    const std::size_t known = known_libraries(*model, mapped);
    if (known == 0) throw harness::Skip("this process has mapped none of torch's CUDA libraries");
    const auto found = displaced_libraries(*model, mapped);
    result.summary =
        std::to_string(known) + " CUDA libraries are mapped, each from the file that the loader's rules choose";
    harness::judge(
        result,
        [&] {
          harness::Comparison comparison;
          comparison.compared = known;
          comparison.wrong = displaced_libraries(*model, mapped).size();
          comparison.worst = static_cast<double>(comparison.wrong);
          return comparison;
        },
        {"a second copy of one library among the mapped files", 1, [&] { mapped.push_back(planted(*model)); },
         [&] { mapped.pop_back(); }},
        protocol::Layer::kImage);
    if (result.verdict == protocol::Verdict::kFail) explain(found, result);
  }

 private:
  static std::string planted(const loader::TorchProcess& model) {
    for (const auto& library : model.mapped) {
      if (loader::is_cuda_library(library.soname)) return "/envforge-planted/" + library.soname;
    }
    return "";
  }

  static void explain(const std::vector<Displaced>& found, protocol::CheckResult& result) {
    std::vector<std::string> what, mend;
    for (const Displaced& one : found) {
      what.push_back(one.soname + " is mapped from " + one.mapped + ", the loader's rules choose " + one.expected +
                     " (" + one.rule + ")");
      mend.push_back("remove " + one.mapped + " or what opens it by its path");
    }
    result.summary.clear();
    result.reason = support::join(what, "; ");
    result.evidence = "/proc/self/maps after the group's other checks";
    result.mend = support::join(mend, "; ");
  }
};

}  // namespace envforge::validator::gpu
