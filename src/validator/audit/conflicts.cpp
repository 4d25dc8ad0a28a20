#include "audit/conflicts.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <envforge/support/text.hpp>

namespace envforge::validator::audit {
namespace {

using loader::Owner;

std::string version_of(const Copy& copy) {
  return copy.version.empty() ? "(version not known)" : copy.version;
}

std::string named(const std::string& soname, const Copy& copy) {
  return soname + " " + version_of(copy) + " (" + copy.path + ", " + to_string(copy.owner) + ")";
}

void find_missing(const Inventory& inventory, std::vector<Conflict>& out) {
  const std::string version = inventory.torch_version.substr(0, inventory.torch_version.find('+'));
  for (const auto& missing : inventory.missing) {
    out.push_back({missing.soname + " is found by no rule; " + missing.needed_by + " needs it",
                   "pip install --force-reinstall torch==" + version});
  }
}

/// The first few of a list and how many more there are.
std::string shortened(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  if (names.size() <= kShown + 1) return support::join(names, ", ");
  const std::vector<std::string> first(names.begin(), names.begin() + kShown);
  return support::join(first, ", ") + " and " + std::to_string(names.size() - kShown) + " more";
}

/// One finding for each folder and rule: a toolkit in LD_LIBRARY_PATH holds dozens of libraries and is one fault.
struct CopyGroup {
  const Copy* copy = nullptr;
  bool chosen = false;
  std::vector<std::string> names, details;
};

Conflict conflict_of(const CopyGroup& group) {
  const bool one = group.names.size() == 1;
  const std::string subject = std::to_string(group.names.size()) + (one ? " library" : " libraries");
  const std::string verb =
      group.chosen ? (one ? " is taken from " : " are taken from ") : (one ? " also lies in " : " also lie in ");
  return {subject + verb + loader::parent(group.copy->path) + " by " + group.copy->rule + ": " + shortened(group.names),
          mend_for(*group.copy), group.details};
}

// The loader's last rules. A copy that only they offer never wins over one that an earlier rule found, whatever the
// order in which libraries are opened: a CUDA base image under torch's wheels is used by many and works.
bool last_rule(const Copy& copy) {
  return copy.rule == "ld.so.cache" || copy.rule == "default folder";
}
bool never_taken(const Library& library, const Copy& copy) {
  return last_rule(copy) && !last_rule(library.chosen);
}

void find_second_copies(const Inventory& inventory, bool taken, std::vector<Conflict>& out) {
  std::map<std::string, CopyGroup> groups;
  const auto note = [&](const Library& library, const Copy& copy, const Copy& instead, bool chosen) {
    CopyGroup& group = groups[loader::parent(copy.path) + "\n" + copy.rule + (chosen ? "\nchosen" : "")];
    group.copy = &copy;
    group.chosen = chosen;
    const char* word = chosen ? " before " : " beside ";
    group.names.push_back(library.soname + " " + version_of(copy) + word + version_of(instead));
    group.details.push_back(named(library.soname, copy) + word + version_of(instead) + " (" + to_string(instead.owner) +
                            ")");
  };
  for (const Library& library : inventory.libraries) {
    const auto wheel = std::find_if(library.others.begin(), library.others.end(),
                                    [](const Copy& copy) { return copy.owner.kind == "pip"; });
    if (library.chosen.owner.kind != "pip" && wheel != library.others.end()) {
      if (taken) note(library, library.chosen, *wheel, true);
      continue;
    }
    for (const Copy& copy : library.others) {
      if (never_taken(library, copy) == taken) continue;
      const bool same = !copy.version.empty() && copy.version == library.chosen.version;
      if (!same) note(library, copy, library.chosen, false);
    }
  }
  for (const auto& [key, group] : groups) out.push_back(conflict_of(group));
}

/// Libraries that only work with parts of their own release.
void find_mixed_families(const Inventory& inventory, std::vector<Conflict>& out) {
  constexpr std::array<std::string_view, 3> kFamilies = {"libcudnn", "libcublas", "libnvrtc"};
  for (const std::string_view family : kFamilies) {
    std::map<std::string, std::vector<const Library*>> by_release;
    for (const Library& library : inventory.libraries) {
      if (!support::starts_with(library.soname, family)) continue;
      by_release[to_string(library.chosen.owner) + " " + library.chosen.version].push_back(&library);
    }
    if (by_release.size() < 2) continue;
    std::vector<std::string> parts;
    const Library* odd = nullptr;
    for (const auto& [release, libraries] : by_release) {
      for (const Library* library : libraries) parts.push_back(named(library->soname, library->chosen));
      if (odd == nullptr || libraries.front()->chosen.owner.kind != "pip") odd = libraries.front();
    }
    out.push_back({std::string(family) + " would be mixed from different releases: " + support::join(parts, ", "),
                   mend_for(odd->chosen)});
  }
}

void find_stubs(const Inventory& inventory, std::vector<Conflict>& out) {
  for (const Library& library : inventory.libraries) {
    if (library.chosen.path.find("/stubs/") == std::string::npos) continue;
    out.push_back(
        {named(library.soname, library.chosen) + " is a stub for linking, not a library", mend_for(library.chosen)});
  }
}

void find_overwritten(const Inventory& inventory, std::vector<Conflict>& out) {
  std::map<std::string, std::vector<std::string>> files;
  for (const SharedFile& file : inventory.shared_files) {
    std::vector<std::string> owners;
    for (const Owner& owner : file.owners) owners.push_back(owner.package + " " + owner.version);
    files[support::join(owners, " and ")].push_back(loader::file_name(file.path));
  }
  for (const auto& [owners, names] : files) {
    out.push_back({owners + " both claim " + support::join(names, ", ") + ": whichever was installed last is there",
                   "pip uninstall both, then pip install the one that torch pins"});
  }
}

/// "12" of nvidia-cublas-cu12; from CUDA 13 on some have no suffix and are told by nothing here.
std::string cuda_major_of(const std::string& package) {
  const auto at = package.rfind("-cu");
  if (!support::starts_with(package, "nvidia-") || at == std::string::npos || at + 5 != package.size()) return "";
  return package.substr(at + 3);
}

void find_leftovers(const Inventory& inventory, std::vector<Conflict>& out) {
  const std::string major = inventory.cuda_version.substr(0, inventory.cuda_version.find('.'));
  if (major.empty()) return;
  std::set<std::string> needed;
  for (const auto& distribution : inventory.distributions) {
    // What a leftover needs is a leftover too, unless something else needs it.
    const std::string its = cuda_major_of(distribution.name);
    if (!its.empty() && its != major) continue;
    for (const auto& need : distribution.needs) needed.insert(need.name);
  }
  std::vector<std::string> leftovers;
  for (const auto& distribution : inventory.distributions) {
    const std::string its = cuda_major_of(distribution.name);
    if (!its.empty() && its != major && needed.count(distribution.name) == 0) leftovers.push_back(distribution.name);
  }
  if (leftovers.empty()) return;
  out.push_back({"wheels of another CUDA major than torch's " + inventory.cuda_version +
                     ", which nothing installed needs: " + support::join(leftovers, ", "),
                 "pip uninstall " + support::join(leftovers, " ")});
}

void find_other_cuda(const Inventory& inventory, std::vector<Conflict>& out) {
  const std::string major = inventory.cuda_version.substr(0, inventory.cuda_version.find('.'));
  const std::string its = inventory.nccl_built_for.substr(0, inventory.nccl_built_for.find('.'));
  if (major.empty() || its.empty() || its == major) return;
  for (const Library& library : inventory.libraries) {
    if (!support::starts_with(library.soname, "libnccl.so")) continue;
    out.push_back({named(library.soname, library.chosen) + " was built for CUDA " + inventory.nccl_built_for +
                       ", torch for " + inventory.cuda_version,
                   mend_for(library.chosen)});
  }
}

}  // namespace

std::string mend_for(const Copy& copy) {
  const std::string folder = loader::parent(copy.path);
  if (copy.rule == "LD_LIBRARY_PATH") return "take " + folder + " out of LD_LIBRARY_PATH (recipe: environment)";
  if (copy.rule == "LD_PRELOAD") return "take " + copy.path + " out of LD_PRELOAD and /etc/ld.so.preload";
  if (copy.owner.kind == "apt") return "apt-get remove " + copy.owner.package;
  if (copy.owner.kind == "pip") return "pip uninstall " + copy.owner.package;
  if (copy.owner.kind == "conda") return "conda remove " + copy.owner.package;
  return "take " + folder + " out of /etc/ld.so.conf.d and run ldconfig";
}

std::vector<Conflict> find_conflicts(const Inventory& inventory) {
  std::vector<Conflict> out;
  find_missing(inventory, out);
  find_second_copies(inventory, true, out);
  find_mixed_families(inventory, out);
  find_stubs(inventory, out);
  find_overwritten(inventory, out);
  find_leftovers(inventory, out);
  find_other_cuda(inventory, out);
  return out;
}

std::vector<Conflict> find_unused_copies(const Inventory& inventory) {
  std::vector<Conflict> out;
  find_second_copies(inventory, false, out);
  return out;
}

}  // namespace envforge::validator::audit
