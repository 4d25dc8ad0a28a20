#include "contract/engine_containers_contract.hpp"
#include "support/fake_engine.hpp"

namespace envforge::contract {
namespace {

class FakeSetup : public EngineSetup {
 public:
  std::string unavailable() override { return {}; }
  engine::ContainerEngine& engine() override { return engine_; }
  std::string registry() override { return "registry.example"; }
  std::vector<std::string> leave_behind(const std::string& owner, const std::string&) override {
    return engine_.leave_behind(owner);
  }
  std::vector<std::string> owned() override { return engine_.owned(); }

 private:
  testing::FakeEngine engine_;
};

INSTANTIATE_TEST_SUITE_P(FakeEngine, EngineContract,
                         ::testing::Values(MakeSetup([] { return std::make_unique<FakeSetup>(); })),
                         [](const auto&) { return "Fake"; });

}  // namespace
}  // namespace envforge::contract
