#include "changes.hpp"

#include <algorithm>

#include <envforge/documents/source_package.hpp>
#include <envforge/support/text.hpp>

#include "driver_choice.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using versions::VersionRange;

std::string pools_key(const documents::BuildWish& build) {
  return "packages.build." + documents::parse_source(build.source.value).name + ".pools";
}

class Changer {
 public:
  Changer(const Problem& problem, ImageSpec& spec, std::vector<Change>& changes)
      : problem_(problem), spec_(spec), changes_(changes) {}

  bool apply(const Wish& wish, const Candidate& candidate);
  /// With its GPUs, its driver and what packages.build says of it.
  bool leave_pool(const std::string& name);

 private:
  bool leave_out(const Wish& wish);
  bool move_platform(const Wish& wish);
  void forget_pool(const std::string& name);
  void compile_nowhere();

  const Problem& problem_;
  ImageSpec& spec_;
  std::vector<Change>& changes_;
};

bool Changer::leave_out(const Wish& wish) {
  const auto erase = [&](auto& list) {
    const auto item = std::find_if(list.begin(), list.end(), [&](const auto& entry) {
      return entry.value == wish.value && entry.where == wish.where;
    });
    if (item == list.end()) return false;
    list.erase(item);
    return true;
  };
  if (wish.kind == WishKind::kInclude) {
    changes_.push_back({"torch.include", wish.value, "", wish.where});
    return erase(spec_.torch.include);
  }
  if (wish.kind == WishKind::kLibrary) {
    changes_.push_back({"torch." + wish.part->part, wish.value, "", wish.where});
    return std::erase_if(spec_.torch.libraries, [&](const auto& library) { return library.name == wish.part->part; }) >
           0;
  }
  if (wish.kind == WishKind::kPackage) {
    changes_.push_back({"packages", wish.value, "", wish.where});  // of its list, or of a file that it names
    return erase(spec_.pip);
  }
  if (wish.kind == WishKind::kCapability) {
    changes_.push_back({"capabilities", wish.value, "", wish.where});
    return erase(spec_.capabilities);
  }
  const std::string& name = problem_.spec->pools[wish.pool].name;
  const auto pool = std::find_if(spec_.pools.begin(), spec_.pools.end(), [&](const auto& p) { return p.name == name; });
  changes_.push_back({"target." + name + ".gpus", wish.value, "", wish.where});
  if (pool == spec_.pools.end() || !erase(pool->gpus)) return false;
  return !pool->gpus.empty() || leave_pool(name);  // without GPUs there is no pool
}

bool Changer::leave_pool(const std::string& name) {
  const auto pool = std::find_if(spec_.pools.begin(), spec_.pools.end(), [&](const auto& p) { return p.name == name; });
  if (pool == spec_.pools.end()) return false;
  std::erase_if(changes_,
                [&](const Change& change) { return support::starts_with(change.key, "target." + name + "."); });
  changes_.push_back({"target", name, "", pool->where});
  forget_pool(name);
  spec_.pools.erase(pool);
  return !spec_.pools.empty();
}

// Entries of packages.build may name a pool that goes.
void Changer::forget_pool(const std::string& name) {
  for (auto& build : spec_.build) {
    if (build.pools && std::erase(*build.pools, name) > 0)
      changes_.push_back({pools_key(build), name, "", build.source.where});
  }
}

// Without nvcc what is known to have CUDA code cannot be built at all; of the others only the user knows.
void Changer::compile_nowhere() {
  std::vector<documents::BuildWish> left;
  for (documents::BuildWish& build : spec_.build) {
    const bool compiled = documents::needs_machine_code(build);
    if (compiled && documents::is_cuda_source(documents::parse_source(build.source.value).name)) {
      changes_.push_back({"packages.build", build.source.value, "", build.source.where});
      continue;
    }
    if (compiled) {
      const std::string before = build.pools ? "[" + support::join(*build.pools, ", ") + "]" : "";
      build.pools.emplace();
      changes_.push_back({pools_key(build), before, "[]", build.source.where});
    }
    left.push_back(std::move(build));
  }
  spec_.build = std::move(left);
}

