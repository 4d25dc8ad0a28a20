// What is said beside a conflict: reports of known trouble, archives of Python, wheels for Jetson, builds that may fit.
#include <algorithm>

#include <envforge/support/text.hpp>
#include <envforge/versions/python_name.hpp>

#include "answer.hpp"

namespace envforge::resolve {
namespace {

using compat::cite;

// A row of known trouble may name a library as the way out: that there is a report of it, and that a lock has what the
// build requires and nothing else, stand beside the no.
void add_known_trouble(const Problem& problem, const Search& search, std::size_t constraint,
                       std::vector<std::string>& hints) {
  const std::string& part = problem.wishes[problem.constraints[constraint].wishes[0]].part->part;
  const auto without = search.best([&](std::size_t i) { return i != constraint; });
  if (!without) return;
  const auto warnings = make_warnings(problem, *without);
  for (const compat::KnownBad& bad : problem.knowledge->tables().known_bad) {
    if ((part == "cudnn" ? bad.cudnn : part == "nccl" ? bad.nccl : "").empty()) continue;
    const auto told = std::find_if(warnings.begin(), warnings.end(),
                                   [&](const Warning& warning) { return support::ends_with(warning.text, bad.fact); });
    if (told != warnings.end())
      hints.push_back(told->text + " [" + told->source + "]. That is what the report says; envforge locks the " + part +
                      " that the build requires, and no other beside it");
  }
}

// Whether an archive of the Python that is asked for would do: solved as if the site had one that runs everywhere.
void add_archive_hint(const Problem& problem, std::vector<std::string>& hints) {
  const documents::ImageSpec& spec = *problem.spec;
  const std::string& python = spec.python.value;
  auto archives = problem.offers->archives();
  std::erase_if(archives, [&](const auto& archive) { return versions::python_series(archive.version) == python; });
  const std::string number(versions::without_t(python));
  for (const std::string& platform : spec.platforms)
    archives.push_back({number + ".0" + (number == python ? "" : "t"), platform, "", "", "2.0"});
  const Problem with = make_problem(spec, std::make_shared<Offers>(*problem.knowledge, std::move(archives)));
  const auto found = Search(with, std::nullopt).best();
  if (!found) return;
  hints.push_back("an archive of Python " + python + " for " + support::join(spec.platforms, " and ") +
                  " under `pythons` of the site configuration would do: " + describe_build(with.option(*found)) +
                  " on " + std::string(found->base->name));
}

}  // namespace

std::vector<std::string> make_hints(const Problem& problem, const Search& search,
                                    const std::vector<std::size_t>& conflict) {
  std::vector<std::string> hints;
  for (const std::size_t i : conflict) {
    if (problem.constraints[i].kind == ConstraintKind::kPart) add_known_trouble(problem, search, i, hints);
    if (problem.constraints[i].kind == ConstraintKind::kPython) add_archive_hint(problem, hints);
  }
  const auto for_no_wheel = [&](std::size_t i) {
    const Constraint& constraint = problem.constraints[i];
    return (constraint.kind == ConstraintKind::kGpuCode || constraint.kind == ConstraintKind::kGpuHost) &&
           without_wheels(*problem.knowledge, *problem.gpus[constraint.gpu].match.architecture);
  };
  if (std::any_of(conflict.begin(), conflict.end(), for_no_wheel)) {
    for (const compat::Topic* topic : problem.knowledge->topics_about("jetson"))
      hints.push_back(std::string(topic->answer) + " [" + cite(topic->evidence, "answer") + "]");
  }
  if (const auto doubtful = search.doubtful()) {
    const BuildOption& option = problem.option(*doubtful);
    hints.push_back(describe_build(option) + " may fit, but the data of " + problem.knowledge->as_of() +
                    " cannot tell; `cuda: " + std::string(option.build->cuda_variant) + "` takes it, with a warning");
  }
  return hints;
}

}  // namespace envforge::resolve
