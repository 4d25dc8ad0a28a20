// Archives of our own for tests, byte for byte the same each time: zip and gzip without compression, tar, ar.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace envforge::testing {

using NamedFiles = std::vector<std::pair<std::string, std::string>>;  // path, content

/// `deflate` packs a member; without it members are stored.
std::string make_zip(const NamedFiles& files, const std::function<std::string(const std::string&)>& deflate = {});
std::string make_tar(const NamedFiles& files);
/// One member of a tar of any type: '2' is a symbolic link, '1' a hard one, '3' a device. make_tar_of ends the file.
std::string tar_member(const std::string& name, const std::string& content, char type = '0',
                       const std::string& link = {}, const std::string& mode = "0000755");
std::string make_tar_of(const std::vector<std::string>& members);
std::string make_gzip(const std::string& content);
/// The outer form of a .deb.
std::string make_ar(const NamedFiles& files);

}  // namespace envforge::testing
