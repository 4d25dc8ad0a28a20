#include "loader/preload_table.hpp"

#include <cstdlib>
#include <tuple>

#include <envforge/support/text.hpp>

namespace envforge::validator::loader {
namespace {

const PreloadEntry kCublasLt{"cublas", "libcublasLt.so."};
const PreloadEntry kCublas{"cublas", "libcublas.so."};
const PreloadEntry kCudnn{"cudnn", "libcudnn.so."};
const PreloadEntry kNvrtc{"cuda_nvrtc", "libnvrtc.so."};
const PreloadEntry kNvrtcBuiltins{"cuda_nvrtc", "libnvrtc-builtins.so."};
const PreloadEntry kCudart{"cuda_runtime", "libcudart.so."};
const PreloadEntry kCupti{"cuda_cupti", "libcupti.so."};
const PreloadEntry kCufft{"cufft", "libcufft.so."};
const PreloadEntry kCurand{"curand", "libcurand.so."};
const PreloadEntry kNvjitlink{"nvjitlink", "libnvJitLink.so."};
const PreloadEntry kCusparse{"cusparse", "libcusparse.so."};
const PreloadEntry kCusparselt{"cusparselt", "libcusparseLt.so."};
const PreloadEntry kCusolver{"cusolver", "libcusolver.so."};
const PreloadEntry kNccl{"nccl", "libnccl.so."};
const PreloadEntry kNvshmem{"nvshmem", "libnvshmem_host.so."};
const PreloadEntry kCufile{"cufile", "libcufile.so."};
const PreloadEntry kNvtx{"nvtx", "libnvToolsExt.so."};

std::vector<PreloadEntry> whole_list(bool with_curand) {
  std::vector<PreloadEntry> list = {kCublasLt, kCublas, kCudnn, kNvrtc, kNvrtcBuiltins, kCudart, kCupti, kCufft};
  if (with_curand) list.push_back(kCurand);
  for (const auto& entry : {kNvjitlink, kCusparse, kCusparselt, kCusolver, kNccl, kNvshmem, kCufile}) {
    list.push_back(entry);
  }
  return list;
}

/// torch/__init__.py of the wheels from PyPI (cp312, x86_64), read 2026-11-21.
std::vector<PreloadRow> make_rows() {
  const std::vector<PreloadEntry> until_24 = {kCublas, kCudnn,    kNvrtc,    kCudart, kCupti, kCufft,
                                              kCurand, kCusolver, kCusparse, kNccl,   kNvtx};
  std::vector<PreloadEntry> from_26 = {kCublas, kCudnn,     kNvrtc,    kCudart,     kCupti,    kCufft,
                                       kCurand, kNvjitlink, kCusparse, kCusparselt, kCusolver, kNccl};
  std::vector<PreloadEntry> torch_26 = from_26;
  torch_26.push_back(kNvtx);
  std::vector<PreloadEntry> torch_27 = torch_26;
  torch_27.push_back(kCufile);
  std::vector<PreloadEntry> torch_28 = from_26;
  torch_28.push_back(kCufile);
  std::vector<PreloadEntry> torch_29 = torch_28;
  torch_29.push_back(kNvshmem);
  const auto all = whole_list(true);
  const auto no_curand = whole_list(false);
  return {
      {"2.3.1", false, false, false, {}, until_24},
      {"2.6.0", false, false, false, {kNvrtc, kNvjitlink}, torch_26},
      {"2.7.1", false, false, false, {kNvrtc, kNvjitlink}, torch_27},
      {"2.8.0", false, false, false, {kNvrtc, kNvjitlink}, torch_28},
      {"2.9.1", true, false, true, {kNvrtc, kNvrtcBuiltins, kNvjitlink}, torch_29},
      {"2.10.0", true, false, true, all, all},
      {"2.14.1", true, true, true, all, all},
      {"2.15.0", true, true, true, no_curand, no_curand},
  };
}

std::tuple<int, int, int> numbers(const std::string& version) {
  const auto parts = support::split(version.substr(0, version.find('+')), '.');
  const auto number = [&](std::size_t i) { return parts.size() > i ? std::atoi(parts[i].c_str()) : 0; };
  return {number(0), number(1), number(2)};
}

}  // namespace

const PreloadRow& preload_row(const std::string& torch) {
  static const std::vector<PreloadRow> rows = make_rows();
  const PreloadRow* best = &rows.front();
  for (const PreloadRow& row : rows) {
    if (numbers(row.torch) <= numbers(torch)) best = &row;
  }
  return *best;
}

}  // namespace envforge::validator::loader
