#include "import_lines.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include <envforge/documents/source_package.hpp>
#include <envforge/support/secrets.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/marker.hpp>
#include <envforge/versions/package_name.hpp>

#include "grammar_text.hpp"

namespace envforge::documents {
namespace {

using grammar::digits;
using support::starts_with;
using support::Where;

// The libraries that torch builds pin exactly (the locked closures of torch 2.6 cu124 and 2.12 cu130, 2026-11-21): a
// second wish for one can only contradict it.
bool pinned_by_torch(const std::string& name) {
  constexpr std::array<std::string_view, 15> kLibraries{
      "cublas",   "cuda-cupti", "cuda-nvrtc", "cuda-runtime", "cudnn",   "cufft",     "cufile", "curand",
      "cusolver", "cusparse",   "cusparselt", "nccl",         "nvshmem", "nvjitlink", "nvtx"};
  if (name == "triton" || name == "pytorch-triton") return true;
  return std::find(kLibraries.begin(), kLibraries.end(), versions::nvidia_library(name)) != kLibraries.end();
}

// Why a name is not to be asked of PyPI: somebody else's there, nobody's, or a source that needs nvcc; "" for all
// others. https://pypi.org/project/NAME, 2026-11-22.
std::string not_meant_on_pypi(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames{
      {{"apex",
        "PyPI's apex is a toolkit for Pyramid; NVIDIA's is compiled from its repository: packages.build: apex @ "
        "git+https://github.com/NVIDIA/apex@COMMIT"},
       {"cupy", "PyPI has its source only; the wheels are named after their CUDA: cupy-cuda12x, cupy-cuda13x"},
       {"nodejs", "PyPI's nodejs is a stranger's; Debian has Node.js: packages.apt: [nodejs]"},
       {"pkg-resources", "a line that Debian's pip writes of a part of setuptools; PyPI has no such package"},
       {"rapids",
        "PyPI's rapids is a stranger's; RAPIDS comes as single packages for a CUDA, such as cudf-cu12 and cuml-cu12"}}};
  const auto row = std::find_if(kNames.begin(), kNames.end(), [&](const auto& one) { return one.first == name; });
  return row == kNames.end() ? "" : std::string(row->second);
}

std::string without_marker(const std::string& requirement) {
  return support::trim(requirement.substr(0, requirement.find(';')));
}

// Of macOS and Windows, whatever the platform and the Python of the image are.
bool is_of_other_systems(const std::string& requirement) {
  const auto semicolon = requirement.find(';');
  if (semicolon == std::string::npos) return false;
  const auto marker = versions::Marker::parse(requirement.substr(semicolon + 1));
  return marker && marker->holds(versions::image_marker_values("", "")) == versions::Truth::kNo;
}

// ">=2,<3" of "torch [opt] >=2, <3".
std::string specifier_of(const std::string& requirement) {
  const auto at = requirement.find_first_of("=<>!~");
  if (at == std::string::npos) return "";
  std::string out;
  for (const char c : requirement.substr(at)) {
    if (c != ' ' && c != ')') out += c;
  }
  return out;
}

// "2.3.0+cu121" of the address of torch's wheel; "" for what names no wheel.
std::string version_of_wheel(const std::string& address) {
  const auto wheel = versions::wheel_name(address);
  return wheel ? wheel->version : "";
}

// pip takes the address of a wheel without the name before it.
std::string named_wheel(const std::string& requirement) {
  if (!starts_with(requirement, "http") || version_of_wheel(without_marker(requirement)).empty()) return requirement;
  const std::string file = requirement.substr(requirement.substr(0, requirement.find_first_of("#; ")).rfind('/') + 1);
  return file.substr(0, file.find('-')) + " @ " + requirement;
}

// ">=2.0,<2.4" of two wishes; "" where that is no range.
std::string joined(const std::string& one, const std::string& other) {
  const auto bound = [](const std::string& wish) { return (digits(wish.substr(0, 1)) ? "==" : "") + wish; };
  std::string both = bound(one) + "," + bound(other);
  return versions::VersionRange::parse(both) ? both : "";
}

// "==2.1.0+cu118" says two things: the version, and the build.
void import_torch(const std::string& requirement, const Where& where, Imported& out) {
  out.names_torch = true;
  const std::string plain = without_marker(requirement);
  std::string specifier = specifier_of(plain);
  if (const auto at = plain.find('@'); at != std::string::npos) {
    const std::string version = version_of_wheel(plain.substr(at));
    if (version.empty()) return drop(out, requirement, where, "what lies there says no version of torch by its name");
    specifier = "==" + version;
    if (version.find('+') == std::string::npos)
      remark(out, requirement, where, "became torch " + version + "; the lock takes its wheel from PyTorch or PyPI");
  }
  const auto plus = specifier.find('+');
  if (plus != std::string::npos) {
    const std::string build = specifier.substr(plus + 1);
    specifier.resize(plus);
    if (starts_with(build, "cu") && digits(build.substr(2), 4)) {
      import_cuda(build, CudaSource::kBuildOfTorch, requirement, where,
                  "became torch " + specifier.substr(2) + " with cuda: " + build, out);
    } else {
      remark(out, requirement, where,
             "the build '" + build + "' is no CUDA build, and an image of envforge has one: only the version is taken");
    }
  }
  if (starts_with(specifier, "===")) specifier = specifier.substr(1);
  if (starts_with(specifier, "==") && specifier.find(',') == std::string::npos) specifier = specifier.substr(2);
  if (specifier.empty()) return;
  if (!versions::VersionRange::parse(specifier)) {
    drop(out, requirement, where, "'" + specifier + "' is no range of versions that a recipe knows");
    return;
  }
  if (!out.torch.empty() && out.torch != specifier) {
    // Behind a marker it may be another machine's.
    const std::string both = plain == requirement ? joined(out.torch, specifier) : "";
    remark(out, requirement, where,
           both.empty() ? "torch was asked for twice; this one counts, not '" + out.torch + "'"
                        : "torch was asked for twice; both hold: " + both);
    if (!both.empty()) specifier = both;
  }
  out.torch = specifier;
}

void import_companion(const std::string& name, const std::string& requirement, const Where& where, Imported& out) {
  if (std::find(out.include.begin(), out.include.end(), name) == out.include.end()) out.include.push_back(name);
  const std::string plain = without_marker(requirement);
  const auto at = plain.find('@');
  const std::string version = at == std::string::npos ? "" : version_of_wheel(plain.substr(at));
  std::string specifier = version.empty() ? specifier_of(plain) : "==" + version;
  specifier = specifier.substr(0, specifier.find('+'));
  if (!specifier.empty() && versions::VersionRange::parse(specifier)) out.partners.push_back({name, specifier, where});
  if (!specifier.empty() || at != std::string::npos)
    remark(out, requirement, where, "became torch.include; its version follows from torch's");
}

// "flash-attn==2.5.8" as an entry of packages.build. A build that another site made, "+pt23cu121", is not the source's.
void import_source(const std::string& name, const std::string& requirement, const Where& where, Imported& out) {
  constexpr const char* kWhy = "PyPI has no wheel of it: it is compiled against the image's torch";
  std::string specifier = specifier_of(requirement);
  specifier = specifier.substr(0, specifier.find('+'));
  const std::string source = name + specifier;
  if (without_marker(requirement) != requirement || check_build_source(source)) {
    return drop(out, requirement, where,
                std::string(kWhy) + "; name its version under packages.build: " + name + "==VERSION");
  }
  out.build.push_back(source);
  remark(out, requirement, where, "became packages.build: " + source + "; " + kWhy);
}

// https://download.pytorch.org/whl/cu118: the variant in PyTorch's own addresses.
std::string cuda_of_index(const std::string& text) {
  const auto at = text.find("pytorch.org/whl/");
  if (at == std::string::npos) return "";
  const std::string rest = text.substr(at + 16);
  const std::string variant = rest.substr(0, rest.find_first_of("/ "));
  const auto name = starts_with(variant, "nightly") ? "" : variant;
  return starts_with(name, "cu") && digits(name.substr(2), 4) ? name : "";
}

// pip's older "git+URL@COMMIT#egg=NAME" as "NAME @ git+URL@COMMIT".
std::string named_repository(const std::string& requirement) {
  constexpr std::string_view kEgg = "#egg=";
  const auto egg = requirement.find(kEgg);
  if (!starts_with(requirement, "git+") || egg == std::string::npos) return requirement;
  const std::string name = requirement.substr(egg + kEgg.size());
  return name.empty() || name.find('#') != std::string::npos ? requirement : name + " @ " + requirement.substr(0, egg);
}

}  // namespace

void drop(Imported& out, const std::string& what, const Where& where, std::string why) {
  out.notes.push_back({support::mask_credentials(what), where, std::move(why), true});
}

void remark(Imported& out, const std::string& what, const Where& where, std::string why) {
  out.notes.push_back({support::mask_credentials(what), where, std::move(why), false});
}

void import_cuda(const std::string& cuda, CudaSource::Kind kind, const std::string& what, const Where& where,
                 std::string became, Imported& out) {
  const auto number = [](const std::string& name) {  // "121" of 12.1 and of cu121
    std::string digits_only;
    std::copy_if(name.begin(), name.end(), std::back_inserter(digits_only), [](char c) { return digits({&c, 1}); });
    return digits_only;
  };
  const auto left_out = [](const std::string& taken, const ImportNote& by) {
    return "left out: torch.cuda is " + taken + ", as " + by.what + " (" + support::to_string(by.where) + ") says";
  };
  if (!out.cuda.empty() && number(out.cuda) != number(cuda)) {
    ImportNote& other = out.notes[out.cuda_source.note];
    const bool surer = kind > out.cuda_source.kind || kind == CudaSource::kBuildOfTorch;
    if (!surer) return drop(out, what, where, left_out(out.cuda, other));
    // Of torch's own line the version at least is in the recipe.
    other.dropped = out.cuda_source.kind != CudaSource::kBuildOfTorch;
    other.why = left_out(cuda, {support::mask_credentials(what), where, "", false});
  }
  out.cuda = cuda;
  out.cuda_source = {std::max(kind, out.cuda_source.kind), out.notes.size()};
  remark(out, what, where, std::move(became));
}

void import_index(const std::string& what, const Where& where, Imported& out) {
  const std::string variant = cuda_of_index(what);
  if (variant.empty()) {
    return drop(out, what, where,
                "where packages come from is the site's to say (docs/configuration.md), so that a recipe is the same "
                "everywhere");
  }
  import_cuda(variant, CudaSource::kOfTorch, what, where, "became cuda: " + variant + "; the index follows from it",
              out);
}

void import_requirement(const std::string& requirement, const Where& where, Imported& out) {
  if (const std::string named = named_repository(requirement); named != requirement)
    return import_requirement(named, where, out);
  if (const std::string named = named_wheel(requirement); named != requirement)
    return import_requirement(named, where, out);
  const std::string name = versions::requirement_name(requirement);
  const bool companion = name == "torchvision" || name == "torchaudio";
  if ((name == "torch" || companion) && is_of_other_systems(requirement))
    return drop(out, requirement, where, "by its marker it is for another system than Linux");
  if (name == "torch") return import_torch(requirement, where, out);
  if (companion) return import_companion(name, requirement, where, out);
  if (name == "pytorch") {
    return drop(out, requirement, where, "on PyPI PyTorch's name is torch, which a recipe always has");
  }
  if (pinned_by_torch(name)) {
    return drop(out, requirement, where,
                "torch's own wheel pins it to the version that it was built with; the lock names it");
  }
  const bool from_index = requirement.find('@') == std::string::npos;
  if (const std::string why = not_meant_on_pypi(name); from_index && !why.empty())
    return drop(out, requirement, where, why);
  if (is_cuda_source(name) && from_index) return import_source(name, requirement, where, out);
  if (const auto refused = check_requirement(requirement)) {
    return drop(out, requirement, where, refused->message.substr(refused->message.rfind("': ") + 3));
  }
  if (requirement.find("+cu") != std::string::npos)
    remark(out, requirement, where, "a build for one CUDA variant: it must be on the index, and fit what torch gets");
  out.pip.push_back(requirement);
}

void import_line(const std::string& line, const Where& where, Imported& out) {
  if (!starts_with(line, "-")) {
    // "torch-scatter -f https://...": an option behind the requirement.
    const auto option = line.find(" -");
    import_requirement(support::trim(line.substr(0, option)), where, out);
    if (option != std::string::npos) import_line(support::trim(line.substr(option)), where, out);
    return;
  }
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return starts_with(line, name); });
  };
  if (is({"-i", "--index-url", "--extra-index-url", "-f", "--find-links"})) return import_index(line, where, out);
  if (is({"-r", "--requirement"}))
    return drop(out, line, where, "one file is read at a time: give that one too, or merge them");
  if (is({"-c", "--constraint"})) return drop(out, line, where, "the lock fixes every version");
  if (is({"-e git+", "--editable git+"})) return import_requirement(line.substr(line.find("git+")), where, out);
  if (is({"-e", "--editable"}))
    return drop(out, line, where, "a project of yours: bring it in with `copy`, or as a wheel with --wheels");
  if (is({"--pre"})) return drop(out, line, where, "name the pre-release that you want with its version");
  drop(out, line, where, "an option of pip, which a recipe does not have");
}

