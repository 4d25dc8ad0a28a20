#include <envforge/packages/package_needs.hpp>

#include <algorithm>
#include <regex>

#include <envforge/versions/package_name.hpp>

namespace envforge::packages {

std::vector<PackageNeed> needs_of(const PythonConflict& conflict, const std::string& project) {
  // "Because xformers==0.0.28 depends on torch==2.5.1 and ..."; std::regex recurses for each character of a repetition.
  constexpr std::size_t kLongest = 4000;
  static const std::regex sentence(
      "([A-Za-z0-9][A-Za-z0-9._-]*)([=<>~!][^ ]*)? depends? on "
      "([A-Za-z0-9._-]+)(\\{[^}]*\\})?([=<>~!]=?[A-Za-z0-9.*+!,=<>~]+)");
  std::vector<PackageNeed> needs;
  for (const std::string& line : conflict.lines) {
    const std::string text = line.substr(0, kLongest);
    for (auto at = std::sregex_iterator(text.begin(), text.end(), sentence); at != std::sregex_iterator(); ++at) {
      const std::smatch& match = *at;
      if (versions::normal_name(match[3].str()) != versions::normal_name(project)) continue;
      std::string demand = match[5].str();
      while (demand.back() == '.' || demand.back() == ',') demand.pop_back();  // the sentence's own
      const PackageNeed need{versions::normal_name(match[1].str()), match[2].str(), project + demand};
      const auto same = [&](const PackageNeed& known) {
        return known.package == need.package && known.versions == need.versions && known.needs == need.needs;
      };
      if (std::none_of(needs.begin(), needs.end(), same)) needs.push_back(need);
    }
  }
  return needs;
}

}  // namespace envforge::packages
