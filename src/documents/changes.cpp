#include <envforge/documents/changes.hpp>

#include <algorithm>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include <envforge/support/text.hpp>

#include "spec_json.hpp"

namespace envforge::documents {
namespace {

using nlohmann::json;

std::string shown(const json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string shown_list(const json& list) {
  std::vector<std::string> parts;
  for (const auto& element : list) parts.push_back(shown(element));
  return support::join(parts, ", ");
}

void compare(const std::string& what, const json& before, const json& after, std::vector<Change>& out);

// Entries that were added or removed; when only their order changed, the two lists.
void compare_lists(const std::string& what, const json& before, const json& after, std::vector<Change>& out) {
  std::multiset<std::string> gone;
  for (const auto& element : before) gone.insert(shown(element));
  std::vector<std::string> come;
  for (const auto& element : after) {
    const auto same = gone.find(shown(element));
    if (same == gone.end()) {
      come.push_back(shown(element));
    } else {
      gone.erase(same);
    }
  }
  if (gone.empty() && come.empty()) {
    out.push_back({what, shown_list(before), shown_list(after)});
    return;
  }
  for (const auto& text : gone) out.push_back({what, text, ""});
  for (const auto& text : come) out.push_back({what, "", text});
}

json by_name(const json& list) {
  json out = json::object();
  for (const auto& element : list) out[element.at("name").get<std::string>()] = element;
  return out;
}

void compare_objects(const std::string& what, const json& before, const json& after, std::vector<Change>& out) {
  std::set<std::string> keys;
  for (const auto& [key, value] : before.items()) keys.insert(key);
  for (const auto& [key, value] : after.items()) keys.insert(key);
  for (const auto& key : keys) {
    compare(what.empty() ? key : what + "." + key, before.value(key, json()), after.value(key, json()), out);
  }
}

void compare(const std::string& what, const json& before, const json& after, std::vector<Change>& out) {
  if (before == after) return;
  if (before.is_object() && after.is_object()) {
    compare_objects(what, before, after, out);
  } else if (what == "pools" && by_name(before) != by_name(after)) {
    compare_objects(what, by_name(before), by_name(after), out);
  } else if ((before.is_array() || before.is_null()) && (after.is_array() || after.is_null())) {
    compare_lists(what, before, after, out);
  } else {
    out.push_back({what, shown(before), shown(after)});
  }
}

class LockComparison {
 public:
  explicit LockComparison(std::string platform) : platform_(std::move(platform)) {}

  void value(const std::string& what, const std::string& before, const std::string& after) {
    if (before != after) changes.push_back({platform_ + what, before, after});
  }

  /// Packages by name: the version when it changed, otherwise the file.
  template <class Package>
  void packages(const std::string& what, const std::vector<Package>& before, const std::vector<Package>& after) {
    std::map<std::string, std::pair<const Package*, const Package*>> pairs;
    for (const auto& package : before) pairs[package.name].first = &package;
    for (const auto& package : after) pairs[package.name].second = &package;
    for (const auto& [name, pair] : pairs) {
      const auto& [old, now] = pair;
      if (old == nullptr || now == nullptr || old->version != now->version) {
        value(what + " " + name, old == nullptr ? "" : old->version, now == nullptr ? "" : now->version);
      } else if (old->sha256 != now->sha256) {
        value(what + " " + name, old->filename + " " + old->sha256, now->filename + " " + now->sha256);
      } else if (!(*old == *now)) {
        value(what + " " + name + " (place)", place(*old), place(*now));
      }
    }
  }

  /// What is built anew: by the key of its wheel.
  void builds(const std::string& platform, const LockedPlatform& before, const LockedPlatform& after) {
    std::map<std::string, std::pair<std::string, std::string>> pairs;
    const auto text = [&](const LockedPlatform& locked, const LockedBuild& build) {
      const std::string code = support::join(build.architectures, " ");
      return build.source + " as " + build_key(platform, locked, build).substr(0, 12) +
             (code.empty() ? "" : " for " + code);
    };
    for (const auto& build : before.builds) pairs[build.name].first = text(before, build);
    for (const auto& build : after.builds) pairs[build.name].second = text(after, build);
    for (const auto& [name, pair] : pairs) value("build " + name, pair.first, pair.second);
  }

  std::vector<Change> changes;

 private:
  static std::string place(const LockedWheel& wheel) {
    return wheel.index + " " + wheel.filename + (wheel.heavy ? " heavy" : "") + (wheel.toolkit ? " toolkit" : "") +
           (wheel.direct ? " direct" : "");
  }
  static std::string place(const LockedDeb& deb) {
    return deb.suite + " " + deb.filename + (deb.foundation ? " foundation" : "");
  }
  std::string platform_;
};

std::string archive_text(const LockedPlatform& locked) {
  if (!locked.python_archive) return "the base's own";
  return locked.python_archive->version + " " + locked.python_archive->url + " sha256:" + locked.python_archive->sha256;
}

std::string base_text(const LockedBase& base) {
  return base.name + (base.digest.empty() ? "" : " " + base.reference + "@" + base.digest);
}

void add_versions(LockComparison& all, const LockedPlatform& old, const LockedPlatform& now) {
  all.value("torch", old.torch, now.torch);
  all.value("CUDA variant", old.cuda_variant, now.cuda_variant);
  all.value("CUDA", old.cuda, now.cuda);
  all.value("cuDNN", old.cudnn, now.cudnn);
  all.value("NCCL", old.nccl, now.nccl);
  all.value("Python", old.python, now.python);
  all.value("Python's archive", archive_text(old), archive_text(now));
  all.value("base", base_text(old.base), base_text(now.base));
  all.value("glibc", old.base.glibc, now.base.glibc);
  all.value("torch index", old.torch_index, now.torch_index);
  all.value("NVIDIA_REQUIRE_CUDA", old.require_cuda, now.require_cuda);
  all.value("C++ ABI", std::to_string(old.cxx11_abi), std::to_string(now.cxx11_abi));
  all.value("C++ standard", std::to_string(old.cxx_standard), std::to_string(now.cxx_standard));
  all.value("GPU architectures", support::join(old.gpu_architectures, ", "),
            support::join(now.gpu_architectures, ", "));
}

std::vector<Change> compare_platform(const std::string& name, const LockedPlatform& old, const LockedPlatform& now) {
  LockComparison all(name + " ");
  add_versions(all, old, now);
  all.packages("wheel", old.wheels, now.wheels);
  all.packages("tool", old.tools, now.tools);
  all.packages("base deb", old.base.debs, now.base.debs);
  all.packages("deb", old.debs, now.debs);
  all.packages("builder deb", old.builder_debs, now.builder_debs);
  all.packages("build tool", old.build_wheels, now.build_wheels);
  all.builds(name, old, now);
  return all.changes;
}

// What a recipe says besides the image: how it is named, run and judged.
json usage_to_json(const Recipe& recipe) {
  const auto texts = [](const std::vector<Located<std::string>>& located) {
    json out = json::array();
    for (const auto& text : located) out.push_back(text.value);
    return out;
  };
  const auto maybe = [](const auto& value) { return value ? json(*value) : json(); };
  const RunSpec& run = recipe.run;
  return {{"run",
           {{"shm", maybe(run.shm_bytes)},
            {"memory", maybe(run.memory_bytes)},
            {"cpus", maybe(run.cpus)},
            {"volumes", run.volumes},
            {"ports", run.ports}}},
          {"size", {{"max", maybe(recipe.max_size_bytes)}}},
          {"tags", texts(recipe.tags)},
          {"verify", {{"suite", recipe.verify.suite}, {"require", texts(recipe.verify.require)}}}};
}

}  // namespace

std::vector<Change> usage_changes(const Recipe& old, const Recipe& now) {
  std::vector<Change> out;
  compare("", usage_to_json(old), usage_to_json(now), out);
  return out;
}

std::vector<Change> version_changes(const LockedPlatform& old, const LockedPlatform& now) {
  LockComparison all("");
  add_versions(all, old, now);
  return all.changes;
}

std::vector<Change> what_changed(const ImageSpec& old, const ImageSpec& now) {
  std::vector<Change> out;
  const json before = spec_to_json(old);
  const json after = spec_to_json(now);
  for (const char* word : {"image", "pools", "platforms", "base", "python", "torch", "variant", "capabilities",
                           "packages", "user", "environment", "workdir", "copy", "command", "services"}) {
    compare(word, before.at(word), after.at(word), out);
  }
  return out;
}

std::vector<Change> what_changed(const Lock& old, const Lock& now) {
  std::vector<Change> out;
  LockComparison whole("");
  whole.value("compatibility data", old.data_as_of + " " + old.data_digest, now.data_as_of + " " + now.data_digest);
  whole.value("exclude_newer", old.exclude_newer, now.exclude_newer);
  std::set<std::string> upgraded;
  for (const auto* lock : {&old, &now}) {
    for (const auto& entry : lock->exclude_newer_of) upgraded.insert(entry.first);
  }
  const auto cutoff = [](const Lock& lock, const std::string& name) {
    const auto found = lock.exclude_newer_of.find(name);
    return found == lock.exclude_newer_of.end() ? std::string() : found->second;
  };
  for (const auto& name : upgraded) whole.value("exclude_newer of " + name, cutoff(old, name), cutoff(now, name));
  std::set<std::string> names;
  for (const auto& [name, platform] : old.platforms) names.insert(name);
  for (const auto& [name, platform] : now.platforms) names.insert(name);
  for (const auto& name : names) {
    const auto before = old.platforms.find(name);
    const auto after = now.platforms.find(name);
    if (before == old.platforms.end() || after == now.platforms.end()) {
      whole.value("platform", before == old.platforms.end() ? "" : name, after == now.platforms.end() ? "" : name);
      continue;
    }
    for (auto& change : compare_platform(name, before->second, after->second)) out.push_back(std::move(change));
  }
  out.insert(out.end(), whole.changes.begin(), whole.changes.end());
  return out;
}

}  // namespace envforge::documents