// Another platform in its place if it is the only one, else none.
bool Changer::move_platform(const Wish& wish) {
  const bool alone = spec_.platforms.size() == 1;
  const std::string other = wish.value == "linux/amd64" ? "linux/arm64" : "linux/amd64";
  // Nobody gets Arm CPUs for an image; but a GPU that comes with one was meant for it.
  const bool arm =
      std::any_of(problem_.gpus.begin(), problem_.gpus.end(), [](const PoolGpu& gpu) { return gpu.arm_host; });
  if (alone && other == "linux/arm64" && !arm) return false;
  changes_.push_back({"platforms", wish.value, alone ? other : "", wish.where});
  const auto item = std::find(spec_.platforms.begin(), spec_.platforms.end(), wish.value);
  if (item == spec_.platforms.end()) return false;
  if (alone) {
    *item = other;
  } else {
    spec_.platforms.erase(item);
  }
  return true;
}

bool Changer::apply(const Wish& wish, const Candidate& candidate) {
  const BuildOption& option = problem_.option(candidate);
  const auto change = [&](std::string key, std::string to) {
    if (to.empty() || to == wish.value) return false;
    changes_.push_back({std::move(key), wish.value, std::move(to), wish.where});
    return true;
  };
  switch (wish.kind) {
    case WishKind::kTorch:
      spec_.torch.version.value = VersionRange::exactly(option.torch);
      return change("torch.version", option.torch.text());
    case WishKind::kCuda: {
      const bool variant = wish.value.find('.') == std::string::npos;
      spec_.torch.cuda.value = std::string(variant ? option.build->cuda_variant : option.build->cuda);
      return change("torch.cuda", spec_.torch.cuda.value);
    }
    case WishKind::kPython:
      spec_.python.value = candidate.python;
      return change("python", spec_.python.value);
    case WishKind::kBase:
      spec_.base.value = candidate.base->name;
      return change("base", spec_.base.value);
    case WishKind::kCutoff:
      spec_.exclude_newer = option.release->date;
      return change("exclude_newer", spec_.exclude_newer);
    case WishKind::kDriver: {
      const auto driver = driver_for(problem_, candidate, wish.pool);
      if (!driver) return false;
      spec_.pools[wish.pool].driver->value = driver->version;
      return change("target." + spec_.pools[wish.pool].name + ".driver", driver->text);
    }
    case WishKind::kPlatform:
      return move_platform(wish);
    case WishKind::kVariant:
      spec_.variant.value = "runtime";
      return change("variant", spec_.variant.value);
    case WishKind::kBuild:
      compile_nowhere();
      return true;
    case WishKind::kInclude:
    case WishKind::kLibrary:
    case WishKind::kPackage:
    case WishKind::kCapability:
    case WishKind::kGpu:
      return leave_out(wish);
  }
  return false;
}

}  // namespace

// How much a user gives up with a wish of this kind.
int cost_of(WishKind kind) {
  switch (kind) {
    case WishKind::kCuda:
      return 10;
    case WishKind::kLibrary:
      return 15;
    case WishKind::kTorch:
      return 20;  // and one more for each release in between
    case WishKind::kCutoff:
      return 25;
    case WishKind::kBase:
      return 30;
    case WishKind::kPython:
      return 35;
    case WishKind::kPackage:
      return 40;
    case WishKind::kDriver:
      return 50;
    case WishKind::kInclude:
      return 55;
    case WishKind::kCapability:
    case WishKind::kVariant:
      return 60;
    case WishKind::kBuild:
      return 65;
    case WishKind::kPlatform:
      return 80;
    case WishKind::kGpu:
      return 90;
  }
  return 100;
}

bool change_recipe(const Problem& problem, const Wish& wish, const Candidate& candidate, ImageSpec& spec,
                   std::vector<Change>& changes) {
  return Changer(problem, spec, changes).apply(wish, candidate);
}

bool leave_pool_out(const Problem& problem, const std::string& pool, ImageSpec& spec, std::vector<Change>& changes) {
  return Changer(problem, spec, changes).leave_pool(pool);
}

}  // namespace envforge::resolve
