#include "problem.hpp"

#include <algorithm>
#include <set>

#include <envforge/documents/source_package.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/driver.hpp>
#include <envforge/versions/python_name.hpp>

#include "machine_rules.hpp"
#include "part_rules.hpp"

namespace envforge::resolve {
namespace {

using compat::Base;
using compat::Build;
using compat::BuildPlatform;
using compat::Release;
using documents::ImageSpec;
using support::Error;
using support::ErrorCode;
using versions::Version;

compat::GpuMatch match_or_throw(const compat::GpuLookup& found, const compat::Knowledge& knowledge,
                                const std::string& name, const support::Where& where) {
  if (const auto* match = std::get_if<compat::GpuMatch>(&found)) return *match;
  const std::optional<support::Where> place = where == support::Where{} ? std::nullopt : std::optional(where);
  const std::string shown = "'" + support::printable(name) + "'";
  if (const auto* ambiguous = std::get_if<compat::GpuAmbiguous>(&found)) {
    throw Error(ErrorCode::kGpuAmbiguous, shown + " can be " + support::join(ambiguous->meanings, " or "), place);
  }
  const auto& unknown = std::get<compat::GpuUnknown>(found);
  if (!unknown.maker.empty()) {
    throw Error(ErrorCode::kGpuUnknown, shown + " is no NVIDIA GPU: the name is one of " + unknown.maker + "'s", place,
                "name the NVIDIA GPUs alone: envforge locks and judges torch's builds for CUDA, and no others");
  }
  std::vector<std::string> suggestions = unknown.suggestions;
  for (std::string& suggestion : suggestions) suggestion = "'" + suggestion + "'";
  const std::string hint = suggestions.empty() ? "" : "did you mean " + support::join(suggestions, " or ") + "?";
  throw Error(ErrorCode::kGpuUnknown, shown + " is no GPU known to the data of " + knowledge.as_of(), place, hint);
}

class ProblemMaker {
 public:
  ProblemMaker(const ImageSpec& spec, std::shared_ptr<Offers> offers) {
    problem_.spec = &spec;
    problem_.knowledge = &offers->knowledge();
    problem_.offers = std::move(offers);
  }

  Problem make() {
    add_machines();
    add_versions();
    add_parts();
    add_compiler();
    add_candidates();
    return std::move(problem_);
  }

 private:
  std::size_t wish(WishKind kind, std::string value, support::Where where, std::size_t pool = 0) {
    problem_.wishes.push_back({kind, std::move(value), std::move(where), pool, {}});
    return problem_.wishes.size() - 1;
  }

  void constrain(ConstraintKind kind, std::vector<std::size_t> wishes, std::string platform = "") {
    problem_.constraints.push_back({kind, std::move(wishes), std::nullopt, 0, std::move(platform)});
  }

  void constrain_pool(ConstraintKind kind, std::vector<std::size_t> wishes, std::size_t pool, std::size_t gpu,
                      const std::string& platform = "") {
    problem_.constraints.push_back({kind, std::move(wishes), pool, gpu, platform});
  }

  void add_machines();
  void add_gpu(std::size_t pool, std::size_t index, const std::vector<std::size_t>& platforms,
               const std::optional<std::size_t>& driver);
  void add_versions();
  bool is_known(const std::string& part, const versions::VersionRange& range) const;
  void add_parts();
  void add_compiler();
  void add_candidates();

