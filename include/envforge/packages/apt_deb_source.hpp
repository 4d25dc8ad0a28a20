// Debian packages by apt, in folders of its own: as any user, without root, without a trace in the host's apt. Used by
// cli's main (to build it) and the contract tests; knows nothing of recipes, locks or images.
#pragma once

#include <chrono>
#include <set>
#include <string>

#include <envforge/packages/deb_source.hpp>
#include <envforge/process/process.hpp>

namespace envforge::packages {

struct AptSettings {
  std::string cache_dir;  // the distributions' indexes, kept between runs
  std::string keyrings = "/usr/share/keyrings";
  std::string helper = "/usr/lib/apt/apt-helper";
  std::chrono::milliseconds deadline = std::chrono::minutes(5);  // for each call of apt
};

class AptDebSource : public DebSource {
 public:
  /// `runner` must outlive the source.
  AptDebSource(process::ProcessRunner& runner, AptSettings settings)
      : runner_(runner), settings_(std::move(settings)) {}
  std::variant<std::vector<ResolvedDeb>, DebConflict> resolve(const DebRequest& request) override;
  std::vector<std::string> fetch(const DebMirror& mirror, const std::vector<ResolvedDeb>& debs,
                                 const std::string& cache_dir) override;

 private:
  process::Outcome run_apt(const std::vector<std::string>& argv, const DebMirror& mirror,
                           const std::string& configuration);
  void refresh(const DebMirror& mirror, const std::string& folder, const std::string& configuration);
  void download(const DebMirror& mirror, const std::vector<const ResolvedDeb*>& debs, const std::string& cache_dir);
  void index_folder(const DebMirror& mirror, const std::string& folder);

  process::ProcessRunner& runner_;
  AptSettings settings_;
  std::set<std::string> refreshed_;  // folders whose index this object has already asked the mirror for
};

}  // namespace envforge::packages
