// Apart from the table of this tree's checks: a group names its checks by the same rule and carries no table.
#include <algorithm>

#include <envforge/protocol/check_ids.hpp>

namespace envforge::protocol {

std::string group_of(std::string_view check_id) {
  return std::string(check_id.substr(0, check_id.find('.')));
}

std::string check_id_of_path(std::string_view path) {
  const auto slash = path.rfind('/');
  const std::string_view folder = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  name = name.substr(0, name.rfind('.'));
  const auto before = folder.rfind('/');
  std::string id(before == std::string_view::npos ? folder : folder.substr(before + 1));
  id += '.';
  id += name;
  std::replace(id.begin(), id.end(), '_', '-');
  return id;
}

}  // namespace envforge::protocol
