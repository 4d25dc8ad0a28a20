#include "loader/torch_process.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>

#include <envforge/support/text.hpp>

#include "loader/preload_table.hpp"

namespace envforge::validator::loader {
namespace {

class Model {
 public:
  Model(Search& search, const TorchPlace& torch, const PreloadRow& row) : search_(search), torch_(torch), row_(row) {}

  TorchProcess run() {
    for (const std::string& path : search_.preload()) {
      if (const Library* library = search_.library(path)) load(*library, "LD_PRELOAD", "LD_PRELOAD", {});
    }
    const std::string lib = torch_.folder + "/lib/";
    if (!cuda_runtime_is_found(lib + "libtorch_global_deps.so")) preload(row_.instead, false);
    open(lib + "libtorch_global_deps.so", kTorchInit);
    const MappedLibrary* cudart = mapped_with_prefix("libcudart.so.");
    const bool from_wheel = cudart != nullptr && cudart->path.find("nvidia/cuda_runtime/lib/") != std::string::npos;
    if (cudart != nullptr && (row_.any_cudart || from_wheel)) preload(row_.after, row_.each_optional);
    for (const std::string& name : search_.root().list(torch_.folder)) {
      if (support::starts_with(name, "_C.") && support::ends_with(name, ".so")) {
        open(torch_.folder + "/" + name, "import torch._C");
      }
    }
    // Opened by torch itself at first use.
    for (const char* name : {"libtorch_cuda.so", "libtorch_cuda_linalg.so", "libcaffe2_nvrtc.so"}) {
      open(lib + name, "torch at first use");
    }
    open_siblings("libcudnn.so.", "libcudnn_");
    open_siblings("libnvrtc.so.", "libnvrtc-builtins.so.");
    out_.preload_row = row_.torch;
    return std::move(out_);
  }

 private:
  bool cuda_runtime_is_found(const std::string& global_deps) {
    const Library* library = search_.library(global_deps);
    if (library == nullptr) return true;  // nothing to be said; `open` passes it over too
    return std::all_of(library->needed.begin(), library->needed.end(), [&](const std::string& soname) {
      return !is_cuda_library(soname) || !search_.find(soname, {library}).empty();
    });
  }

  const MappedLibrary* mapped_with_prefix(const std::string& prefix) const {
    for (const MappedLibrary& one : out_.mapped) {
      if (support::starts_with(one.soname, prefix)) return &one;
    }
    return nullptr;
  }

  void open(const std::string& path, const std::string& by) {
    if (const Library* library = search_.library(path)) load(*library, "by its path", by, {});
  }

  /// Maps a library and then, breadth first as the loader does, all that it needs.
  void load(const Library& library, const std::string& rule, const std::string& by, const Chain& parents) {
    struct Task {
      const Library* library;
      Chain chain;
    };
    if (!map(library, rule, by)) return;
    std::deque<Task> tasks;
    const auto chain_of = [](const Library& one, const Chain& above) {
      Chain chain{&one};
      chain.insert(chain.end(), above.begin(), above.end());
      return chain;
    };
    tasks.push_back({&library, chain_of(library, parents)});
    while (!tasks.empty()) {
      const Task task = tasks.front();
      tasks.pop_front();
      for (const std::string& soname : task.library->needed) {
        const auto found = search_.find(soname, task.chain);
        remember(soname, found);
        if (by_soname_.count(soname) != 0) continue;
        if (found.empty()) {
          miss(soname, file_name(task.library->path));
          continue;
        }
        const Library* next = search_.library(found.front().path);
        if (map(*next, found.front().rule, file_name(task.library->path), soname)) {
          tasks.push_back({next, chain_of(*next, task.chain)});
        }
      }
    }
  }

  /// False when a library of that soname is mapped already: the loader then takes that one.
  bool map(const Library& library, const std::string& rule, const std::string& by, const std::string& asked = "") {
    const std::string soname = !library.soname.empty() ? library.soname
                               : !asked.empty()        ? asked
                                                       : file_name(library.path);
    if (by_soname_.count(soname) != 0) return false;
    by_soname_[soname] = out_.mapped.size();
    if (!asked.empty() && asked != soname) by_soname_.emplace(asked, out_.mapped.size());
    out_.mapped.push_back({soname, library.path, rule, by, {}});
    remember(soname, offers_[soname]);
    return true;
  }

