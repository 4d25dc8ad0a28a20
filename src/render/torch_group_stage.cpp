#include "stages.hpp"

namespace envforge::render {

std::vector<Stage> torch_group_stages(const StageInput& input) {
  if (input.torch_group.build_script.empty()) return {};
  Stage build;
  build.comment = "Not part of the image: the part of the validator that is compiled against this torch.";
  build.from = "environment";
  build.name = "torch-group";
  if (!input.platform.builder_debs.empty()) build.instructions.push_back({"", install_debs("builder"), {}});
  Run run;
  run.mounts = mounts_below_run({BindMount{"validator", "/run/validator", ""}});
  run.commands = {
      {{"sh", "/run/validator/" + input.torch_group.build_script, std::string(kVenv), "/run/validator", "/out"}, ""}};
  build.instructions.push_back({"", std::move(run), {}});

  Stage out;
  out.comment = "docker build --target " + std::string(kTorchGroupTarget) + " --output type=local,dest=DIR .";
  out.from = "scratch";
  out.name = kTorchGroupTarget;
  out.instructions.push_back({"", Copy{"torch-group", "", "/out/", "/"}, {}});
  return {build, out};
}

}  // namespace envforge::render
