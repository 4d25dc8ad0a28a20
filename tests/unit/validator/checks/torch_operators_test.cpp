// The checks of torch over its operators, compiled against a real torch of PyPI's wheels and run by the real driver on
// the CPU, while operators of that torch give one wrong element (tests/support/broken_torch).
#include <algorithm>
#include <filesystem>

#include <envforge/support/files.hpp>

#include "stub_run.hpp"
#include "support/require.hpp"
#include "support/wheels.hpp"

namespace envforge::validator {
namespace {

namespace fs = std::filesystem;
using envforge::testing::cannot_run;
using protocol::Layer;

const std::vector<std::string> kChecks = {"torch.elementwise", "torch.indexing", "torch.linalg",   "torch.reductions",
                                          "torch.layers",      "torch.autograd", "torch.attention"};

const fs::path kSource = ENVFORGE_SOURCE_DIR;
const fs::path kVenv = fs::path(ENVFORGE_GROUPS) / "venv";
const fs::path kSite = kVenv / "lib/python3.11/site-packages";
const fs::path kSources = fs::path(ENVFORGE_GROUPS) / "sources";

std::string run_or_say(const std::vector<std::string>& argv, const std::map<std::string, std::string>& settings) {
  process::PosixProcessRunner runner;
  process::Command command;
  command.argv = argv;
  command.extra_environment = settings;
  command.deadline = std::chrono::minutes(15);
  const auto outcome = runner.run(command);
  return outcome.ok() ? "" : argv[0] + " " + describe(outcome) + "\n" + outcome.err;
}

// The tree that build.sh compiles, with no other checks than these.
void link_sources() {
  const fs::path checks = "src/validator/checks/torch";
  fs::create_directories(kSources / checks);
  fs::create_directories(kSources / "cmake");
  const auto link = [](const fs::path& path) { fs::create_symlink(kSource / path, kSources / path); };
  link("include");
  link("cmake/CheckGroups.cmake");
  for (const char* folder : {"src/support", "src/protocol"}) link(folder);
  for (const auto& entry : fs::directory_iterator(kSource / "src/validator")) {
    if (entry.path().filename() != "checks") link("src/validator" / entry.path().filename());
  }
  for (const auto& entry : fs::directory_iterator(kSource / checks)) {
    const fs::path name = entry.path().filename();
    const auto id = "torch." + name.stem().string();
    if (name.extension() == ".hpp" || std::count(kChecks.begin(), kChecks.end(), id) == 1) link(checks / name);
  }
}

// The group, and a torch of which the library without code of its own is the one that breaks operators.
std::string compile() {
  const fs::path compiler = fs::path(ENVFORGE_GROUPS) / "c++";
  // What runs for milliseconds need not be fast; what no symbol is taken from must be linked all the same.
  support::write_file_atomically(compiler, "#!/bin/sh\nexec " ENVFORGE_COMPILER " -Wl,--no-as-needed \"$@\" -O0\n");
  fs::permissions(compiler, fs::perms::owner_all);
  const std::string lib = (kSite / "torch/lib").string();
  for (const char* name : {"libtorch_cuda.so", "libtorch_cuda_linalg.so", "libtorch.so"})
    fs::remove(lib + "/" + name);  // never written into: uv's cache has the same file
  const std::string broken =
      run_or_say({compiler, "-std=c++17", "-D_GLIBCXX_USE_CXX11_ABI=0", "-shared", "-fPIC", "-isystem",
                  (kSite / "torch/include").string(), (kSource / "tests/support/broken_torch/libtorch.cpp").string(),
                  "-o", lib + "/libtorch.so", "-Wl,-soname,libtorch.so", "-L" + lib, "-ltorch_cpu", "-lc10",
                  "-Wl,--allow-shlib-undefined", "-Wl,-rpath,$ORIGIN"},
                 {});
  if (!broken.empty()) return broken;
  return run_or_say({"sh", (kSource / "src/validator/checks/torch/build.sh").string(), kVenv.string(),
                     kSources.string(), ENVFORGE_GROUPS},
                    {{"CXX", compiler.string()}});
}

Report with_broken(const std::string& operators) {
  return run(kChecks, "", 0,
             {{"VIRTUAL_ENV", kVenv.string()}, {"ENVFORGE_BROKEN_OPERATORS", operators}, {"OMP_NUM_THREADS", "1"}});
}

// One operator below each check, and what the check says of it.
struct Broken {
  std::string name, reason;
};
const std::vector<std::vector<Broken>> kRounds = {
    {{"aten::exp", "exp: element"},
     {"aten::gather", "gather: element"},
     {"aten::linalg_solve", "solve: element"},
     {"aten::amax", "amax: element"},
     {"aten::layer_norm", "layer_norm: element"},
     {"aten::tanh_backward", "gradient"},
     {"aten::_scaled_dot_product_flash_attention_for_cpu", "flash, output is off by"}},
    {{"aten::atan2", "atan2: element"},
     {"aten::nonzero", "nonzero: element"},
     {"aten::linalg_slogdet", "slogdet: element"},
     {"aten::topk", "topk: element"},
     {"aten::max_pool2d", "max_pool2d: element"},
     {"aten::convolution_backward", "gradient"},
     {"aten::_scaled_dot_product_flash_attention_for_cpu_backward", "flash, gradient of the query is off by"}},
    {{"aten::floor_divide", "floor_divide int64: element"},
     {"aten::scatter_add", "scatter_add: element"},
     {"aten::_fft_r2c", "rfft of 128: element"},
     {"aten::var", "var: element"},
     {"aten::lstm", "lstm: element"},
     {"aten::_log_softmax_backward_data", "gradient"},
     {"aten::_scaled_dot_product_attention_math", "math, output is off by"}}};

class TorchOperators : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string(ENVFORGE_MACHINE) != "x86_64") return cannot_run("network", "the wheels are of linux/amd64");
    fs::remove_all(ENVFORGE_GROUPS);
    fs::create_directories(ENVFORGE_GROUPS);
    if (fs::space(ENVFORGE_GROUPS).available < 5ULL << 30) return cannot_run("network", "less than 5 GiB are free");
    // torch itself, and the two libraries of CUDA that its part for the CPU wants as well.
    const std::string why = envforge::testing::install_wheels(
        kSite, {"torch==2.6.0", "nvidia-cuda-runtime-cu12==12.4.127", "nvidia-cuda-cupti-cu12==12.4.127"},
        {"--no-deps"});
    if (!why.empty()) return cannot_run("network", why);
    link_sources();
    ASSERT_EQ(compile(), "");
  }
  void TearDown() override { fs::remove_all(ENVFORGE_GROUPS); }
};

TEST_F(TorchOperators, ThatGiveOneWrongElementFailEachCheckOverThem) {
  const Report right = with_broken("");
  for (const auto& id : kChecks) {
    const auto found = results(right, id);
    ASSERT_EQ(found.size(), 1U) << id;
    EXPECT_EQ(to_string(found[0].verdict), "pass") << id << ": " << found[0].reason;
    EXPECT_TRUE(found[0].control && found[0].control->detected) << id;
  }
  for (const auto& round : kRounds) {
    std::string operators;
    for (const auto& broken : round) operators += (operators.empty() ? "" : ",") + broken.name;
    const Report report = with_broken(operators);
    for (std::size_t i = 0; i < kChecks.size(); ++i) {
      const auto found = results(report, kChecks[i]);
      ASSERT_EQ(found.size(), 1U) << kChecks[i];
      expect_found(found[0], round[i].name, Verdict::kFail, "wrong; " + round[i].reason, kTheLibrary);
    }
  }
}

}  // namespace
}  // namespace envforge::validator
