#include <envforge/protocol/torch_facts.hpp>

#include <algorithm>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/text.hpp>

namespace envforge::protocol {
namespace {

using support::Error;
using support::ErrorCode;

/// These become part of a Dockerfile, an argv and a file name.
void must_be_plain(const std::string& value, const std::string& what) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";
  if (value.size() < 1024 && value.find_first_not_of(kPlain) == std::string::npos) return;
  throw Error(ErrorCode::kProtocol, "the image's " + what + " '" + support::printable(value) + "' is no plain name");
}

}  // namespace

nlohmann::json to_json(const TorchFacts& facts) {
  return {{"none", facts.none},
          {"folder", facts.folder},
          {"version", facts.version},
          {"python", facts.python},
          {"headers_digest", facts.headers_digest},
          {"compiler", facts.compiler},
          {"glibc", facts.glibc},
          {"glibcxx", facts.glibcxx}};
}

TorchFacts torch_facts_from_text(const std::string& text) {
  const auto json = support::parse_json(text, "the description of the image's torch", ErrorCode::kProtocol);
  TorchFacts facts;
  const auto read = [&](const char* name) {
    const auto found = json.find(name);
    if (!json.is_object() || found == json.end() || !found->is_string())
      throw Error(ErrorCode::kProtocol, std::string("the description of the image's torch has no ") + name);
    return found->get<std::string>();
  };
  facts.none = read("none");
  facts.folder = read("folder");
  facts.version = read("version");
  facts.python = read("python");
  facts.headers_digest = read("headers_digest");
  facts.compiler = read("compiler");
  facts.glibc = read("glibc");
  facts.glibcxx = read("glibcxx");
  must_be_plain(facts.folder, "torch folder");
  must_be_plain(facts.version, "torch version");
  must_be_plain(facts.python, "Python version");
  must_be_plain(facts.compiler, "compiler");
  must_be_plain(facts.headers_digest, "headers' digest");
  must_be_plain(facts.glibc, "glibc version");
  must_be_plain(facts.glibcxx, "libstdc++ version");
  return facts;
}

std::string highest_symbol_version(const std::string& bytes, const std::string& prefix) {
  long best = -1;
  for (auto at = bytes.find(prefix); at != std::string::npos; at = bytes.find(prefix, at + 1)) {
    const std::size_t from = at + prefix.size();
    std::size_t to = from;
    while (to < bytes.size() && bytes[to] >= '0' && bytes[to] <= '9' && to - from < 4) ++to;
    if (to == from || (to < bytes.size() && bytes[to] != '\0' && bytes[to] != '.')) continue;
    best = std::max(best, std::strtol(bytes.substr(from, to - from).c_str(), nullptr, 10));
  }
  const auto underscore = prefix.find('_');
  return best < 0 ? "" : prefix.substr(underscore + 1) + std::to_string(best);
}

}  // namespace envforge::protocol
