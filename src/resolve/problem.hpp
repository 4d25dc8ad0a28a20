// The recipe as a problem: wishes (what a line of the recipe asks for), constraints (one or two wishes against the
// data) and candidates (everything that the data offers). Facts that no recipe can change, such as which Python a wheel
// is made for, are not constraints: candidates are made from them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <envforge/compat/gpu_names.hpp>
#include <envforge/compat/knowledge.hpp>
#include <envforge/documents/recipe.hpp>
#include <envforge/versions/marker.hpp>
#include <envforge/versions/version.hpp>
#include <envforge/versions/version_range.hpp>

#include "offers.hpp"

namespace envforge::resolve {

enum class WishKind {
  kTorch,
  kCuda,
  kInclude,
  kLibrary,  // torch.cudnn and its like
  kPackage,  // an entry of packages.pip that names a part of the torch build
  kPython,
  kBase,
  kPlatform,
  kGpu,
  kDriver,
  kCapability,
  kCutoff,
  kVariant,
  kBuild
};

/// What is asked of a part of the torch build.
struct PartWish {
  std::string part;  // of documents::torch_libraries(); of a package also torch, torchvision, torchaudio
  versions::VersionRange range;
  std::string package;                          // nvidia-cudnn-cu12, normal; "" = the word under `torch`
  std::string variant;                          // cu124 of torch==2.6.0+cu124; "" = none is named
  std::vector<std::string> platforms = {};      // of a package: those of the recipe on which the entry may count
  std::optional<versions::Marker> marker = {};  // on which it depends whether it counts there
};

struct Wish {
  WishKind kind;
  std::string value;  // as the recipe has it; kBuild: the entries of packages.build that need machine code, together
  support::Where where;
  std::size_t pool = 0;               // kGpu, kDriver
  std::optional<PartWish> part = {};  // kLibrary, kPackage
};

enum class ConstraintKind {
  kTorchVersion,
  kCudaVariant,
  kInclude,
  kPart,  // the build brings a part of itself in a version that is wanted
  kPython,
  kBase,
  kPlatform,
  kGpuCode,      // a GPU finds code in the wheel of a platform
  kGpuHost,      // a GPU on an Arm host asks for linux/arm64
  kDriverFloor,  // a driver is new enough for the CUDA major; of one GPU where the pool allows forward compatibility
  kGpuDriver,    // a driver still supports the GPU
  kPtxDriver,    // a driver can compile the PTX that a GPU depends on
  kCapability,
  kCutoff,
  kCudaCompiler,  // a CUDA compiler can be had: for variant devel, or for packages.build
  kCompiledCode,  // that compiler makes machine code for a GPU that packages.build must have code for
};

struct PoolGpu {
  std::size_t pool = 0;
  documents::Located<std::string> name;
  compat::GpuMatch match;
  bool arm_host = false;      // sold only together with an Arm CPU
  unsigned first_branch = 0;  // the oldest driver branch that lists its compute capability; 0: not known
  std::size_t wish = 0;
};

struct Constraint {
  ConstraintKind kind;
  std::vector<std::size_t> wishes;
  std::optional<std::size_t> pool;  // constraints of the machines of one pool
  std::size_t gpu = 0;              // index into Problem::gpus
  std::string platform;             // kGpuCode, kPlatform
};

struct Candidate {
  std::size_t option = 0;  // index into Offers::builds()
  const compat::Base* base = nullptr;
  std::string_view python = {};          // 3.11: the base's own, or that of `archive`; "" where no base is asked about
  const PythonOffer* archive = nullptr;  // nullptr: the base's own Python
};
/// A pairing as a candidate.
Candidate candidate_of(const Pairing& pairing);

struct Problem {
  const documents::ImageSpec* spec = nullptr;
  const compat::Knowledge* knowledge = nullptr;
  std::shared_ptr<Offers> offers;
  std::vector<PoolGpu> gpus;
  std::vector<Wish> wishes;
  std::vector<Constraint> constraints;
  std::vector<Candidate> candidates;  // in no order of preference

  const std::vector<BuildOption>& options() const { return offers->builds(); }
  const BuildOption& option(const Candidate& candidate) const { return options()[candidate.option]; }
  /// The driver that the pool of a constraint states; only for constraints about one.
  const versions::Version& driver(const Constraint& constraint) const;
  /// Whether the pool of a constraint has cuda-compat in its containers.
  bool forward_compat(const Constraint& constraint) const;
};

/// Both must outlive the problem. Throws Error{kGpuUnknown, kGpuAmbiguous} with the place of the name.
Problem make_problem(const documents::ImageSpec& spec, const compat::Knowledge& knowledge);
/// The same for one more recipe on the same data.
Problem make_problem(const documents::ImageSpec& spec, std::shared_ptr<Offers> offers);
/// Looks the name up; throws as above. Also for filters, where `where` is empty.
compat::GpuMatch need_gpu(const compat::Knowledge& knowledge, const std::string& name, const support::Where& where);
/// The row of the build for `platform`, or nullptr.
const compat::BuildPlatform* platform_of(const compat::Build& build, std::string_view platform);
/// The entries of packages.build whose wheels must have machine code, in their order.
std::vector<const documents::BuildWish*> compiled_builds(const documents::ImageSpec& spec);
/// Whether an entry must have machine code for the GPUs of the pool.
bool is_compiled_for(const documents::BuildWish& build, const std::string& pool);
/// Whether the wish is the only GPU of the pool: without it there is no pool.
bool is_only_gpu(const Problem& problem, std::size_t wish, std::size_t pool);
/// Of a range that holds no release of the data: the newest release that is older than it, else the oldest of all.
const compat::Release& nearest_release(const compat::Knowledge& knowledge, const versions::VersionRange& range);
/// "the newest that is known is 2.15.0", "the oldest ...", or both neighbours of a range that lies between them.
std::string nearest_known(const compat::Knowledge& knowledge, const versions::VersionRange& range);
/// How a conflict names the wish: "torch", "cuda", "cudnn", "platform", "packages.build".
std::string word_of(const Wish& wish);
/// "12.4", "cu124": whether the build is meant.
bool is_cuda(const BuildOption& option, const std::string& wish);
bool is_auto(const std::string& wish);

}  // namespace envforge::resolve
