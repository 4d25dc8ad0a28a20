#include "contract/docker_setup.hpp"
#include "contract/engine_containers_contract.hpp"

namespace envforge::contract {
namespace {

INSTANTIATE_TEST_SUITE_P(DockerCli, EngineContract,
                         ::testing::Values(MakeSetup([] { return std::make_unique<DockerSetup>(); })),
                         [](const auto&) { return "Real"; });

}  // namespace
}  // namespace envforge::contract