namespace {

// conda's name -> PyPI's, where they differ. https://github.com/conda-forge: the feedstocks of these names.
std::string pypi_name(const std::string& conda) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kNames{
      {{"opencv", "opencv-python-headless"},
       {"py-opencv", "opencv-python-headless"},
       {"matplotlib-base", "matplotlib"},
       {"seaborn-base", "seaborn"},
       {"msgpack-python", "msgpack"},
       {"pytables", "tables"},
       {"pyg", "torch-geometric"},
       {"pytorch-cluster", "torch-cluster"},
       {"pytorch-scatter", "torch-scatter"},
       {"pytorch-sparse", "torch-sparse"},
       {"pytorch-spline-conv", "torch-spline-conv"}}};
  for (const auto& [from, to] : kNames) {
    if (conda == from) return std::string(to);
  }
  return conda;
}

// Programs that conda packs and Debian too, under the same name or the one that stands here.
std::string debian_name(const std::string& conda) {
  static const std::set<std::string> kSame = {"git", "git-lfs", "cmake", "make",   "wget",  "curl",     "tmux",
                                              "vim", "htop",    "rsync", "ffmpeg", "unzip", "graphviz", "nodejs"};
  if (conda == "gxx" || conda == "gxx_linux-64" || conda == "cxx-compiler") return "g++";
  if (conda == "gcc" || conda == "gcc_linux-64" || conda == "c-compiler") return "gcc";
  if (conda == "ninja") return "ninja-build";
  return kSame.count(conda) > 0 ? conda : "";
}

