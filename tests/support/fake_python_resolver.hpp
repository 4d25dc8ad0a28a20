// The test twin of UvResolver: resolves over a handful of made-up packages. For tests of app; the contract suite holds
// it to what UvResolver does with the same packages on a real index.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <envforge/packages/python_resolver.hpp>

namespace envforge::testing {

struct FakePackage {
  std::string name, version;
  std::vector<std::string> requires_dist;  // "numpy", "numpy<2"
  std::string tag = "py3-none-any";
  bool sdist_only = false;
  std::uint64_t size = 0;  // 0 = 1000
  std::string uploaded = {};
};

/// "" is the default index; others by PythonIndex::name.
using FakeUniverse = std::map<std::string, std::vector<FakePackage>>;

class FakePythonResolver : public packages::PythonResolver {
 public:
  explicit FakePythonResolver(FakeUniverse universe) : universe_(std::move(universe)) {}
  std::variant<std::vector<packages::ResolvedWheel>, packages::PythonConflict> resolve(
      const packages::PythonRequest& request) override;
  /// Of any package of the shelf that has that version: NAME-VERSION.tar.gz.
  std::variant<packages::ResolvedSdist, packages::PythonConflict> find_sdist(const packages::PythonRequest& site,
                                                                             const std::string& name,
                                                                             const std::string& version) override;
  std::variant<std::vector<std::string>, packages::PythonConflict> wheel_names(const packages::PythonRequest& site,
                                                                               const std::string& name,
                                                                               const std::string& version) override;
  /// Writes "uv VERSION" to `path`.
  void fetch_tool(const packages::ResolvedWheel& uv, const packages::PythonRequest& site,
                  const std::string& path) override;

  bool reachable = true;                          // false: every index is unreachable
  std::vector<packages::PythonRequest> requests;  // what was asked

 private:
  FakeUniverse universe_;
  std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();  // shared: a resolver is assigned whole
};

}  // namespace envforge::testing
