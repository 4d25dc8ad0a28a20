// The test twin of AptDebSource: resolves and "fetches" a handful of made-up packages. For tests of app; the contract
// suite holds it to what apt does with the same packages.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <envforge/packages/deb_source.hpp>

namespace envforge::testing {

struct FakeDeb {
  std::string name, version;
  std::vector<std::string> depends = {};
  bool essential = false;
  std::vector<std::string> conflicts = {};
};

/// The bytes that a fetched fake .deb has.
std::string fake_deb_bytes(const FakeDeb& deb);

class FakeDebSource : public packages::DebSource {
 public:
  explicit FakeDebSource(std::vector<FakeDeb> debs) : debs_(std::move(debs)) {}
  std::variant<std::vector<packages::ResolvedDeb>, packages::DebConflict> resolve(
      const packages::DebRequest& request) override;
  std::vector<std::string> fetch(const packages::DebMirror& mirror, const std::vector<packages::ResolvedDeb>& debs,
                                 const std::string& cache_dir) override;

  bool reachable = true;                       // false: the mirror does not answer
  std::vector<packages::DebRequest> requests;  // what was asked

 private:
  std::vector<FakeDeb> debs_;
};

}  // namespace envforge::testing
