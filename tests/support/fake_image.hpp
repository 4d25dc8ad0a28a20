// A folder that looks like an image: files, links, shared libraries, wheels with RECORD, an ld.so.cache. For the tests
// of the loader rules and the library audit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>

#include "support/elf_builder.hpp"

namespace envforge::tests {

class FakeImage {
 public:
  std::string root() const { return dir_.path().string(); }

  void file(const std::string& path, const std::string& content = "") const {
    support::write_file_atomically(dir_.path().string() + path, content);
  }
  void folder(const std::string& path) const { std::filesystem::create_directories(dir_.path().string() + path); }
  void link(const std::string& path, const std::string& target) const {
    const std::filesystem::path place = dir_.path().string() + path;
    std::filesystem::create_directories(place.parent_path());
    std::filesystem::create_symlink(target, place);
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(dir_.path().string() + path); }

  /// A wheel as pip leaves it: its files, METADATA and a RECORD with their digests and sizes.
  void wheel(const std::string& site_packages, const std::string& name, const std::string& version,
             const std::vector<std::pair<std::string, std::string>>& files,
             const std::vector<std::string>& needs = {}) const {
    std::string stem = name;
    for (char& c : stem) c = c == '-' ? '_' : c;
    const std::string info = stem + "-" + version + ".dist-info";
    std::string metadata = "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n";
    for (const auto& need : needs) metadata += "Requires-Dist: " + need + "; platform_system == \"Linux\"\n";
    metadata += "\nName: not-this\n";
    std::string record = info + "/RECORD,,\n";
    for (const auto& [path, content] : files) {
      file(site_packages + "/" + path, content);
      record += path + ",sha256=" + base64(content) + "," + std::to_string(content.size()) + "\n";
    }
    file(site_packages + "/" + info + "/METADATA", metadata);
    file(site_packages + "/" + info + "/RECORD", record);
  }

  /// An x86-64 cache in glibc's format 1.1: pairs of soname and path.
  void ld_cache(const std::vector<std::pair<std::string, std::string>>& entries) const {
    file("/etc/ld.so.cache", ld_cache_bytes(entries));
  }

  static std::string ld_cache_bytes(const std::vector<std::pair<std::string, std::string>>& entries) {
    std::string out = "glibc-ld.so.cache1.1";
    put(out, entries.size(), 4);
    out.append(48 - out.size(), '\0');
    std::string strings;
    const std::size_t strings_at = 48 + 24 * entries.size();
    const auto text = [&](const std::string& value) {
      const std::size_t at = strings_at + strings.size();
      strings += value + '\0';
      return at;
    };
    for (const auto& [soname, path] : entries) {
      put(out, 0x0303, 4);
      put(out, text(soname), 4);
      put(out, text(path), 4);
      out.append(12, '\0');
    }
    return out + strings;
  }

 private:
  static std::string base64(const std::string& content) {
    constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    support::Sha256 hash;
    hash.update(content);
    std::string out;
    std::uint32_t bits = 0;
    int held = 0;
    for (const std::uint8_t byte : hash.finish()) {
      bits = bits << 8 | byte;
      for (held += 8; held >= 6; held -= 6) out.push_back(kLetters[bits >> (held - 6) & 63]);
    }
    out.push_back(kLetters[bits << (6 - held) & 63]);
    return out;
  }

