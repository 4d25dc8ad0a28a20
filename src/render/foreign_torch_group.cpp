#include <envforge/render/foreign_torch_group.hpp>

#include "stages.hpp"

namespace envforge::render {
namespace {

Stage builder_stage(const ForeignTorchGroup& what) {
  Stage stage;
  stage.name = "builder";
  if (!what.builder.empty()) {
    stage.comment = "The site's image with a compiler; its C and C++ libraries are not newer than the image's.";
    stage.from = what.builder;
    stage.instructions.push_back({"", User{0, 0}, {}});
    return stage;
  }
  if (what.base_tar.empty()) {
    stage.comment = "The image has a compiler of its own.";
    stage.from = "image";
    stage.instructions.push_back({"", User{0, 0}, {}});
    return stage;
  }
  stage.comment = "A compiler whose C and C++ libraries are not newer than the image's.";
  stage.from = "scratch";
  stage.instructions.push_back({"", Add{what.base_tar, "/"}, {}});
  return stage;
}

}  // namespace

std::string foreign_torch_group(const ForeignTorchGroup& what) {
  Stage image;
  image.comment = "The image whose torch it is; nothing is installed or changed in it.";
  image.from = what.image;
  image.name = "image";

  Stage build;
  build.comment = "Compiled against the image's torch, mounted where it lies there.";
  build.from = "builder";
  build.name = "torch-group";
  Run run;
  std::vector<Mount> mounts = {BindMount{"validator", "/run/validator", ""}};
  const bool elsewhere = !what.builder.empty() || !what.base_tar.empty();
  if (elsewhere) mounts.push_back(BindMount{what.torch_folder, what.torch_folder, "image"});
  run.mounts = mounts_below_run(std::move(mounts));
  run.commands = {{{"env", "CXX=" + (what.compiler.empty() ? std::string("g++") : what.compiler), "sh",
                    "/run/validator/" + what.sources.build_script, what.torch_folder, "/run/validator", "/out"},
                   ""}};
  build.instructions.push_back({"", std::move(run), {}});

  Stage out;
  out.from = "scratch";
  out.name = kTorchGroupTarget;
  out.instructions.push_back({"", Copy{"torch-group", "", "/out/", "/"}, {}});

  Dockerfile tree;
  tree.comment = "Made by envforge: the part of the validator that is compiled against the torch of an image.";
  tree.stages = {std::move(image), builder_stage(what), std::move(build), std::move(out)};
  return print(tree);
}

}  // namespace envforge::render
