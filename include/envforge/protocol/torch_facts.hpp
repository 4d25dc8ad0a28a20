// What an image, or the environment that envforge runs in, has of torch: read from files by `envforge-driver --torch`,
// which executes nothing of it. The host decides with it how the validator's torch group can be compiled.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace envforge::protocol {

struct TorchFacts {
  std::string none;     // why there is no torch; then nothing below but the libraries' versions is filled in
  std::string folder;   // ".../site-packages/torch"
  std::string version;  // torch.__version__: "2.6.0+cu124"
  std::string python;   // "3.11"
  std::string
      headers_digest;    // sha256, hex, over all that a program compiled against this torch reads; "" = no headers
  std::string compiler;  // the C++ compiler that PATH finds; "" = none, or no shell to call it from
  std::string glibc;     // "2.36": the highest version that the image's C library offers; "" = not found
  std::string glibcxx;   // "3.4.30": of its C++ library; "" = not found
};

nlohmann::json to_json(const TorchFacts& facts);
/// Throws Error{kProtocol} for anything else, and for a folder or version that is no plain name: the text comes out of
/// a container.
TorchFacts torch_facts_from_text(const std::string& text);

/// The highest "2.N" of every "GLIBC_2.N" in a library's or program's bytes, or of `prefix` as in "GLIBCXX_3.4."; ""
/// when there is none. Version symbols are text in ELF files, in those that offer them and those that need them.
std::string highest_symbol_version(const std::string& bytes, const std::string& prefix);

}  // namespace envforge::protocol