  support::TempDir dir_;
};

/// The tree that most cases start from: a venv in /opt/venv with a small torch 2.6.0+cu124 and its nvidia wheels, whose
/// rpaths, needs and sonames are those of the real ones.
inline FakeImage& with_torch_26(FakeImage& image) {
  const std::string site = "/opt/venv/lib/python3.11/site-packages";
  const std::string rpath =
      "$ORIGIN/../../nvidia/cublas/lib:$ORIGIN/../../nvidia/cuda_runtime/lib:$ORIGIN/../../nvidia/cudnn/lib:"
      "$ORIGIN/../../nvidia/cusparse/lib:$ORIGIN/../../nvidia/nccl/lib:$ORIGIN";
  const auto code = [](std::vector<FatEntry> entries) {
    return std::vector<std::pair<std::string, std::string>>{{".nv_fatbin", fat_binary(entries)}};
  };
  const auto library = [](const std::string& soname, const std::vector<std::string>& needed, const std::string& rpath_,
                          const std::string& runpath,
                          const std::vector<std::pair<std::string, std::string>>& sections = {}) {
    return elf_library({soname, needed, rpath_, runpath, sections});
  };
  image.file("/opt/venv/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n");
  image.wheel(
      site, "torch", "2.6.0",
      {{"torch/version.py", "__version__ = '2.6.0+cu124'\ndebug = False\ncuda: Optional[str] = '12.4'\n"},
       {"torch/_C.cpython-311-x86_64-linux-gnu.so", library("", {"libtorch_cuda.so"}, "$ORIGIN/lib", "")},
       {"torch/lib/libtorch_global_deps.so", library("libtorch_global_deps.so", {"libcudart.so.12"}, rpath, "")},
       {"torch/lib/libtorch_cuda.so",
        library("libtorch_cuda.so",
                {"libcudart.so.12", "libcusparse.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcudnn.so.9",
                 "libnccl.so.2"},
                rpath, "", code({{true, 80, 0, 64}, {true, 86, 0, 64}, {true, 90, 0, 64}}))}},
      {"nvidia-cublas-cu12==12.4.5.8", "nvidia-cuda-nvrtc-cu12==12.4.127", "nvidia-cuda-runtime-cu12==12.4.127",
       "nvidia-cudnn-cu12==9.1.0.70", "nvidia-cusparse-cu12==12.3.1.170", "nvidia-nccl-cu12==2.21.5",
       "nvidia-nvjitlink-cu12==12.4.127"});
  image.wheel(site, "nvidia-cuda-runtime-cu12", "12.4.127",
              {{"nvidia/cuda_runtime/lib/libcudart.so.12", library("libcudart.so.12", {}, "", "")}});
  image.wheel(site, "nvidia-cuda-nvrtc-cu12", "12.4.127",
              {{"nvidia/cuda_nvrtc/lib/libnvrtc.so.12", library("libnvrtc.so.12", {}, "", "$ORIGIN")},
               {"nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.4", library("libnvrtc-builtins.so.12.4", {}, "", "")}});
  image.wheel(site, "nvidia-nvjitlink-cu12", "12.4.127",
              {{"nvidia/nvjitlink/lib/libnvJitLink.so.12", library("libnvJitLink.so.12", {}, "", "")}});
  image.wheel(site, "nvidia-cusparse-cu12", "12.3.1.170",
              {{"nvidia/cusparse/lib/libcusparse.so.12",
                library("libcusparse.so.12", {"libnvJitLink.so.12"}, "", "$ORIGIN:$ORIGIN/../../nvjitlink/lib",
                        code({{true, 80, 0, 64}, {true, 90, 0, 64}, {false, 90, 0, 64}}))}});
  image.wheel(
      site, "nvidia-cublas-cu12", "12.4.5.8",
      {{"nvidia/cublas/lib/libcublas.so.12", library("libcublas.so.12", {"libcublasLt.so.12"}, "", "$ORIGIN",
                                                     code({{true, 80, 0, 64}, {true, 90, 0, 64}, {false, 90, 0, 64}}))},
       {"nvidia/cublas/lib/libcublasLt.so.12",
        library("libcublasLt.so.12", {}, "", "$ORIGIN",
                code({{true, 80, 0, 64}, {true, 90, 0, 64}, {false, 90, 0, 64}}))}});
  image.wheel(site, "nvidia-cudnn-cu12", "9.1.0.70",
              {{"nvidia/cudnn/lib/libcudnn.so.9", library("libcudnn.so.9", {}, "", "$ORIGIN")},
               {"nvidia/cudnn/lib/libcudnn_graph.so.9", library("libcudnn_graph.so.9", {}, "", "$ORIGIN")},
               {"nvidia/cudnn/lib/libcudnn_ops.so.9",
                library("libcudnn_ops.so.9", {"libcudnn_graph.so.9"}, "", "$ORIGIN",
                        code({{true, 80, 0, 64}, {true, 90, 0, 64}, {false, 90, 0, 64}}))}});
  image.wheel(site, "nvidia-nccl-cu12", "2.21.5",
              {{"nvidia/nccl/lib/libnccl.so.2",
                library("libnccl.so.2", {}, "", "", code({{true, 80, 0, 64}, {true, 90, 0, 64}}))}});
  return image;
}

inline constexpr char kFakeSite[] = "/opt/venv/lib/python3.11/site-packages";

}  // namespace envforge::tests
