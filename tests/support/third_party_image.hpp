// Images as other people make them, out of files alone, for the tests of `verify` on an image that envforge did not
// build: called fixtures, for no registry is asked. Their libraries are ELF headers; only the C library and the loader
// are real, this machine's, so that a program can start.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "support/fake_image.hpp"

namespace envforge::tests {

/// glibc as a distroless image has it: the loader and its libraries, no shell, no Python, no package manager.
inline FakeImage& with_glibc(FakeImage& image) {
  namespace fs = std::filesystem;
#if defined(__aarch64__)
  const std::string loader = "/lib/ld-linux-aarch64.so.1", folder = "/lib/aarch64-linux-gnu";
#else
  const std::string loader = "/lib64/ld-linux-x86-64.so.2", folder = "/lib/x86_64-linux-gnu";
#endif
  const auto copy = [&](const std::string& path) {
    const fs::path to = image.root() + path;
    fs::create_directories(to.parent_path());
    fs::copy_file(fs::canonical(path), to, fs::copy_options::overwrite_existing);
  };
  copy(loader);
  for (const char* name : {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"})
    copy(folder + "/" + name);
  image.file("/etc/os-release", "ID=debian\nVARIANT=distroless\n");
  return image;
}

/// conda's layout: an environment below /opt/conda/envs whose bin is on no PATH, torch by conda, and CUDA libraries in
/// the environment's lib that no metadata owns.
inline FakeImage& with_conda_torch(FakeImage& image) {
  const std::string prefix = "/opt/conda/envs/ml";
  const std::string site = prefix + "/lib/python3.11/site-packages";
  const std::string rpath = "$ORIGIN/../../../..:$ORIGIN";
  const auto library = [&](const std::string& path, const std::string& soname, const std::vector<std::string>& needed,
                           const std::vector<std::pair<std::string, std::string>>& sections = {}) {
    image.file(path, elf_library({soname, needed, rpath, "", sections}));
  };
  const std::vector<std::pair<std::string, std::string>> code = {
      {".nv_fatbin", fat_binary({{true, 80, 0, 64}, {true, 90, 0, 64}})}};
  image.folder("/opt/conda/conda-meta");
  image.file("/opt/conda/bin/python3.11");
  image.link("/opt/conda/bin/python", "python3.11");
  image.folder("/opt/conda/lib/python3.11/site-packages");
  image.file(prefix + "/bin/python3.11");
  image.link(prefix + "/bin/python", "python3.11");
  image.file(prefix + "/conda-meta/pytorch-2.5.1-0.json",
             "{\"name\": \"pytorch\", \"version\": \"2.5.1\", \"files\": "
             "[\"lib/python3.11/site-packages/torch/lib/libtorch_cuda.so\"]}");
  image.file(site + "/torch/version.py", "__version__ = '2.5.1'\ncuda: Optional[str] = '12.4'\n");
  library(site + "/torch/_C.cpython-311-x86_64-linux-gnu.so", "", {"libtorch_cuda.so"});
  library(site + "/torch/lib/libtorch_global_deps.so", "libtorch_global_deps.so", {"libcudart.so.12"});
  library(site + "/torch/lib/libtorch_cuda.so", "libtorch_cuda.so",
          {"libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcudnn.so.9", "libnccl.so.2"}, code);
  for (const char* name : {"libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcudnn.so.9", "libnccl.so.2"})
    library(prefix + "/lib/" + name, name, {}, code);
  return image;
}

}  // namespace envforge::tests
