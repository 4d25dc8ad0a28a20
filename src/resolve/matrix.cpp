#include <envforge/resolve/matrix.hpp>

#include <algorithm>
#include <optional>

#include <envforge/compat/base_names.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/driver.hpp>
#include <envforge/versions/version_range.hpp>

#include "compiler_rules.hpp"
#include "matrix_machines.hpp"
#include "part_rules.hpp"
#include "problem.hpp"

namespace envforge::resolve {
namespace {

using compat::BuildPlatform;
using compat::Release;
using support::Error;
using support::ErrorCode;
using versions::Version;
using versions::VersionRange;

[[noreturn]] void refuse(const std::string& what, const std::string& value, const std::string& expected) {
  throw Error(ErrorCode::kUsage, what + " '" + support::printable(value) + "': expected " + expected);
}

bool has_python(const compat::Build& build, const std::string& python) {
  const auto in = [&](compat::Names names) { return std::find(names.begin(), names.end(), python) != names.end(); };
  return in(build.python) || in(build.free_threaded);
}

// The filter with its texts understood once.
class Question {
 public:
  Question(const compat::Knowledge& knowledge, const MatrixFilter& filter) : knowledge_(knowledge), filter_(filter) {
    if (!filter.torch.empty()) {
      torch_ = VersionRange::parse(filter.torch);
      if (!torch_) refuse("--torch", filter.torch, "a version or a range, such as 2.6 or \">=2.4,<2.7\"");
    }
    if (!filter.platform.empty() && filter.platform != "linux/amd64" && filter.platform != "linux/arm64") {
      throw Error(ErrorCode::kUsage,
                  "--platform '" + support::printable(filter.platform) + "': expected linux/amd64 or linux/arm64",
                  std::nullopt, support::did_you_mean(filter.platform, {"linux/amd64", "linux/arm64"}));
    }
    if (!filter.glibc.empty()) {
      glibc_ = Version::parse(filter.glibc);
      if (!glibc_) refuse("--glibc", filter.glibc, "the version of a C library, such as 2.31");
    }
    for (const auto& [part, version] : filter.parts) {
      const auto range = VersionRange::parse_prefix(version);
      if (version.empty()) continue;
      if (!range) refuse("--" + part, version, "a version or a range, such as 9.10 or \">=9.10,<9.14\"");
      parts_.push_back({part, *range, {}, {}});
    }
    base_ = filter.base.empty() ? nullptr : knowledge.base(filter.base);
    machines_ = machines_of(knowledge, filter);
  }

  bool wants(const BuildOption& option) const {
    return (!torch_ || torch_->contains(option.torch)) &&
           (!filter_.devel || nvcc_fit(knowledge_, option) != Fit::kNo) &&
           (filter_.cuda.empty() || is_cuda(option, filter_.cuda)) && (filter_.base.empty() || base_ != nullptr) &&
           (python().empty() || has_python(*option.build, std::string(python())));
  }

  /// Whether the platform is wanted and runs; `doubt` says what is not certain about it.
  Fit wants(const BuildOption& option, const BuildPlatform& platform, std::string& doubt) const {
    if (!filter_.platform.empty() && platform.platform != filter_.platform) return Fit::kNo;
    const Version needed = Version::of(platform.min_glibc);
    if ((glibc_ && *glibc_ < needed) || (base_ != nullptr && Version::of(base_->glibc) < needed)) return Fit::kNo;
    std::vector<std::string> doubts;
    Fit fit = Fit::kYes;
    for (const PartWish& part : parts_) fit = std::max(fit, brought(part, option, doubts));
    fit = std::max(fit, machines_fit(knowledge_, machines_, option, platform, doubts));
    doubt = support::join(doubts, ", ");
    return fit;
  }

 private:
  // The one that is asked for, else that of the base.
  std::string_view python() const {
    return !filter_.python.empty() ? std::string_view(filter_.python)
           : base_ == nullptr      ? std::string_view()
                                   : base_->python;
  }

  Fit brought(const PartWish& part, const BuildOption& option, std::vector<std::string>& doubts) const {
    const Fit fit = part_fit(part, {0, base_, python()}, option);
    const bool sure = is_verified(part, option);
    if (fit == Fit::kUnknown) doubts.push_back("not known to have that " + part.part);
    if (fit == Fit::kYes && !sure) doubts.push_back(part.part + " not verified");
    return fit;
  }

