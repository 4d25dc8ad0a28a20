// What a build's machine code and the GPUs of the pools make of an answer, on the built-in data.
#include <gmock/gmock.h>

#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/resolve.hpp>

#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SpecBuilder;

std::string answer_of(const SpecBuilder& spec) {
  return explain(resolve(spec.spec(), compat::embedded()));
}

// CUDA 11.8 makes no sm_120 and CUDA 12.6 no sm_100; their lists, which nobody verified, have no PTX.
TEST(GpuCode, OfAToolkitThatIsTooEarlyIsNoMatterOfDoubt) {
  for (const auto& spec : {SpecBuilder().torch("2.7.1").cuda("11.8").pool({"RTX 5090"}, "580.65.06"),
                           SpecBuilder().torch("2.6").cuda("12.6").pool({"RTX 5090"}, "570.86.16"),
                           SpecBuilder().torch("2.8").cuda("12.6").pool({"RTX 5090"})}) {
    const Outcome outcome = resolve(spec.spec(), compat::embedded());
    ASSERT_TRUE(std::holds_alternative<Conflict>(outcome)) << answer_of(spec);
    EXPECT_THAT(answer_of(spec), HasSubstr("No version set satisfies the recipe."));
    EXPECT_THAT(answer_of(spec), Not(HasSubstr("What may work")));
    EXPECT_THAT(answer_of(spec), Not(HasSubstr("cu126` takes it")));
    EXPECT_THAT(answer_of(spec), Not(HasSubstr("cu118` takes it")));
  }
  // Of one that could have both, the list is in doubt for V100 alone.
  EXPECT_THAT(answer_of(SpecBuilder().torch("2.7").pool({"B200"}, "570.86.15").pool({"V100"}, "535.183.06")),
              AllOf(HasSubstr("No version set is known to satisfy the recipe."),
                    HasSubstr("sm_100, which CUDA 12.8 is the first\n      to make"),
                    HasSubstr("note: torch 2.7.0 cu128 may fit")));
  // sm_120 of CUDA 12.8 serves GB10, though sm_121 is of 12.9.
  EXPECT_THAT(answer_of(SpecBuilder().torch("2.10").cuda("12.8").platforms({"linux/arm64"}).pool({"GB10"})),
              HasSubstr("GPU code      sm_120 (not verified) for sm_121"));
}

TEST(GpuCode, OfANewerGpuIsNotKnownToRunOnADriverThatReportsAnOlderCuda) {
  const auto ampere = [](const char* driver) {
    return SpecBuilder().torch("2.6").cuda("11.8").pool({"RTX 3090"}, driver);
  };
  EXPECT_THAT(answer_of(ampere("450.80.02")),
              HasSubstr("R450 reports CUDA 11.0, and compute capability 8.6 begins with CUDA\n11.1"));
  EXPECT_THAT(answer_of(ampere("470.82.01")), Not(HasSubstr("reports CUDA")));
}

TEST(GpuCode, IsNeverStatedWhereItIsNotKnown) {
  EXPECT_THAT(answer_of(SpecBuilder().torch("2.13").cuda("cu129").pool({"H100", "A10"})),
              HasSubstr("GPU code      not known for sm_86, not known for sm_90"));
  EXPECT_THAT(answer_of(SpecBuilder().torch("2.15").pool({"H100", "RTX 4090"})),
              HasSubstr("GPU code      sm_86 for sm_89, sm_90"));
}

TEST(GpuCode, OfJetsonBeforeThorIsInNoWheel) {
  const auto spec = SpecBuilder().platforms({"linux/arm64"}).pool({"Jetson AGX Orin"}, "540.4.0");
  EXPECT_THAT(answer_of(spec), HasSubstr("that the data lists has code for it"));
  EXPECT_THAT(answer_of(spec), HasSubstr("wheels that NVIDIA publishes for JetPack"));
  EXPECT_THAT(answer_of(spec), Not(HasSubstr("may fit")));
  EXPECT_THAT(answer_of(spec), Not(HasSubstr("What may work")));
  EXPECT_THAT(answer_of(SpecBuilder().platforms({"linux/arm64"}).pool({"Jetson T5000"})),
              HasSubstr("GPU code      sm_110"));
}

}  // namespace
}  // namespace envforge::resolve
