// Proves: every library that torch always needs carries machine code (or PTX) for the target's GPUs, read from the
//   headers of its fat binaries.
// Control: the code for one GPU is taken out of one library's listing.
// Suite: quick
#include <algorithm>
#include <chrono>
#include <map>

#include <envforge/support/text.hpp>

#include "audit/code_reader.hpp"
#include "audit/coverage.hpp"
#include "elf/gpu_target.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::audit {
namespace {

using elf::GpuTarget;
using validator::audit::Coverage;
using validator::audit::Gap;
using validator::audit::LibraryCode;
using validator::audit::ReadCode;
using validator::audit::Role;

std::vector<GpuTarget> targets_of(const protocol::GroupRequest& request) {
  std::vector<std::string> names = support::split(request.target_gpus, ',');
  for (const auto& gpu : request.gpus) names.push_back(gpu.compute_capability);
  std::vector<GpuTarget> out;
  for (const std::string& name : names) {
    if (support::trim(name).empty()) continue;
    const auto target = elf::parse_gpu_target(support::trim(name));
    if (!target) throw std::runtime_error("the request names the GPU '" + name + "', which is no compute capability");
    if (std::find(out.begin(), out.end(), *target) == out.end()) out.push_back(*target);
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// The GPUs that a library has machine code of their own for.
std::vector<GpuTarget> machine_code_targets(const elf::DeviceCode& code) {
  std::vector<GpuTarget> out;
  for (const auto& [target, entries] : code.sass()) {
    if (target.suffix == 0) out.push_back(target);
  }
  return out;
}

bool lacks(const Gap& gap) {
  return gap.coverage == Coverage::kNone || gap.coverage == Coverage::kPartial;
}

/// "libcusparseLt.so.0: 7.0, 7.5; ..." of the gaps that `which` takes.
template <class Which>
std::string list(const std::vector<Gap>& gaps, const Which& which) {
  std::map<std::string, std::vector<std::string>> by_library;
  for (const Gap& gap : gaps) {
    if (!which(gap)) continue;
    by_library[gap.library].push_back(capability_name(gap.gpu) +
                                      (gap.coverage == Coverage::kPartial ? " (partly)" : ""));
  }
  std::vector<std::string> out;
  for (const auto& [library, gpus] : by_library) out.push_back(library + ": " + support::join(gpus, ", "));
  return support::join(out, "; ");
}

class MachineCode : public harness::Check {
  void run(harness::Context& context, protocol::CheckResult& result) override {
    const Session& session = context.session<Session>();
    const auto inventory = session.inventory();
    auto gpus = targets_of(context.request());
    const auto start = std::chrono::steady_clock::now();
    ReadCode read = validator::audit::read_code(session.root(), files_of(inventory));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (read.libraries.empty()) throw harness::Skip("no library of the image has GPU code");
    if (gpus.empty()) return describe(read, took.count(), result);

    const auto gaps = find_gaps(read.libraries, gpus);
    const auto compare = [&] {
      harness::Comparison comparison;
      comparison.compared = read.libraries.size() * gpus.size();
      for (const Gap& gap : find_gaps(read.libraries, gpus)) {
        if (gap.role == Role::kEveryUse && lacks(gap)) ++comparison.wrong;
      }
      comparison.worst = static_cast<double>(comparison.wrong);
      return comparison;
    };
    LibraryCode kept;
    LibraryCode& victim = victim_of(read.libraries, gpus.front());
    const harness::Control control{"the code for " + capability_name(gpus.front()) + " taken out of " + victim.name, 1,
                                   [&] { kept = remove_code(victim, gpus.front()); }, [&] { victim = kept; }};
    judge(result, compare, control, protocol::Layer::kImage);
    measure(read, gaps, gpus, took.count(), result);
    explain(read, gaps, gpus, result);
  }

  /// Without a target: which GPUs torch itself was built for, and which other libraries leave one of those out.
  static void describe(ReadCode& read, double seconds, protocol::CheckResult& result) {
    const auto main = std::find_if(read.libraries.begin(), read.libraries.end(), [](const LibraryCode& library) {
      return support::starts_with(library.name, "libtorch_cuda.so");
    });
    if (main == read.libraries.end()) throw harness::Skip("no GPU is asked for, and torch has no libtorch_cuda.so");
    const std::vector<GpuTarget> built_for = machine_code_targets(main->code);
    if (built_for.empty()) throw harness::Skip("no GPU is asked for, and libtorch_cuda.so lists no machine code");
    LibraryCode kept;
    const auto compare = [&] {
      harness::Comparison comparison;
      comparison.compared = built_for.size();
      for (const Gap& gap : validator::audit::find_gaps({*main}, built_for)) comparison.wrong += lacks(gap) ? 1 : 0;
      comparison.worst = static_cast<double>(comparison.wrong);
      return comparison;
    };
    const harness::Control control{"the code for " + capability_name(built_for.front()) + " taken out of " + main->name,
                                   1, [&] { kept = remove_code(*main, built_for.front()); }, [&] { *main = kept; }};
    judge(result, compare, control, protocol::Layer::kImage);
    measure(read, validator::audit::find_gaps(read.libraries, built_for), built_for, seconds, result);
    if (result.verdict != protocol::Verdict::kPass) return;
    result.summary = "no GPU was asked for; torch has machine code for " + validator::audit::describe_code(main->code);
    const std::string without = list(validator::audit::find_gaps(read.libraries, built_for),
                                     [](const Gap& gap) { return gap.role == Role::kEveryUse && lacks(gap); });
    if (!without.empty()) result.summary += "; of these lack code: " + without;
  }

  static std::vector<std::string> files_of(const validator::audit::Inventory& inventory) {
    std::vector<std::string> files = inventory.library_files;
    for (const auto& library : inventory.libraries) files.push_back(library.chosen.path);
    return files;
  }

  /// A library that torch always needs and that has code for the GPU; without one, any that becomes such a library.
  static LibraryCode& victim_of(std::vector<LibraryCode>& libraries, const GpuTarget& gpu) {
    for (LibraryCode& library : libraries) {
      const Coverage coverage = coverage_of(library, gpu);
      if (library.role == Role::kEveryUse && (coverage == Coverage::kSass || coverage == Coverage::kPtx))
        return library;
    }
    return libraries.front();
  }

  static LibraryCode remove_code(LibraryCode& library, const GpuTarget& gpu) {
    LibraryCode kept = library;
    library.role = Role::kEveryUse;
    library.known = true;
    for (auto& binary : library.code.binaries) {
      binary.erase(std::remove_if(binary.begin(), binary.end(),
                                  [&](const elf::CodeEntry& entry) {
                                    return entry.kind == elf::CodeEntry::Kind::kSass
                                               ? sass_runs_on(entry.target, gpu)
                                               : ptx_compiles_for(entry.target, gpu);
                                  }),
                   binary.end());
    }
    return kept;
  }

  static void measure(const ReadCode& read, const std::vector<Gap>& gaps, const std::vector<GpuTarget>& gpus,
                      double seconds, protocol::CheckResult& result) {
    for (const GpuTarget& gpu : gpus) {
      protocol::Measurement one;
      one.name = "libraries with code for " + capability_name(gpu);
      one.unit = "libraries";
      one.derivation = "of " + std::to_string(read.libraries.size()) + " libraries with GPU code";
      std::size_t covered = read.libraries.size();
      for (const Gap& gap : gaps) {
        if (!(gap.gpu == gpu)) continue;
        const char* words[] = {"", "PTX only", "partly", "none", "not known"};
        one.context[gap.library] = words[static_cast<int>(gap.coverage)];
        if (gap.coverage != Coverage::kPtx) --covered;
      }
      one.value = static_cast<double>(covered);
      result.measurements.push_back(std::move(one));
    }
    result.measurements.push_back({"reading the fat binaries of " + std::to_string(read.looked_at) + " libraries",
                                   seconds,
                                   "s",
                                   std::nullopt,
                                   std::to_string(read.bytes) + " bytes mapped",
                                   {}});
  }

  static void explain(const ReadCode& read, const std::vector<Gap>& gaps, const std::vector<GpuTarget>& gpus,
                      protocol::CheckResult& result) {
    if (result.verdict == protocol::Verdict::kError) return;
    std::vector<std::string> names;
    for (const GpuTarget& gpu : gpus) names.push_back(capability_name(gpu));
    const std::string optional = list(gaps, [](const Gap& gap) { return gap.role == Role::kOptional && lacks(gap); });
    const std::string feature = list(gaps, [](const Gap& gap) { return gap.role == Role::kOneFeature && lacks(gap); });
    const std::string always = list(gaps, [](const Gap& gap) { return gap.role == Role::kEveryUse && lacks(gap); });
    const std::string ptx = list(gaps, [](const Gap& gap) { return gap.coverage == Coverage::kPtx; });
    const std::string unknown = list(gaps, [](const Gap& gap) { return gap.coverage == Coverage::kNotKnown; });

    std::vector<std::string> notes;
    if (!ptx.empty()) notes.push_back("by PTX that the driver must compile: " + ptx);
    if (!optional.empty()) notes.push_back("optional libraries without code: " + optional);
    if (!unknown.empty()) notes.push_back("not known, their code lies elsewhere: " + unknown);
    if (!read.malformed.empty()) notes.push_back("not wholly readable: " + support::join(read.malformed, ", "));
    result.summary = std::to_string(read.libraries.size()) + " libraries with GPU code, for " +
                     support::join(names, ", ") + (notes.empty() ? "" : "; " + support::join(notes, "; "));
    if (!always.empty()) {
      result.reason = "torch cannot work on these GPUs, for there is no code for them: " + always;
      if (!feature.empty()) result.reason += "; and these parts cannot: " + feature;
      result.evidence = evidence(read, gaps);
      result.mend =
          "a torch build whose wheels cover the target (envforge explain --matrix), or another target in the recipe";
    } else if (!feature.empty() && result.verdict == protocol::Verdict::kPass) {
      result.verdict = protocol::Verdict::kDegraded;
      result.reason = "some parts have no code for some of the target's GPUs: " + feature;
      result.layer = protocol::Layer::kImage;
      result.evidence = evidence(read, gaps);
      result.mend = "another build of these packages, or another target in the recipe, if the part is used";
    }
  }

  static std::string evidence(const ReadCode& read, const std::vector<Gap>& gaps) {
    std::vector<std::string> out;
    for (const LibraryCode& library : read.libraries) {
      const bool named = std::any_of(gaps.begin(), gaps.end(), [&](const Gap& gap) {
        return gap.library == library.name && lacks(gap) && gap.role != Role::kOptional;
      });
      if (named) out.push_back(library.name + " has " + validator::audit::describe_code(library.code));
    }
    return support::join(out, "; ");
  }
};

ENVFORGE_CHECK(MachineCode);

}  // namespace
}  // namespace envforge::validator::checks::audit
