// The test twin of MmdebstrapBuilder: a "tar" that lists what it would be made of. For tests of app.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <envforge/bases/base_builder.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>

namespace envforge::testing {

class FakeBaseBuilder : public bases::BaseBuilder {
 public:
  void build(const bases::BaseRequest& request, const std::string& tar_path) override {
    requests.push_back(request);
    std::string text =
        "base " + request.base + " " + request.architecture + " " + std::to_string(request.source_date_epoch) + "\n";
    std::vector<std::string> digests;
    for (const std::string& file : request.deb_files) digests.push_back(support::sha256_file_hex(file));
    std::sort(digests.begin(), digests.end());
    for (const std::string& digest : digests) text += digest + "\n";
    support::write_file_atomically(tar_path, text);
  }

  std::vector<bases::BaseRequest> requests;  // what was asked
};

}  // namespace envforge::testing
