#include <envforge/compat/gpu_names.hpp>

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envforge::compat {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

std::string cc_of(const std::string& name) {
  const auto found = find_gpu(embedded(), name);
  if (const auto* match = std::get_if<GpuMatch>(&found)) return match->cc;
  return std::holds_alternative<GpuUnknown>(found) ? "unknown" : "ambiguous";
}

TEST(GpuNames, KnowsHowPeopleCallThem) {
  const std::map<std::string, std::string> expected = {
      {"A100", "8.0"},          {"a100", "8.0"},        {"H100", "9.0"},         {"h200", "9.0"},
      {"B200", "10.0"},         {"B300", "10.3"},       {"GB300", "10.3"},       {"V100", "7.0"},
      {"P100", "6.0"},          {"T4", "7.5"},          {"L4", "8.9"},           {"L40S", "8.9"},
      {"A10", "8.6"},           {"A10G", "8.6"},        {"A40", "8.6"},          {"RTX 5090", "12.0"},
      {"rtx5090", "12.0"},      {"RTX 4090", "8.9"},    {"GTX 1080 Ti", "6.1"},  {"RTX 4070Ti", "8.9"},
      {"RTX 3060", "8.6"},      {"GH200", "9.0"},       {"GB10", "12.1"},        {"RTX A6000", "8.6"},
      {"RTX PRO 6000", "12.0"}, {"Jetson Orin", "8.7"}, {"RTX 6000 Ada", "8.9"}, {"A100 80GB", "8.0"}};
  for (const auto& [name, cc] : expected) EXPECT_EQ(cc_of(name), cc) << name;
}

TEST(GpuNames, KnowsWhatNvidiaSmiPrints) {
  const std::map<std::string, std::string> expected = {{"Tesla V100-SXM2-32GB", "7.0"},
                                                       {"Tesla V100-PCIE-16GB", "7.0"},
                                                       {"Tesla V100S-PCIE-32GB", "7.0"},
                                                       {"NVIDIA T1000", "7.5"},
                                                       {"NVIDIA T1000 8GB", "7.5"},
                                                       {"Tesla P100-PCIE-16GB", "6.0"},
                                                       {"Tesla T4", "7.5"},
                                                       {"Tesla K80", "3.7"},
                                                       {"NVIDIA A100-SXM4-80GB", "8.0"},
                                                       {"NVIDIA A100-SXM-64GB", "8.0"},
                                                       {"NVIDIA A100-SXM4-40GB MIG 1g.5gb", "8.0"},
                                                       {"NVIDIA H100 80GB HBM3", "9.0"},
                                                       {"NVIDIA H200", "9.0"},
                                                       {"NVIDIA GH200 480GB", "9.0"},
                                                       {"NVIDIA B300 SXM6 AC", "10.3"},
                                                       {"GeForce RTX 4090 Laptop GPU", "8.9"},
                                                       {"NVIDIA GeForce RTX 5090", "12.0"},
                                                       {"NVIDIA TITAN V", "7.0"},
                                                       {"NVIDIA TITAN Xp", "6.1"},
                                                       {"Quadro RTX 6000", "7.5"},
                                                       {"NVIDIA RTX 6000 Ada Generation", "8.9"},
                                                       {"NVIDIA RTX PRO 6000 Blackwell Server Edition", "12.0"}};
  for (const auto& [name, cc] : expected) EXPECT_EQ(cc_of(name), cc) << name;
}

TEST(GpuNames, TakesEveryNameOfTheDataForItsOwnRow) {
  const Knowledge knowledge = embedded();
  for (const Gpu& gpu : knowledge.tables().gpus) {
    EXPECT_EQ(cc_of(std::string(gpu.name)), gpu.cc) << gpu.name;
    for (const auto name : gpu.driver_names) EXPECT_EQ(cc_of(std::string(name)), gpu.cc) << name;
  }
}

TEST(GpuNames, TakesComputeCapabilitiesAndArchitecturesOfOneKind) {
  for (const char* name : {"sm_90", "SM90", "9.0", "Hopper"}) EXPECT_EQ(cc_of(name), "9.0") << name;
  EXPECT_EQ(cc_of("12.1"), "12.1");
  EXPECT_EQ(cc_of("Ampere"), "ambiguous");
  for (const char* name : {"sm_99", "9.9", "sm_", "sm_90a"}) EXPECT_EQ(cc_of(name), "unknown") << name;
}

TEST(GpuNames, RefusesANameOfTwoComputeCapabilitiesWithTheList) {
  const auto found = find_gpu(embedded(), "RTX 6000");
  ASSERT_TRUE(std::holds_alternative<GpuAmbiguous>(found));
  EXPECT_THAT(std::get<GpuAmbiguous>(found).meanings,
              ElementsAre("RTX 6000 Ada Generation (8.9)", "Quadro RTX 6000 (7.5)"));
}

TEST(GpuNames, SaysWhenAComputeCapabilityIsTakenFromASibling) {
  const auto laptop = find_gpu(embedded(), "NVIDIA GeForce RTX 5090 Laptop GPU");
  ASSERT_TRUE(std::holds_alternative<GpuMatch>(laptop));
  EXPECT_EQ(std::get<GpuMatch>(laptop).cc, "12.0");
  EXPECT_TRUE(std::get<GpuMatch>(laptop).inferred);
  EXPECT_FALSE(std::get<GpuMatch>(find_gpu(embedded(), "RTX 5090")).inferred);
}

TEST(GpuNames, TellsWhoseGpuItIsThatIsNotNvidias) {
  const auto maker = [](const std::string& name) {
    const auto found = find_gpu(embedded(), name);
    const auto* unknown = std::get_if<GpuUnknown>(&found);
    if (unknown == nullptr) return std::string("known");
    EXPECT_TRUE(unknown->maker.empty() || unknown->suggestions.empty()) << name;
    return unknown->maker;
  };
  for (const char* name : {"MI300X", "AMD Instinct MI250", "Radeon RX 7900 XTX", "RX7900", "gfx942", "rx 6800"})
    EXPECT_EQ(maker(name), "AMD") << name;
  for (const char* name : {"Intel Arc A770", "Gaudi 3", "gaudi2", "Intel Data Center GPU Max 1550"})
    EXPECT_EQ(maker(name), "Intel") << name;
  EXPECT_EQ(maker("Apple M2 Max"), "Apple");
  for (const char* name : {"H201", "RTX 509O", "M1000000", "what"}) EXPECT_EQ(maker(name), "") << name;
}

TEST(GpuNames, SuggestsTheNearestNames) {
  const auto suggestions = [](const std::string& name) {
    const auto found = find_gpu(embedded(), name);
    EXPECT_TRUE(std::holds_alternative<GpuUnknown>(found)) << name;
    return std::holds_alternative<GpuUnknown>(found) ? std::get<GpuUnknown>(found).suggestions
                                                     : std::vector<std::string>{};
  };
  EXPECT_THAT(suggestions("H201"), Contains("H200"));
  EXPECT_THAT(suggestions("DGX Spark"), Contains("GB10"));
  EXPECT_THAT(suggestions("NVIDIA Jetson AGX Thor"), Contains("Jetson T5000"));
  EXPECT_THAT(suggestions("H1000"), Contains("H100"));
  EXPECT_THAT(suggestions("5090"), Contains("RTX 5090"));
  for (const char* typed : {"RTX 509O", "RTX 509", "GeForce RTX 509O", "NVIDIA GeForce RTX 5O90"})
    EXPECT_THAT(suggestions(typed), Contains("RTX 5090")) << typed;
  for (const auto& name : suggestions("RTX 50")) EXPECT_EQ(name.substr(0, 6), "RTX 50");
  EXPECT_EQ(suggestions("RTX 50").size(), 3U);
  EXPECT_THAT(suggestions("Radeon MI300X"), ::testing::IsEmpty());
  EXPECT_THAT(suggestions("NVIDIA"), ::testing::IsEmpty());
  EXPECT_THAT(suggestions(""), ::testing::IsEmpty());
  EXPECT_EQ(cc_of("RTX 50900"), "unknown");
  EXPECT_EQ(cc_of("A1"), "unknown");
}

}  // namespace
}  // namespace envforge::compat