// What conda must pack itself because it has no distribution below it.
bool of_the_system(const std::string& name) {
  static const std::set<std::string> kNames = {
      "openssl", "ca-certificates", "certifi-base", "ncurses", "readline", "sqlite",   "tk",           "xz",
      "zlib",    "bzip2",           "libffi",       "mkl",     "blas",     "openblas", "intel-openmp", "llvm-openmp",
      "icu",     "expat",           "gmp",          "zstd",    "lz4-c",    "pip",      "setuptools",   "wheel",
      "conda",   "tzdata"};
  return kNames.count(name) > 0 || name.front() == '_' || starts_with(name, "lib") || starts_with(name, "ld_impl") ||
         starts_with(name, "mkl-") || starts_with(name, "mkl_");
}

struct CondaSpec {
  std::string name, version, build;  // "", or ">=1.2", "=1.2", "==1.2.3"
};

CondaSpec parse_conda(std::string spec) {
  const auto channel = spec.rfind("::");
  if (channel != std::string::npos) spec = spec.substr(channel + 2);
  spec = spec.substr(0, spec.find('['));
  CondaSpec out;
  const auto end = spec.find_first_of(" =<>!~");
  out.name = support::to_lower(spec.substr(0, end));
  if (end == std::string::npos) return out;
  for (const char c : spec.substr(end)) {
    if (c != ' ') out.version += c;
  }
  // name=version=build; name==version is not that.
  const auto start = out.version.find_first_not_of('=');
  const auto second = start == std::string::npos ? start : out.version.find('=', start);
  if (!out.version.empty() && out.version.front() == '=' && second != std::string::npos &&
      out.version.find_first_of("<>!~,") == std::string::npos) {
    out.build = out.version.substr(second + 1);
    out.version = "==" + out.version.substr(start, second - start);
  }
  return out;
}

