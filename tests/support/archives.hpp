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
std::string make_gzip(const std::string& content);
/// The outer form of a .deb.
std::string make_ar(const NamedFiles& files);

}  // namespace envforge::testing
