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
#include "machine_rules.hpp"
#include "part_rules.hpp"
#include "problem.hpp"

namespace envforge::resolve {
namespace {

using compat::BuildPlatform;
using compat::Coverage;
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
    if (!filter.driver.empty()) {
      driver_ = versions::parse_driver(filter.driver);
      if (!driver_) refuse("--driver", filter.driver, "a driver version, such as 550.90.07");
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
    if (filter.forward_compat && (filter.gpu.empty() || filter.driver.empty()))
      throw Error(ErrorCode::kUsage, "--forward-compat asks about a GPU and a driver", std::nullopt,
                  "such as --gpu H100 --driver 535");
    if (!filter.gpu.empty()) {
      gpu_ = need_gpu(knowledge, filter.gpu, {});
      first_branch_ = first_branch(knowledge, gpu_->cc);
    }
  }

  bool wants(const BuildOption& option) const {
    return (!torch_ || torch_->contains(option.torch)) &&
           (!filter_.devel || nvcc_fit(knowledge_, option) != Fit::kNo) &&
           (filter_.cuda.empty() || is_cuda(option, filter_.cuda)) &&
           (filter_.base.empty() || (base_ != nullptr && has_python(*option.build, std::string(base_->python)))) &&
           (filter_.python.empty() || has_python(*option.build, filter_.python));
  }

  /// Whether the platform is wanted and runs; `doubt` says what is not certain about it.
  Fit wants(const BuildOption& option, const BuildPlatform& platform, std::string& doubt) const {
    if (!filter_.platform.empty() && platform.platform != filter_.platform) return Fit::kNo;
    if (gpu_ && needs_arm_host(*gpu_) && platform.platform != "linux/arm64") return Fit::kNo;
    const Version needed = Version::of(platform.min_glibc);
    if ((glibc_ && *glibc_ < needed) || (base_ != nullptr && Version::of(base_->glibc) < needed)) return Fit::kNo;
    std::vector<std::string> doubts;
    Fit fit = Fit::kYes;
    for (const PartWish& part : parts_) fit = std::max(fit, brought(part, option, doubts));
    if (gpu_) {
      fit = code_fit(knowledge_, option, platform, *gpu_->architecture);
      const Coverage covered = coverage(platform, *gpu_->architecture, knowledge_);
      if (covered == Coverage::kUnknown) doubts.emplace_back("not known to run");
      if (covered == Coverage::kLikely) doubts.emplace_back("not verified");
      if (covered == Coverage::kPtx) doubts.emplace_back("from PTX");
      if (covered == Coverage::kPtx && driver_)
        fit = std::max(fit, carried(option, ptx_driver_fit(knowledge_, option, *driver_), doubts));
    }
    if (driver_) {
      fit = std::max(fit, carried(option, driver_fit(knowledge_, option, *driver_), doubts));
      fit = std::max(fit, driven(doubts));
    }
    doubt = support::join(doubts, ", ");
    return fit;
  }

 private:
  Fit brought(const PartWish& part, const BuildOption& option, std::vector<std::string>& doubts) const {
    const Fit fit = part_fit(part, {0, base_}, option);
    const bool sure = is_verified(part, option);
    if (fit == Fit::kUnknown) doubts.push_back("not known to have that " + part.part);
    if (fit == Fit::kYes && !sure) doubts.push_back(part.part + " not verified");
    return fit;
  }

  // What forward compatibility makes of a driver's answer.
  Fit carried(const BuildOption& option, Fit own, std::vector<std::string>& doubts) const {
    if (own == Fit::kYes || !filter_.forward_compat) return own;
    const Fit carried = forward_fit(knowledge_, option, *driver_, *gpu_);
    const std::string package =
        "with " + forward_package(option.cuda) + (carried == Fit::kYes ? "" : ", not known to cover it");
    const bool told = std::find(doubts.begin(), doubts.end(), package) != doubts.end();
    if (carried != Fit::kNo && own == Fit::kNo && !told) doubts.push_back(package);
    return std::min(own, carried);
  }

  // Whether the driver supports the GPU; without a GPU, whether anything is known of its branch.
  Fit driven(std::vector<std::string>& doubts) const {
    const bool known = knowledge_.branch(*driver_) != nullptr;
    const Fit fit = gpu_    ? gpu_driver_fit(knowledge_, *driver_, *gpu_->architecture, first_branch_)
                    : known ? Fit::kYes
                            : Fit::kUnknown;
    if (fit == Fit::kUnknown)
      doubts.push_back(known ? "the first driver known to list the GPU is of R" + std::to_string(first_branch_)
                             : "the driver's branch is not known");
    return fit;
  }