  const compat::Knowledge& knowledge_;
  const MatrixFilter& filter_;
  std::optional<VersionRange> torch_;
  std::optional<Version> glibc_;
  std::vector<PartWish> parts_;
  const compat::Base* base_ = nullptr;
  std::vector<Machine> machines_;
};

MatrixRow make_row(const compat::Knowledge& knowledge, const Release& release, const BuildOption& option,
                   const BuildPlatform& platform, std::string doubt) {
  MatrixRow row;
  row.torch = release.version;
  row.cuda_variant = option.build->cuda_variant;
  row.platform = platform.platform;
  const std::string index = knowledge.index_url(*option.build, platform);
  row.index = index.empty() ? "PyPI" : index;
  row.python.assign(option.build->python.begin(), option.build->python.end());
  row.free_threaded.assign(option.build->free_threaded.begin(), option.build->free_threaded.end());
  if (const auto* major = knowledge.cuda_major(option.cuda)) row.driver_floor = major->driver_floor;
  row.glibc_floor = platform.min_glibc;
  row.cudnn = option.build->cudnn;
  row.nccl = option.build->nccl;
  row.cublas = option.build->cublas;
  row.triton = release.triton;
  row.torchvision = release.torchvision;
  row.torchaudio = release.torchaudio;
  row.cxx11_abi = option.build->cxx11_abi;
  row.code.assign(platform.sass.names.begin(), platform.sass.names.end());
  row.code.insert(row.code.end(), platform.ptx.names.begin(), platform.ptx.names.end());
  row.doubt = std::move(doubt);
  row.source = cite(option.build->evidence);
  row.code_source = cite(platform.evidence, "sass");
  return row;
}

}  // namespace

const std::vector<std::string>& matrix_parts() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = documents::torch_libraries();
    all.insert(all.end(), {"torchvision", "torchaudio"});
    return all;
  }();
  return names;
}

std::vector<MatrixRow> matrix(const compat::Knowledge& knowledge, const MatrixFilter& filter) {
  const Question question(knowledge, filter);
  std::vector<MatrixRow> rows;
  for (const Release& release : knowledge.tables().releases) {
    const Version torch = Version::of(release.version);
    for (const compat::Build& build : release.builds) {
      const BuildOption option{&release, &build, torch, Version::of(build.cuda)};
      if (!question.wants(option)) continue;
      for (const BuildPlatform& platform : build.platforms) {
        std::string doubt;
        Fit fit = question.wants(option, platform, doubt);
        if (fit == Fit::kNo) continue;
        if (filter.devel && nvcc_fit(knowledge, option) == Fit::kUnknown) {
          fit = Fit::kUnknown;
          doubt += std::string(doubt.empty() ? "" : ", ") + "not known to have an nvcc";
        }
        rows.push_back(make_row(knowledge, release, option, platform, std::move(doubt)));
        rows.back().known = fit == Fit::kYes;
      }
    }
  }
  std::stable_partition(rows.begin(), rows.end(), [](const MatrixRow& row) { return row.known; });
  return rows;
}

namespace {

void note_machines(std::vector<std::string>& notes, const compat::Knowledge& knowledge, const MatrixFilter& filter) {
  const auto& majors = knowledge.tables().majors;
  const auto lowest = std::min_element(majors.begin(), majors.end(), [](const auto& a, const auto& b) {
    return Version::of(a.driver_floor) < Version::of(b.driver_floor);
  });
  const auto add = [&](const std::string& note) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  };
  const auto machines = machines_of(knowledge, filter);
  for (const Machine& machine : machines) {
    if (machine.arm_host && filter.platform == "linux/amd64")
      add(machine.name + " comes with an Arm CPU: its machines are linux/arm64");
  }
  const bool mixed = std::any_of(machines.begin(), machines.end(), [](const auto& each) { return !each.arm_host; });
  for (const Machine& machine : machines) {
    if (machine.arm_host && mixed && filter.platform.empty())
      add(machine.name + " comes with an Arm CPU: a line for amd64 has a build whose arm64 wheel serves it");
    if (!machine.driver) continue;
    if (knowledge.branch(*machine.driver) == nullptr) add(branch_not_known(knowledge, *machine.driver));
    if (lowest != majors.end() && *machine.driver < Version::of(lowest->driver_floor) &&
        machine.driver->release().size() > 1)
      add("the least driver of any build that is known is " + std::string(lowest->driver_floor) + " (CUDA " +
          std::to_string(lowest->major) + ".x) [" + cite(lowest->evidence) + "]");
  }
}

