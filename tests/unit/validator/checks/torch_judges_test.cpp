// The group torch is compiled against an image's torch; what it judges its outputs by is held here against wrong ones,
// on a stub of ATen: one wrong element, a NaN, another shape, and parts of which one is wrong.
#include <limits>

#include <gtest/gtest.h>

#include "checks/torch/parts.hpp"
#include "checks/torch/tensors.hpp"

namespace envforge::validator::checks::torch {
namespace {

using protocol::Verdict;

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

at::Tensor counting(const std::vector<std::int64_t>& sizes, at::ScalarType type = at::kFloat) {
  at::Tensor out(sizes, type);
  for (std::int64_t i = 0; i < out.numel(); ++i) out.put(i, static_cast<double>(i));
  return out;
}

std::vector<numbers::Truth> truth_of(const at::Tensor& tensor, double bound) {
  std::vector<numbers::Truth> out;
  for (std::int64_t i = 0; i < tensor.numel(); ++i) out.push_back({tensor.at(i), bound});
  return out;
}

// matmul, conv2d, training, deterministic
TEST(TorchJudges, OneWrongElementOfAnOutputIsFound) {
  const at::Tensor output = counting({5, 7});
  const auto truth = truth_of(output, 0.25);
  EXPECT_EQ(compare_all(output, truth).compared, 35U);
  EXPECT_EQ(compare_all(output, truth).wrong, 0U);
  element(output, 17).add_(at::Scalar(0.5));
  const auto wrong = compare_all(output, truth);
  EXPECT_EQ(wrong.wrong, 1U);
  EXPECT_EQ(wrong.first.rfind("element 17 is 17.5", 0), 0U) << wrong.first;
  output.put(17, kNotANumber);
  EXPECT_EQ(compare_all(output, truth).wrong, 1U);
}

TEST(TorchJudges, AnOutputOfAnotherSizeIsWrong) {
  const at::Tensor output = counting({5, 7});
  EXPECT_EQ(compare_all(counting({5, 6}), truth_of(output, 0.25)).wrong, 35U);
  EXPECT_GT(compare_with(counting({7, 5}), output, 0.25).wrong, 0U);
}

// amp, channels_last, gradcheck, save_load
TEST(TorchJudges, OneWrongElementIsFoundWhateverTypeAndLayout) {
  const at::Tensor truth = counting({4, 6}, at::kDouble);
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kLong}) {
    const at::Tensor found = counting({4, 6}, type);
    EXPECT_EQ(compare_with(found, truth, 0.25).wrong, 0U);
    found.put(13, 15);
    EXPECT_EQ(compare_with(found, truth, 0.25).wrong, 1U);
    EXPECT_EQ(compare_with(found, truth, 0.25).first.rfind("element 13 is 15", 0), 0U);
  }
  at::Tensor turned = counting({6, 4}).transposed();
  for (std::int64_t i = 0; i < turned.numel(); ++i) turned.put(i, static_cast<double>(i));
  EXPECT_EQ(compare_with(turned, truth, 0.25).wrong, 0U);
  turned.put(13, kNotANumber);
  EXPECT_EQ(compare_with(turned, truth, 0.25).wrong, 1U);
}

std::vector<Part> parts_of(const std::vector<at::Tensor>& outputs, const std::vector<at::Tensor>& truths) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    parts.push_back(
        part_of("part " + std::to_string(i), outputs[i], 1, [=] { return compare_with(outputs[i], truths[i], 0.25); }));
  }
  return parts;
}

TEST(TorchJudges, EveryPartIsJudgedAndEveryPartsControlMustBeFound) {
  const std::vector<at::Tensor> outputs = {counting({3, 3}), counting({8}, at::kLong)};
  const std::vector<at::Tensor> truths = {counting({3, 3}), counting({8})};
  protocol::CheckResult good;
  judge_parts(good, parts_of(outputs, truths), "one element of each");
  EXPECT_EQ(good.verdict, Verdict::kPass) << good.reason;
  EXPECT_EQ(good.control->found, 2);
  EXPECT_EQ(outputs[0].at(4), 4) << "the fault was undone";

  outputs[1].put(2, 5);
  protocol::CheckResult wrong;
  judge_parts(wrong, parts_of(outputs, truths), "one element of each");
  EXPECT_EQ(wrong.verdict, Verdict::kFail);
  EXPECT_NE(wrong.reason.find("part 1: element 2 is 5"), std::string::npos) << wrong.reason;
  outputs[1].put(2, 2);

  auto blind = parts_of(outputs, truths);
  blind[0].compare = [] { return harness::Comparison{9, 0, 0, ""}; };
  protocol::CheckResult unproven;
  judge_parts(unproven, blind, "one element of each");
  EXPECT_EQ(unproven.verdict, Verdict::kError) << "a part that sees no fault";
  EXPECT_NE(unproven.reason.find("part 0"), std::string::npos) << unproven.reason;
}

}  // namespace
}  // namespace envforge::validator::checks::torch
