#include "requirement_lines.hpp"

#include <envforge/support/text.hpp>

#include "recipe_yaml_tree.hpp"

namespace envforge::documents {
namespace {

// "name >=1  # why" without its comment: a '#' at the start or after a space.
std::string without_comment(const std::string& line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  }
  return line;
}

// "--hash=sha256:..." words; what else stands there stays.
void take_hashes(RequirementLine& line) {
  constexpr std::string_view kHash = "--hash=";
  for (auto at = line.text.find(kHash); at != std::string::npos; at = line.text.find(kHash)) {
    const auto end = line.text.find(' ', at);
    const auto begin = at + kHash.size();
    line.hashes.push_back(line.text.substr(begin, end == std::string::npos ? end : end - begin));
    line.text = support::trim(line.text.substr(0, at)) +
                (end == std::string::npos ? "" : " " + support::trim(line.text.substr(end)));
  }
  line.text = support::trim(line.text);
}

}  // namespace

std::vector<RequirementLine> requirement_lines(const std::string& text, const std::string& file) {
  check_document(text, file);
  std::vector<RequirementLine> out;
  RequirementLine whole;
  int number = 0;
  const auto finish = [&] {
    take_hashes(whole);
    if (!whole.text.empty()) out.push_back(whole);
    whole = {};
  };
  for (const auto& physical : support::split(text, '\n')) {
    ++number;
    std::string line = support::trim(without_comment(physical));
    if (whole.text.empty()) whole.where = {file, number, static_cast<int>(physical.find_first_not_of(" \t\r")) + 1, {}};
    const bool goes_on = !line.empty() && line.back() == '\\';
    if (goes_on) line = support::trim(line.substr(0, line.size() - 1));
    whole.text += (whole.text.empty() || line.empty() ? "" : " ") + line;
    if (!goes_on) finish();
  }
  finish();
  return out;
}

}  // namespace envforge::documents