  Problem problem_;
};

void ProblemMaker::add_machines() {
  const ImageSpec& spec = *problem_.spec;
  std::vector<std::size_t> platforms;
  for (const std::string& platform : spec.platforms) {
    platforms.push_back(wish(WishKind::kPlatform, platform, {}));
    constrain(ConstraintKind::kPlatform, {platforms.back()}, platform);
  }
  for (std::size_t pool = 0; pool < spec.pools.size(); ++pool) {
    std::optional<std::size_t> driver;
    if (const auto& stated = spec.pools[pool].driver) {
      driver = wish(WishKind::kDriver, versions::driver_text(stated->value), stated->where, pool);
      if (!spec.pools[pool].forward_compat) constrain_pool(ConstraintKind::kDriverFloor, {*driver}, pool, 0);
    }
    for (std::size_t i = 0; i < spec.pools[pool].gpus.size(); ++i) add_gpu(pool, i, platforms, driver);
  }
}

void ProblemMaker::add_gpu(std::size_t pool, std::size_t index, const std::vector<std::size_t>& platforms,
                           const std::optional<std::size_t>& driver) {
  const auto& name = problem_.spec->pools[pool].gpus[index];
  PoolGpu gpu{pool, name, match_or_throw(problem_.offers->gpu(name.value), *problem_.knowledge, name.value, name.where),
              false};
  gpu.arm_host = needs_arm_host(gpu.match);
  gpu.first_branch = first_branch(*problem_.knowledge, gpu.match.cc);
  const std::size_t number = problem_.gpus.size();
  const std::size_t wanted = gpu.wish = wish(WishKind::kGpu, name.value, name.where, pool);
  problem_.gpus.push_back(gpu);
  bool host = platforms.empty();
  for (const std::size_t platform : platforms) {
    const std::string& value = problem_.wishes[platform].value;
    if (gpu.arm_host && value != "linux/arm64") continue;
    host = true;
    constrain_pool(ConstraintKind::kGpuCode, {wanted, platform}, pool, number, value);
  }
  if (!host) {
    std::vector<std::size_t> wishes{wanted};
    wishes.insert(wishes.end(), platforms.begin(), platforms.end());
    constrain_pool(ConstraintKind::kGpuHost, std::move(wishes), pool, number);
  }
  if (driver) {
    // Forward compatibility is a question of the model.
    if (problem_.spec->pools[pool].forward_compat)
      constrain_pool(ConstraintKind::kDriverFloor, {*driver, wanted}, pool, number);
    constrain_pool(ConstraintKind::kGpuDriver, {wanted, *driver}, pool, number);
    constrain_pool(ConstraintKind::kPtxDriver, {wanted, *driver}, pool, number);
  }
}

void ProblemMaker::add_versions() {
  const ImageSpec& spec = *problem_.spec;
  if (!spec.torch.version.value.is_any()) {
    const auto torch = wish(WishKind::kTorch, spec.torch.version.value.text(), spec.torch.version.where);
    constrain(ConstraintKind::kTorchVersion, {torch});
  }
  if (!is_auto(spec.torch.cuda.value)) {
    constrain(ConstraintKind::kCudaVariant, {wish(WishKind::kCuda, spec.torch.cuda.value, spec.torch.cuda.where)});
  }
  for (const auto& include : spec.torch.include) {
    constrain(ConstraintKind::kInclude, {wish(WishKind::kInclude, include.value, include.where)});
  }
  if (!is_auto(spec.python.value)) {
    constrain(ConstraintKind::kPython, {wish(WishKind::kPython, spec.python.value, spec.python.where)});
  }
  constrain(ConstraintKind::kBase, {wish(WishKind::kBase, spec.base.value, spec.base.where)});
  for (const auto& capability : spec.capabilities) {
    if (capability.value != "torch_compile") continue;  // the others ask nothing of the versions
    constrain(ConstraintKind::kCapability, {wish(WishKind::kCapability, capability.value, capability.where)});
  }
  if (!spec.exclude_newer.empty()) {
    constrain(ConstraintKind::kCutoff, {wish(WishKind::kCutoff, spec.exclude_newer, {})});
  }
}

bool ProblemMaker::is_known(const std::string& part, const versions::VersionRange& range) const {
  const auto& options = problem_.options();
  return std::any_of(options.begin(), options.end(), [&](const BuildOption& option) {
    const auto version = Version::parse(version_of_part(option, part));
    return version && range.contains(*version);
  });
}

void ProblemMaker::add_parts() {
  const ImageSpec& spec = *problem_.spec;
  const auto add = [&](WishKind kind, const std::string& value, const support::Where& where, PartWish part) {
    const auto number = wish(kind, value, where);
    problem_.wishes[number].part = std::move(part);
    constrain(ConstraintKind::kPart, {number});
  };
  for (const auto& library : spec.torch.libraries) {
    const auto& range = library.version.value;
    if (!range.is_any()) add(WishKind::kLibrary, range.text(), library.version.where, {library.name, range, {}, {}});
  }
  for (const auto& requirement : spec.pip) {
    auto part = part_of_package(requirement.value, spec.platforms);
    if (!part) continue;
    const auto& include = spec.torch.include;
    // Of a partner a version that no row knows is left to uv, which reads what the package itself requires of torch; of
    // a wheel that no build requires every version is.
    const bool partner = part->part == "torchvision" || part->part == "torchaudio";
    const auto is_it = [&](const auto& item) { return item.value == part->part; };
    if (partner && std::none_of(include.begin(), include.end(), is_it) && !is_known(part->part, part->range)) continue;
    if (support::starts_with(part->part, "nvidia-") && !is_known(part->part, {})) continue;
    add(WishKind::kPackage, requirement.value, requirement.where, *std::move(part));
  }
}

void ProblemMaker::add_compiler() {
  const ImageSpec& spec = *problem_.spec;
  if (documents::is_devel(spec))
    constrain(ConstraintKind::kCudaCompiler, {wish(WishKind::kVariant, spec.variant.value, spec.variant.where)});
  const auto builds = compiled_builds(spec);
  if (builds.empty()) return;
  std::vector<std::string> names;
  for (const auto* build : builds) names.push_back(documents::parse_source(build->source.value).name);
  const auto all = wish(WishKind::kBuild, support::join(names, ", "), builds.front()->source.where);
  constrain(ConstraintKind::kCudaCompiler, {all});
  for (std::size_t i = 0; i < problem_.gpus.size(); ++i) {
    const PoolGpu& gpu = problem_.gpus[i];
    const auto needed = [&](const auto* build) { return is_compiled_for(*build, spec.pools[gpu.pool].name); };
    if (std::any_of(builds.begin(), builds.end(), needed))
      constrain_pool(ConstraintKind::kCompiledCode, {all, gpu.wish}, gpu.pool, i);
  }
}

void ProblemMaker::add_candidates() {
  const auto& platforms = problem_.spec->platforms;
  for (const Pairing& pairing : problem_.offers->pairings()) {
    const auto wanted = [&](std::string_view platform) {
      return std::find(platforms.begin(), platforms.end(), platform) != platforms.end();
    };
    if (std::any_of(pairing.not_on.begin(), pairing.not_on.end(), wanted)) continue;
    const Candidate candidate = candidate_of(pairing);
    // Nobody gets an interpreter without a GIL who did not ask for it.
    if (versions::is_free_threaded(candidate.python) && candidate.python != problem_.spec->python.value) continue;
    problem_.candidates.push_back(candidate);
  }
}

}  // namespace

const Version& Problem::driver(const Constraint& constraint) const {
  return spec->pools[constraint.pool.value()].driver.value().value;
}

bool Problem::forward_compat(const Constraint& constraint) const {
  return constraint.pool && spec->pools[*constraint.pool].forward_compat;
}

Candidate candidate_of(const Pairing& pairing) {
  const std::string_view python = pairing.archive == nullptr ? pairing.base->python : pairing.archive->name;
  return {pairing.option, pairing.base, python, pairing.archive};
}

Problem make_problem(const ImageSpec& spec, const compat::Knowledge& knowledge) {
  return make_problem(spec, std::make_shared<Offers>(knowledge));
}

Problem make_problem(const ImageSpec& spec, std::shared_ptr<Offers> offers) {
  return ProblemMaker(spec, std::move(offers)).make();
}

compat::GpuMatch need_gpu(const compat::Knowledge& knowledge, const std::string& name, const support::Where& where) {
  return match_or_throw(compat::find_gpu(knowledge, name), knowledge, name, where);
}

const BuildPlatform* platform_of(const Build& build, std::string_view platform) {
  const auto row = std::find_if(build.platforms.begin(), build.platforms.end(),
                                [&](const BuildPlatform& candidate) { return candidate.platform == platform; });
  return row == build.platforms.end() ? nullptr : &*row;
}

std::vector<const documents::BuildWish*> compiled_builds(const ImageSpec& spec) {
  std::vector<const documents::BuildWish*> builds;
  for (const auto& build : spec.build) {
    if (documents::needs_machine_code(build)) builds.push_back(&build);
  }
  return builds;
}

bool is_compiled_for(const documents::BuildWish& build, const std::string& pool) {
  return !build.pools || std::find(build.pools->begin(), build.pools->end(), pool) != build.pools->end();
}

bool is_only_gpu(const Problem& problem, std::size_t wish, std::size_t pool) {
  const Wish& asked = problem.wishes[wish];
  return asked.kind == WishKind::kGpu && asked.pool == pool && problem.spec->pools[pool].gpus.size() == 1;
}

const Release& nearest_release(const compat::Knowledge& knowledge, const versions::VersionRange& range) {
  const auto& releases = knowledge.tables().releases;  // newest first
  const auto older = std::find_if_not(releases.begin(), releases.end(), [&](const Release& release) {
    return range.is_before(Version::of(release.version));
  });
  return older == releases.end() ? releases.back() : *older;
}

std::string nearest_known(const compat::Knowledge& knowledge, const versions::VersionRange& range) {
  const auto& releases = knowledge.tables().releases;
  const Release& nearest = nearest_release(knowledge, range);
  const std::string version(nearest.version);
  if (range.is_before(Version::of(version))) return "the oldest that is known is " + version;
  if (&nearest == &releases.front()) return "the newest that is known is " + version;
  return "the nearest that are known are " + version + " and " + std::string((&nearest - 1)->version);
}

std::string word_of(const Wish& wish) {
  switch (wish.kind) {
    case WishKind::kTorch:
      return "torch";
    case WishKind::kCuda:
      return "cuda";
    case WishKind::kInclude:
      return "include";
    case WishKind::kLibrary:
      return wish.part->part;
    case WishKind::kPackage:
      return "package";
    case WishKind::kPython:
      return "python";
    case WishKind::kBase:
      return "base";
    case WishKind::kPlatform:
      return "platform";
    case WishKind::kGpu:
      return "gpu";
    case WishKind::kDriver:
      return "driver";
    case WishKind::kCapability:
      return "capability";
    case WishKind::kCutoff:
      return "exclude_newer";
    case WishKind::kVariant:
      return "variant";
    case WishKind::kBuild:
      return "packages.build";
  }
  return "";
}

bool is_cuda(const BuildOption& option, const std::string& wish) {
  if (wish == option.build->cuda_variant) return true;
  const auto version = Version::parse(wish);
  return version && *version == option.cuda;
}

bool is_auto(const std::string& wish) {
  return wish.empty() || wish == "auto";
}

}  // namespace envforge::resolve
