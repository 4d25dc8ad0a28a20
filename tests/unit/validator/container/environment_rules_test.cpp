#include "container/environment_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envforge::validator::container {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Finding> judged(std::map<std::string, std::string> environment, std::vector<std::string> interfaces = {},
                            const std::string& there = "") {
  return judge_environment({std::move(environment), std::move(interfaces),
                            [there](const std::string& path) { return !there.empty() && path == there; }});
}

TEST(EnvironmentRules, AnOrdinaryEnvironmentIsClean) {
  EXPECT_THAT(judged({{"PATH", "/usr/bin"},
                      {"CUDA_VISIBLE_DEVICES", "0,1"},
                      {"NCCL_DEBUG", "WARN"},
                      {"NCCL_P2P_DISABLE", "0"},
                      {"NCCL_NVLS_ENABLE", "0"},
                      {"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "100"},
                      {"CUDA_MODULE_LOADING", "LAZY"}}),
              IsEmpty());
}

TEST(EnvironmentRules, AnEmptyListOfVisibleDevicesHidesEveryGpu) {
  for (const char* value : {"", "-1", "NoDevFiles"}) {
    const auto found = judged({{"CUDA_VISIBLE_DEVICES", value}});
    ASSERT_EQ(found.size(), 1U) << value;
    EXPECT_TRUE(found[0].severe);
    EXPECT_THAT(found[0].what, HasSubstr("hides every GPU"));
    EXPECT_THAT(found[0].mend, HasSubstr("-e CUDA_VISIBLE_DEVICES"));
  }
}

TEST(EnvironmentRules, EachOddValueNamesItsVariableAndTheLineThatMendsIt) {
  for (const char* name : {"CUDA_FORCE_PTX_JIT", "CUDA_LAUNCH_BLOCKING", "NCCL_P2P_DISABLE", "NCCL_SHM_DISABLE",
                           "NVIDIA_TF32_OVERRIDE", "PYTORCH_NO_CUDA_MEMORY_CACHING", "NCCL_NVLS_ENABLE"}) {
    const auto found = judged({{name, "1"}});
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_THAT(found[0].what, HasSubstr(std::string(name) + "='1'"));
    EXPECT_THAT(found[0].mend, HasSubstr(name));
    EXPECT_EQ(found[0].severe, std::string(name) == "CUDA_FORCE_PTX_JIT");
  }
}

TEST(EnvironmentRules, AnNcclSwitchThatIsNoNumberIsIgnoredByNcclAndTold) {
  const auto found = judged({{"NCCL_IB_DISABLE", "true"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, HasSubstr("is no number: NCCL takes its default"));
}

TEST(EnvironmentRules, AValueThatItsReaderDoesNotTakeIsTold) {
  const std::vector<std::pair<std::string, std::string>> wrong = {{"PYTORCH_CUDA_ALLOC_CONF", "garbage"},
                                                                  {"PYTORCH_ALLOC_CONF", "true"},
                                                                  {"OMP_NUM_THREADS", "0"},
                                                                  {"OMP_NUM_THREADS", "all"},
                                                                  {"OMP_NUM_THREADS", "4,"},
                                                                  {"CUDA_DEVICE_ORDER", "FOO"},
                                                                  {"NVIDIA_DRIVER_CAPABILITIES", "graphics"}};
  for (const auto& [name, value] : wrong) {
    const auto found = judged({{name, value}});
    ASSERT_EQ(found.size(), 1U) << name << "=" << value;
    EXPECT_THAT(found[0].what, HasSubstr(name + "='" + value + "' "));
    EXPECT_THAT(found[0].mend, HasSubstr("take `ENV " + name + "` out of the image"));
  }
  EXPECT_THAT(judged({{"PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True,roundup_power2_divisions:[256:1,>:4]"},
                      {"OMP_NUM_THREADS", "8,2"},
                      {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"},
                      {"NVIDIA_DRIVER_CAPABILITIES", "compute,utility"},
                      {"NVIDIA_VISIBLE_DEVICES", "void"}}),
              IsEmpty())
      << "void is what the engine itself writes where it hands GPUs over by CDI";
}

TEST(EnvironmentRules, AnInterfaceThatIsNotThereIsToldWithThoseThatAre) {
  const std::vector<std::string> there = {"eth0", "lo"};
  const auto found = judged({{"NCCL_SOCKET_IFNAME", "ib0"}}, there);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].severe);
  EXPECT_THAT(found[0].what, AllOf(HasSubstr("ib0"), HasSubstr("eth0, lo")));
  EXPECT_THAT(judged({{"NCCL_SOCKET_IFNAME", "eth"}}, there), IsEmpty()) << "a prefix";
  EXPECT_THAT(judged({{"NCCL_SOCKET_IFNAME", "^docker"}}, there), IsEmpty()) << "all but";
  EXPECT_EQ(judged({{"NCCL_SOCKET_IFNAME", "=eth"}}, there).size(), 1U) << "exactly";
  EXPECT_THAT(judged({{"NCCL_SOCKET_IFNAME", "ib0"}}), IsEmpty()) << "interfaces that are not the run's";
}

TEST(EnvironmentRules, APythonpathWithATorchOfItsOwnIsTold) {
  EXPECT_EQ(judged({{"PYTHONPATH", "/a:/b"}}, {}, "/b/torch/version.py").size(), 1U);
  EXPECT_THAT(judged({{"PYTHONPATH", "/a:/b"}}), IsEmpty());
}

TEST(EnvironmentRules, ATopologyFileThatIsNotThereIsTold) {
  EXPECT_EQ(judged({{"NCCL_TOPO_FILE", "/none.xml"}}).size(), 1U);
  EXPECT_THAT(judged({{"NCCL_TOPO_FILE", "/some.xml"}}, {}, "/some.xml"), IsEmpty());
}

}  // namespace
}  // namespace envforge::validator::container
