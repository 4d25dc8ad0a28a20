// Debian packages of our own, for tests.
#pragma once

#include <string>

#include "support/fake_deb_source.hpp"

namespace envforge::testing {

struct DebFile {
  std::string filename;  // git_1.0_amd64.deb
  std::string bytes;
};

/// A real .deb with one file in it, /usr/share/NAME.
DebFile make_deb(const FakeDeb& deb);

}  // namespace envforge::testing
