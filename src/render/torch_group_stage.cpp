#include <envforge/support/text.hpp>

#include "stages.hpp"

namespace envforge::render {
namespace {

// torch's wheels bring libtorch and its headers; what the group calls is declared there, so no CUDA toolkit is needed.
std::vector<std::string> compile_command(const StageInput& input) {
  const auto& platform = input.platform;
  const std::string torch = "/opt/venv/lib/python" + platform.python + "/site-packages/torch";
  std::vector<std::string> argv = {"g++", "-std=c++" + std::to_string(platform.cxx_standard), "-O2",
                                   "-D_GLIBCXX_USE_CXX11_ABI=" + std::to_string(platform.cxx11_abi)};
  for (const auto& dir : input.torch_group.include_dirs) argv.push_back("-I/run/validator/" + dir);
  argv.insert(argv.end(), {"-isystem", torch + "/include", "-isystem", torch + "/include/torch/csrc/api/include"});
  for (const auto& source : input.torch_group.sources) argv.push_back("/run/validator/" + source);
  argv.insert(argv.end(), {"-o", "/out/" + std::string(kTorchGroupFile), "-L" + torch + "/lib", "-Wl,--no-as-needed",
                           "-ltorch_cuda", "-Wl,--as-needed", "-ltorch", "-ltorch_cpu", "-lc10", "-ldl", "-pthread",
                           "-Wl,-rpath," + torch + "/lib"});
  return argv;
}

}  // namespace

std::vector<Stage> torch_group_stages(const StageInput& input) {
  if (input.torch_group.sources.empty()) return {};
  Stage build;
  build.comment = "Not part of the image: the part of the validator that is compiled against this torch.";
  build.from = "environment";
  build.name = "torch-group";
  if (!input.platform.builder_debs.empty()) build.instructions.push_back({"", install_debs("builder"), {}});
  Run run;
  run.mounts = {BindMount{"validator", "/run/validator", ""}};
  run.commands = {{{"mkdir", "/out"}, ""}, {compile_command(input), ""}};
  build.instructions.push_back({"", std::move(run), {}});

  Stage out;
  out.comment = "docker build --target " + std::string(kTorchGroupTarget) + " --output type=local,dest=DIR .";
  out.from = "scratch";
  out.name = kTorchGroupTarget;
  out.instructions.push_back({"", Copy{"torch-group", "", "/out/", "/"}, {}});
  return {build, out};
}

}  // namespace envforge::render
