#include "wheel_code.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include <envforge/compat/machine_code.hpp>
#include <envforge/packages/wheel_file.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/version.hpp>

#include "elf/device_code.hpp"
#include "elf/elf_file.hpp"
#include "elf/mapped_file.hpp"

namespace envforge::app {
namespace {

namespace elf = validator::elf;
namespace fs = std::filesystem;
using packages::WheelFile;
using packages::WheelMember;
using support::Error;
using support::ErrorCode;

constexpr const char* kMain = "torch/lib/libtorch_cuda.so";
constexpr const char* kLinearAlgebra = "torch/lib/libtorch_cuda_linalg.so";

[[noreturn]] void not_torch(const std::string& file, const std::string& why) {
  throw Error(ErrorCode::kUsage, support::printable(file) + " is no wheel of torch with CUDA: " + why, std::nullopt,
              "for example: `pip download torch==2.6.0 --no-deps`");
}

/// What stands between the quotes behind `key` at the start of a line: `cuda: Optional[str] = '12.4'`.
std::string quoted_value(const std::string& text, const std::string& key) {
  for (const std::string& line : support::split(text, '\n')) {
    if (!support::starts_with(line, key)) continue;
    const auto from = line.find('\'');
    const auto to = line.find('\'', from + 1);
    if (from != std::string::npos && to != std::string::npos) return line.substr(from + 1, to - from - 1);
  }
  return "";
}

/// The number behind `word`, wherever it stands first; -1 if it does not.
int number_behind(const std::string& text, const std::string& word) {
  const auto at = text.find(word);
  if (at == std::string::npos) return -1;
  const auto digit = text.find_first_not_of(" =", at + word.size());
  if (digit == std::string::npos || text[digit] < '0' || text[digit] > '9') return -1;
  return static_cast<int>(std::strtol(text.c_str() + digit, nullptr, 10));
}

struct Targets {
  std::vector<std::string> every;  // in as many fat binaries as the most common one
  std::vector<std::string> some;   // "sm_90a (2 of 341)"
};

template <class Name>
Targets split_targets(const std::map<elf::GpuTarget, std::size_t>& counts, std::size_t most, const Name& name) {
  Targets out;
  for (const auto& [target, count] : counts) {
    if (count == most) {
      out.every.push_back(name(target));
    } else {
      out.some.push_back(name(target) + " (" + std::to_string(count) + " of " + std::to_string(most) + ")");
    }
  }
  return out;
}

struct LibraryCode {
  std::uint16_t machine = 0;
  Targets sass, ptx;
};

LibraryCode read_library(const WheelFile& wheel, const WheelMember& member, const std::string& file,
                         const fs::path& folder) {
  const fs::path unpacked = folder / "library.so";
  wheel.unpack(member, unpacked.string());
  const auto mapped = elf::MappedFile::open(unpacked.string());
  if (!mapped) throw Error(ErrorCode::kFileUnreadable, "cannot read " + unpacked.string());
  const auto parsed = elf::read_elf(mapped->bytes());
  if (const auto* wrong = std::get_if<elf::NotElf>(&parsed))
    not_torch(file, member.name + " is no library (" + wrong->reason + ")");
  const auto& library = std::get<elf::ElfFile>(parsed);
  const elf::DeviceCode code = elf::read_device_code(library);
  if (code.malformed != 0)
    throw Error(ErrorCode::kFileUnreadable, support::printable(file) + ": " + std::to_string(code.malformed) +
                                                " fat binaries of " + member.name + " cannot be read");
  const auto sass = code.sass(), ptx = code.ptx();
  // PTX counts as the kernels': a library with PTX for one kernel of 341 does not run where it has no machine code.
  std::size_t most = 0;
  for (const auto& [target, count] : sass) most = std::max(most, count);
  for (const auto& [target, count] : ptx) most = std::max(most, count);
  return {library.machine, split_targets(sass, most, elf::sass_name), split_targets(ptx, most, elf::ptx_name)};
}

std::string member_text(const WheelFile& wheel, const char* name) {
  const WheelMember* member = wheel.find(name);
  return member == nullptr ? "" : wheel.text(*member);
}

std::string platform_of(std::uint16_t machine) {
  if (machine == static_cast<std::uint16_t>(elf::Machine::kX86_64)) return "linux/amd64";
  if (machine == static_cast<std::uint16_t>(elf::Machine::kAarch64)) return "linux/arm64";
  return "";
}

}  // namespace

WheelFacts read_torch_wheel(World& world, const std::string& file) {
  const WheelFile wheel(file);
  WheelFacts facts;
  facts.file = support::printable(fs::path(file).filename().string());
  const std::string version = member_text(wheel, "torch/version.py");
  facts.cuda = quoted_value(version, "cuda");
  facts.torch = quoted_value(version, "__version__");
  facts.torch = facts.torch.substr(0, facts.torch.find('+'));
  const auto cuda = versions::Version::parse(facts.cuda);
  if (!versions::Version::parse(facts.torch)) not_torch(file, "torch/version.py names no version");
  if (!cuda) not_torch(file, "torch/version.py names no CUDA");
  facts.cuda_variant = "cu" + std::to_string(cuda->major()) + std::to_string(cuda->minor());
  const WheelMember* main = wheel.find(kMain);
  if (main == nullptr) not_torch(file, std::string("it has no ") + kMain);

  world.events.step("reading the machine code of " + facts.file);
  const support::TempDir folder("envforge-wheel-", fs::temp_directory_path());
  const LibraryCode code = read_library(wheel, *main, file, folder.path());
  facts.platform = platform_of(code.machine);
  if (facts.platform.empty()) not_torch(file, "its libraries are for another kind of processor");
  if (code.sass.every.empty() && code.ptx.every.empty()) not_torch(file, std::string(kMain) + " has no GPU code");
  facts.sass = code.sass.every;
  facts.ptx = code.ptx.every;
  facts.some_kernels = code.sass.some;
  facts.some_kernels.insert(facts.some_kernels.end(), code.ptx.some.begin(), code.ptx.some.end());
  if (const WheelMember* linear = wheel.find(kLinearAlgebra))
    facts.linalg_sass = read_library(wheel, *linear, file, folder.path()).sass.every;
  const std::string cmake = member_text(wheel, "torch/share/cmake/Torch/TorchConfig.cmake");
  facts.cxx11_abi = number_behind(cmake, "-D_GLIBCXX_USE_CXX11_ABI");
  facts.cxx_standard = number_behind(cmake, "CXX_STANDARD");
  return facts;
}

bool linear_algebra_differs(const compat::Knowledge& knowledge, const WheelFacts& wheel) {
  if (wheel.linalg_sass.empty()) return false;
  const std::vector<std::string_view> all(wheel.sass.begin(), wheel.sass.end());
  const std::vector<std::string_view> linear(wheel.linalg_sass.begin(), wheel.linalg_sass.end());
  compat::BuildPlatform torch, algebra;
  torch.sass = {true, true, all};
  algebra.sass = {true, true, linear};
  const auto& gpus = knowledge.tables().architectures;
  return std::any_of(gpus.begin(), gpus.end(), [&](const compat::Architecture& gpu) {
    return compat::coverage(torch, gpu, knowledge) == compat::Coverage::kMachineCode &&
           compat::coverage(algebra, gpu, knowledge) != compat::Coverage::kMachineCode;
  });
}

}  // namespace envforge::app
