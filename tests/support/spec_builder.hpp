// Small recipes for tests of the resolver: everything that is not said is what most recipes have.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <envforge/documents/recipe.hpp>

namespace envforge::testing {

class SpecBuilder {
 public:
  SpecBuilder() {
    spec_.image = "test";
    spec_.platforms = {"linux/amd64"};
    spec_.base = {"debian:12", at(1)};
    spec_.python = {"auto", at(2)};
    spec_.torch.cuda = {"auto", at(4)};
  }
  SpecBuilder& torch(const std::string& range) {
    spec_.torch.version = {*versions::VersionRange::parse(range), at(3)};
    return *this;
  }
  SpecBuilder& cuda(const std::string& cuda) {
    spec_.torch.cuda.value = cuda;
    return *this;
  }
  SpecBuilder& include(const std::string& part) {
    spec_.torch.include.push_back({part, at(5)});
    return *this;
  }
  SpecBuilder& library(const std::string& name, const std::string& range) {
    spec_.torch.libraries.push_back({name, {*versions::VersionRange::parse_prefix(range), at(8)}});
    return *this;
  }
  SpecBuilder& package(const std::string& requirement) {
    spec_.pip.push_back({requirement, at(9)});
    return *this;
  }
  SpecBuilder& python(const std::string& python) {
    spec_.python.value = python;
    return *this;
  }
  SpecBuilder& base(const std::string& base) {
    spec_.base.value = base;
    return *this;
  }
  SpecBuilder& platforms(std::vector<std::string> platforms) {
    spec_.platforms = std::move(platforms);
    return *this;
  }
  SpecBuilder& compile() {
    spec_.capabilities.push_back({"torch_compile", at(6)});
    return *this;
  }
  SpecBuilder& devel() {
    spec_.variant = {"devel", at(7)};
    return *this;
  }
  /// An entry of packages.build whose machine code these pools need; nullopt: all.
  SpecBuilder& built(const std::string& source, std::optional<std::vector<std::string>> pools = std::nullopt) {
    const int line = 20 + static_cast<int>(spec_.build.size());
    spec_.build.push_back({{source, at(line)}, std::move(pools), {}});
    return *this;
  }
  SpecBuilder& cutoff(const std::string& date) {
    spec_.exclude_newer = date;
    return *this;
  }
  SpecBuilder& pool(const std::vector<std::string>& gpus, const std::string& driver = "") {
    documents::Pool pool;
    pool.name = "pool" + std::to_string(spec_.pools.size());
    const int line = 10 + static_cast<int>(spec_.pools.size());
    for (const auto& gpu : gpus) pool.gpus.push_back({gpu, at(line)});
    if (!driver.empty()) pool.driver = documents::Located<versions::Version>{versions::Version::of(driver), at(line)};
    pool.where = at(line);
    spec_.pools.push_back(std::move(pool));
    return *this;
  }
  /// Of the pool that was added last.
  SpecBuilder& forward() {
    spec_.pools.back().forward_compat = true;
    return *this;
  }
  const documents::ImageSpec& spec() const { return spec_; }

 private:
  static support::Where at(int line) { return {"recipe.yaml", line, 1, {}}; }

  documents::ImageSpec spec_;
};

}  // namespace envforge::testing