// The filter once without each thing that must be served.
std::vector<std::pair<std::string, MatrixFilter>> leaving_one_out(const MatrixFilter& filter) {
  std::vector<std::pair<std::string, MatrixFilter>> out;
  const auto less = [&](const std::string& what, auto member, std::size_t i) {
    out.emplace_back(what, filter);
    auto& list = out.back().second.*member;
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
  };
  for (std::size_t i = 0; i < filter.gpus.size(); ++i) less(filter.gpus[i], &MatrixFilter::gpus, i);
  for (std::size_t i = 0; i < filter.drivers.size(); ++i)
    less("driver " + filter.drivers[i], &MatrixFilter::drivers, i);
  for (std::size_t i = 0; i < filter.pools.size(); ++i) less("pool " + filter.pools[i].name, &MatrixFilter::pools, i);
  return out;
}

std::size_t known_rows(const std::vector<MatrixRow>& rows) {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const MatrixRow& row) { return row.known; }));
}

}  // namespace

std::vector<MatrixDecider> matrix_deciders(const compat::Knowledge& knowledge, const MatrixFilter& filter) {
  // One GPU with one driver is a machine, and not a choice between them.
  if (filter.gpus.size() < 2 && filter.drivers.size() < 2 && filter.pools.size() < 2) return {};
  std::vector<MatrixDecider> out;
  for (auto& [what, less] : leaving_one_out(filter)) {
    if (less.gpus.empty() || less.drivers.empty()) less.forward_compat = less.forward_compat && !less.pools.empty();
    out.push_back({what, known_rows(matrix(knowledge, less))});
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.without > b.without; });
  return out;
}

std::string sentence(const std::vector<MatrixDecider>& deciders, const std::vector<MatrixRow>& rows) {
  if (deciders.empty()) return "";
  const std::size_t all = known_rows(rows);
  std::vector<std::string> parts;
  for (const MatrixDecider& each : deciders) parts.push_back(std::to_string(each.without) + " without " + each.what);
  const bool one_does = deciders.front().without > all;
  return (one_does ? deciders.front().what + " decides" : "no single one of them decides") + std::string(": ") +
         std::to_string(all) + (all == 1 ? " combination is" : " combinations are") + " known to serve all, " +
         support::join(parts, ", ");
}

std::vector<std::string> matrix_notes(const compat::Knowledge& knowledge, const MatrixFilter& filter) {
  const auto& tables = knowledge.tables();
  std::vector<std::string> notes;
  const auto unknown = [&](const std::string& what, const std::string& known) {
    notes.push_back(what + " is not known to the data of " + knowledge.as_of() + (known.empty() ? "" : "; " + known));
  };
  const auto any_build = [&](auto&& test) {
    return std::any_of(tables.releases.begin(), tables.releases.end(), [&](const Release& release) {
      return std::any_of(release.builds.begin(), release.builds.end(),
                         [&](const compat::Build& build) { return test(release, build); });
    });
  };
  const auto torch = VersionRange::parse(filter.torch);
  if (torch && torch->is_empty()) {
    notes.push_back("no version can be in '" + filter.torch + "'");
  } else if (torch && !any_build([&](const Release& release, const auto&) {
               return torch->contains(Version::of(release.version));
             }))
    unknown("torch " + filter.torch, nearest_known(knowledge, *torch));
  if (!filter.cuda.empty() && !any_build([&](const Release& release, const compat::Build& build) {
        return is_cuda({&release, &build, Version(), Version::of(build.cuda)}, filter.cuda);
      }))
    unknown("a torch build for CUDA " + filter.cuda, "");
  if (!filter.python.empty() &&
      !any_build([&](const Release&, const compat::Build& build) { return has_python(build, filter.python); }))
    unknown("a torch build for Python " + filter.python, "");
  for (const auto& [part, version] : filter.parts) {
    const auto range = VersionRange::parse_prefix(version);
    if (range && !any_build([&, &name = part](const Release& release, const compat::Build& build) {
          const auto own = Version::parse(version_of_part({&release, &build, Version(), Version()}, name));
          return own && range->contains(*own);
        }))
      unknown("a torch build with " + part + " " + version, "");
  }
  if (const auto none = filter.base.empty() ? std::nullopt : compat::other_base(knowledge, filter.base))
    notes.push_back(none->text + (none->hint.empty() ? "" : "; " + none->hint) +
                    (none->source.empty() ? "" : " [" + none->source + "]"));
  if (const auto* base = knowledge.base(filter.base);
      base != nullptr && !filter.python.empty() && filter.python != base->python)
    notes.push_back(filter.base + " has Python " + std::string(base->python) +
                    "; another comes from an archive of the site configuration (`pythons`)");
  note_machines(notes, knowledge, filter);
  return notes;
}

}  // namespace envforge::resolve