  const compat::Knowledge& knowledge_;
  const MatrixFilter& filter_;
  std::optional<VersionRange> torch_;
  std::optional<Version> driver_, glibc_;
  std::vector<PartWish> parts_;
  const compat::Base* base_ = nullptr;
  std::optional<compat::GpuMatch> gpu_;
  unsigned first_branch_ = 0;
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

std::string code_text(const MatrixRow& row) {
  if (row.code.empty()) return "not known";
  std::vector<std::string> parts;
  for (const std::string& name : row.code) {
    parts.push_back(support::starts_with(name, "sm_") ? name.substr(3) : "+PTX" + name.substr(8));
  }
  return support::join(parts, " ");
}

void add_line(std::string& text, const std::vector<std::string>& cells) {
  static constexpr std::size_t kWidths[] = {8, 7, 6, 16, 11, 7, 5, 11, 8};
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string cell = cells[i].empty() ? "-" : cells[i];
    if (i < std::size(kWidths)) cell.resize(std::max(kWidths[i], cell.size() + 1), ' ');
    line += cell;
  }
  text += line + "\n";
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
  if (filter.platform == "linux/amd64" && !filter.gpu.empty() && needs_arm_host(need_gpu(knowledge, filter.gpu, {})))
    notes.push_back(filter.gpu + " comes with an Arm CPU: its machines are linux/arm64");
  const auto driver = versions::parse_driver(filter.driver);
  if (driver && knowledge.branch(*driver) == nullptr) notes.push_back(branch_not_known(knowledge, *driver));
  const auto lowest = std::min_element(tables.majors.begin(), tables.majors.end(), [](const auto& a, const auto& b) {
    return Version::of(a.driver_floor) < Version::of(b.driver_floor);
  });
  if (driver && lowest != tables.majors.end() && *driver < Version::of(lowest->driver_floor) &&
      driver->release().size() > 1)
    notes.push_back("the least driver of any build that is known is " + std::string(lowest->driver_floor) + " (CUDA " +
                    std::to_string(lowest->major) + ".x) [" + cite(lowest->evidence) + "]");
  return notes;
}

std::string matrix_csv(const std::vector<MatrixRow>& rows) {
  const auto quoted = [](std::string cell) {
    if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
    for (std::size_t at = 0; (at = cell.find('"', at)) != std::string::npos; at += 2) cell.insert(at, 1, '"');
    return '"' + cell + '"';
  };
  std::string text =
      "torch,cuda_variant,platform,index,python,free_threaded,driver_floor,glibc_floor,cudnn,nccl,cublas,triton,"
      "torchvision,torchaudio,cxx11_abi,code,doubt,source,code_source\r\n";
  for (const MatrixRow& row : rows) {
    std::vector<std::string> cells = {row.torch,
                                      row.cuda_variant,
                                      row.platform,
                                      row.index,
                                      support::join(row.python, " "),
                                      support::join(row.free_threaded, " "),
                                      row.driver_floor,
                                      row.glibc_floor,
                                      row.cudnn,
                                      row.nccl,
                                      row.cublas,
                                      row.triton,
                                      row.torchvision,
                                      row.torchaudio,
                                      std::to_string(row.cxx11_abi),
                                      support::join(row.code, " "),
                                      row.doubt,
                                      row.source,
                                      row.code_source};
    for (std::string& cell : cells) cell = quoted(cell);
    text += support::join(cells, ",") + "\r\n";
  }
  return text;
}

std::string matrix_text(const std::vector<MatrixRow>& rows, const std::vector<std::string>& notes,
                        const compat::Knowledge& knowledge) {
  std::string text;
  add_line(text, {"TORCH", "CUDA", "ARCH", "PYTHON", "DRIVER>=", "GLIBC", "ABI", "CUDNN", "NCCL", "GPU CODE (sm_)"});
  for (const MatrixRow& row : rows) {
    const auto minor = [](const std::string& version) { return version.substr(version.find('.') + 1); };
    std::string python = row.python.front() + "-" + minor(row.python.back());
    for (const std::string& free : row.free_threaded) python += "," + minor(free);
    std::string code = code_text(row);
    if (!row.doubt.empty()) code += "  (" + row.doubt + ")";
    add_line(text, {row.torch, row.cuda_variant + (row.index == "PyPI" ? "*" : ""),
                    row.platform.substr(row.platform.find('/') + 1), python, row.driver_floor, row.glibc_floor,
                    row.cxx11_abi == 0 ? "old" : "new", row.cudnn, row.nccl, code});
  }
  text += std::to_string(rows.size()) + (rows.size() == 1 ? " combination" : " combinations") +
          "; * = served by PyPI, the others by " + std::string(knowledge.tables().index_base) + "; data of " +
          knowledge.as_of() + "\n";
  for (const std::string& note : notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace envforge::resolve