  /// Keeps what the rules offered for a soname, whoever asked: what is not taken is a second copy within reach.
  void remember(const std::string& soname, std::vector<Found> found) {
    auto& offers = offers_[soname];
    for (Found& one : found) {
      const auto same = [&](const Found& other) { return other.path == one.path; };
      if (std::none_of(offers.begin(), offers.end(), same)) offers.push_back(std::move(one));
    }
    const auto mapped = by_soname_.find(soname);
    if (mapped == by_soname_.end()) return;
    MappedLibrary& library = out_.mapped[mapped->second];
    library.others.clear();
    for (const Found& one : offers) {
      if (one.path != library.path) library.others.push_back(one);
    }
  }

  void miss(const std::string& soname, const std::string& by) {
    const auto same = [&](const MissingLibrary& one) { return one.soname == soname; };
    if (std::none_of(out_.missing.begin(), out_.missing.end(), same)) out_.missing.push_back({soname, by});
  }

  /// The first file below an entry of sys.path that torch/__init__.py's pattern matches.
  std::vector<Found> preload_candidates(const PreloadEntry& entry) {
    std::vector<Found> found;
    for (const std::string& folder : torch_.python.search_path) {
      std::vector<std::string> places = {folder + "/nvidia/" + entry.folder + "/lib",
                                         folder + "/" + entry.folder + "/lib"};
      if (row_.cuda_folder) {
        for (const std::string& name : search_.root().list(folder + "/nvidia")) {
          if (support::starts_with(name, "cu1")) places.insert(places.begin() + 1, folder + "/nvidia/" + name + "/lib");
        }
      }
      for (const std::string& place : places) {
        for (const std::string& name : search_.root().list(place)) {
          const bool matches = support::starts_with(name, entry.pattern) && name.back() >= '0' && name.back() <= '9';
          const auto real = matches ? search_.root().real(place + "/" + name) : std::nullopt;
          if (real) found.push_back({*real, "preload by sys.path"});
        }
      }
    }
    return found;
  }

  void preload(const std::vector<PreloadEntry>& list, bool each_optional) {
    for (const PreloadEntry& entry : list) {
      const auto found = preload_candidates(entry);
      const Library* library = found.empty() ? nullptr : search_.library(found.front().path);
      if (library == nullptr && !each_optional) return;
      if (library == nullptr) continue;
      load(*library, "preload by sys.path", kTorchInit, {});
      for (const Found& one : found) {
        const Library* other = search_.library(one.path);
        if (other != nullptr) remember(other->soname, {one});
      }
    }
  }

  /// cuDNN and NVRTC open their parts by bare soname: with their own rpath and LD_LIBRARY_PATH, as any dlopen.
  void open_siblings(const std::string& prefix, const std::string& siblings) {
    const MappedLibrary* owner = mapped_with_prefix(prefix);
    if (owner == nullptr) return;
    const Library* library = search_.library(owner->path);
    const Chain chain{library};
    for (const std::string& name : search_.root().list(parent(library->path))) {
      const auto dot = name.rfind(".so.");
      if (!support::starts_with(name, siblings) || dot == std::string::npos) continue;
      const Library* sibling = search_.library(parent(library->path) + "/" + name);
      if (sibling == nullptr) continue;
      const std::string soname = sibling->soname.empty() ? name : sibling->soname;
      const auto found = search_.find(soname, chain);
      remember(soname, found);
      if (by_soname_.count(soname) != 0) continue;
      if (found.empty()) {
        miss(soname, file_name(library->path));
        continue;
      }
      load(*search_.library(found.front().path), found.front().rule, file_name(library->path), chain);
    }
  }

  Search& search_;
  const TorchPlace& torch_;
  const PreloadRow& row_;
  TorchProcess out_;
  std::map<std::string, std::size_t> by_soname_;
  std::map<std::string, std::vector<Found>> offers_;
};

}  // namespace

const MappedLibrary* TorchProcess::find(const std::string& soname) const {
  const auto found =
      std::find_if(mapped.begin(), mapped.end(), [&](const MappedLibrary& one) { return one.soname == soname; });
  return found == mapped.end() ? nullptr : &*found;
}

TorchProcess model_torch_process(Search& search, const TorchPlace& torch, const std::string& torch_version) {
  return Model(search, torch, preload_row(torch_version)).run();
}

bool is_cuda_library(const std::string& soname) {
  constexpr std::array<std::string_view, 15> kNames = {"libcudart.", "libcublas",      "libcudnn",    "libnccl.",
                                                       "libcufft",   "libcurand.",     "libcusolver", "libcusparse",
                                                       "libcufile",  "libcupti.",      "libnvrtc",    "libnvJitLink.",
                                                       "libnvshmem", "libnvToolsExt.", "libnvjpeg"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view name) { return support::starts_with(soname, name); });
}

}  // namespace envforge::validator::loader
