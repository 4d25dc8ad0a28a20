// What apt answered, kept beside its lists. The signed InRelease files name every list by its hash, so that the same
// request over the same InRelease files has the same answer, and apt need not be asked again. Used by AptDebSource.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include <envforge/packages/deb_source.hpp>

namespace envforge::packages {

class DebAnswers {
 public:
  /// `folder` is where answers are kept, `lists` holds what `apt-get update` fetched just now.
  DebAnswers(const std::filesystem::path& folder, const std::filesystem::path& lists);
  /// nullopt also for an answer that is damaged.
  std::optional<std::vector<ResolvedDeb>> find(const DebRequest& request) const;
  /// Removes the answers over older lists.
  void keep(const DebRequest& request, const std::vector<ResolvedDeb>& debs) const;

 private:
  std::filesystem::path all_, folder_;  // folder_ is of these lists
};

}  // namespace envforge::packages