// conda's "=1.2" is every 1.2.x.
std::string pip_specifier(const std::string& version) {
  const bool loose = starts_with(version, "=") && !starts_with(version, "==");
  if (!loose) return version;
  const std::string number = version.substr(1);
  return "==" + number + (support::ends_with(number, "*") ? "" : ".*");
}

// A plain number of a version: "11.8" of "=11.8.0".
std::string two_parts(const std::string& version) {
  const auto at = version.find_first_of("0123456789");
  if (at == std::string::npos) return "";
  const auto parts = support::split(version.substr(at), '.');
  return parts.size() < 2 ? parts[0] : parts[0] + "." + parts[1];
}

}  // namespace

void import_conda_package(const std::string& text, const Where& where, Imported& out) {
  const CondaSpec spec = parse_conda(text);
  static const std::set<std::string> kCuda = {"cudatoolkit", "pytorch-cuda", "cuda-toolkit",
                                              "cuda",        "cuda-version", "cuda-runtime"};
  if (spec.name == "python") {
    const bool bounds = spec.version.find_first_of("<>!~,") != std::string::npos;
    out.python = bounds ? spec.version : two_parts(spec.version);
    return;
  }
  if (spec.name == "pytorch" || spec.name == "pytorch-gpu" || spec.name == "torch") {
    const auto at = spec.build.find("cuda");
    if (at != std::string::npos) {
      const std::string cuda = two_parts(spec.build.substr(at, spec.build.find('_', at) - at));
      import_cuda(cuda, CudaSource::kBuildOfTorch, text, where, "became torch with cuda: " + cuda, out);
    }
    return import_requirement("torch" + pip_specifier(spec.version), where, out);
  }
  if (kCuda.count(spec.name) > 0) {
    constexpr const char* kWhy = "; CUDA's libraries come with torch's wheels";
    const std::string cuda = two_parts(spec.version);
    if (cuda.empty()) return remark(out, text, where, std::string("left to `torch.cuda: auto`") + kWhy);
    const auto kind = spec.name == "pytorch-cuda" ? CudaSource::kOfTorch : CudaSource::kToolkit;
    return import_cuda(cuda, kind, text, where, "became torch.cuda: " + cuda + kWhy, out);
  }
  static const std::set<std::string> kCompiler = {"cuda-nvcc", "cudatoolkit-dev", "cuda-compiler"};
  if (kCompiler.count(spec.name) > 0) {
    out.devel = true;
    return remark(out, text, where, "became variant: devel; nvcc comes in NVIDIA's wheels, for the CUDA of torch");
  }
  if (spec.name == "cudnn" || spec.name == "nccl" || spec.name == "pytorch-mutex" || spec.name == "cpuonly") {
    return drop(out, text, where,
                spec.name == "cpuonly" ? "an image of envforge is for GPUs" : "it follows from the torch build");
  }
  if (!debian_name(spec.name).empty()) {
    out.apt.push_back(debian_name(spec.name));
    return remark(out, text, where, "became the Debian package " + debian_name(spec.name) + ", in the base's version");
  }
  if (of_the_system(spec.name)) return drop(out, text, where, "the base image or the wheels bring their own");
  const std::string name = pypi_name(spec.name);
  const std::size_t before = out.notes.size();
  import_requirement(name + pip_specifier(spec.version), where, out);
  if (name != spec.name && out.notes.size() == before) remark(out, text, where, "its name on PyPI is " + name);
}

}  // namespace envforge::documents
