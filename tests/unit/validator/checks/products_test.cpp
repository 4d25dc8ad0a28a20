// cuBLAS, cuDNN and cuFFT that compute rightly pass, and those that do not are found.
#include "stub_run.hpp"

namespace envforge::validator {
namespace {

using protocol::Layer;

TEST(CoreGroups, PassOnACublasThatComputesRightly) {
  const std::vector<std::string> ids = {"cublas.gemm-tf32",    "cublas.gemm-int8",    "cublas.gemm-fp8",
                                        "cublas.gemm-layouts", "cublas.gemm-batched", "cublas.workspace",
                                        "cublas.threads"};
  const Report report = run(ids);
  for (const auto& id : ids) expect_proven(report, id);
}

TEST(CoreGroups, PassOnACufftThatComputesRightly) {
  const std::vector<std::string> ids = {"cufft.exact", "cufft.spectrum", "cufft.round-trip"};
  const Report report = run(ids);
  for (const auto& id : ids) expect_proven(report, id);
}

TEST(CoreGroups, FindATransformThatIsWrong) {
  expect("cufft.exact", "fft-element", Verdict::kFail, "4 complex in fp32, batch of 4096: 4096 of ");
  expect("cufft.spectrum", "fft-half", Verdict::kFail, "wrong");
  expect("cufft.round-trip", "fft-scale", Verdict::kFail, "wrong");
  expect("cufft.exact", "fft-plan", Verdict::kFail, "cufftResult 5", {Layer::kImage, "envforge verify --gpus none"});
}

TEST(CoreGroups, FindOneWrongElementOfAProduct) {
  expect("cublas.gemm-exact", "gemm-element", Verdict::kFail, "fp32: 1 of ");
}

TEST(CoreGroups, FindATileThatWasNeverWritten) {
  expect("cublas.gemm-exact", "gemm-tile", Verdict::kFail, "wrong");
  expect("cublas.gemm-normal", "gemm-tile", Verdict::kFail, "bf16: ");
}

TEST(CoreGroups, AGpuThatAloneMultipliesWronglyIsTheHardware) {
  const std::string second = "GPU-00000000-0000-0000-0000-000000000001";
  const auto found = results(run({"cublas.gemm-exact"}, "gemm-element@" + second, 2), "cublas.gemm-exact");
  ASSERT_EQ(found.size(), 2U);
  const CheckResult& wrong = found[0].gpu == second ? found[0] : found[1];
  EXPECT_EQ(to_string(wrong.verdict), "fail") << wrong.summary;
  EXPECT_EQ(to_string(wrong.layer), "hardware");
  EXPECT_EQ(wrong.evidence, "GPU 1 alone computes wrongly; the same libraries are right on GPU 0 of the same kind");
  EXPECT_NE(wrong.mend.find("-i " + second + " and dcgmi diag -r 3 on the host"), std::string::npos) << wrong.mend;
  for (const auto& each : results(run({"cublas.gemm-exact"}, "gemm-element", 2), "cublas.gemm-exact")) {
    EXPECT_EQ(to_string(each.layer), "image");
    EXPECT_EQ(each.evidence, "wrong on each GPU of its kind: GPUs 0, 1");
    EXPECT_NE(each.mend.find(kTheLibrary.mend), std::string::npos) << each.mend;
  }
}

TEST(CoreGroups, FindAProductOfRoundedInputs) {
  expect("cublas.gemm-normal", "gemm-tf32", Verdict::kFail, "fp32: ");
}

TEST(CoreGroups, FindOperandsThatWereTakenAsTheyLie) {
  expect("cublas.gemm-layouts", "gemm-transpose", Verdict::kFail, "307 x 211 x 263 in fp32, A^T: ");
}

TEST(CoreGroups, FindAMatrixOfABatchMadeFromAnother) {
  expect("cublas.gemm-batched", "batch", Verdict::kFail, "batch of 7: ");
}

TEST(CoreGroups, FindAForgottenScaleOfFp8) {
  expect("cublas.gemm-fp8", "fp8-scale", Verdict::kFail, "wrong");
  expect("cublas.gemm-fp8", "fp8-none", Verdict::kFail, "proposes no algorithm",
         {Layer::kImage, "a newer CUDA in the image"});
}

TEST(CoreGroups, FindAByteBehindTheWorkspace) {
  expect("cublas.workspace", "workspace", Verdict::kFail, "1 of ");
}

TEST(CoreGroups, FindAWrongElementOfIntegersAndOfTf32) {
  // The timed product is looked at in whole rows and columns, which touch every tile and not every element.
  expect("cublas.gemm-int8", "gemm-tile", Verdict::kFail, "wrong");
  expect("cublas.gemm-tf32", "gemm-tf32", Verdict::kFail, "wrong");
  expect("cublas.threads", "gemm-element", Verdict::kFail, "1 of ");
}

TEST(CoreGroups, FindAWrongConvolution) {
  expect("cudnn.conv-exact", "conv-element", Verdict::kFail, "fp32: 4000 of ");
  expect("cudnn.conv-normal", "graph-element", Verdict::kFail, "wrong");
}

TEST(CoreGroups, FindAWrongElementAndAWrongGroupOfAConvolutionAndItsGradients) {
  for (const char* id : {"cudnn.conv-forward", "cudnn.conv-data-gradient", "cudnn.conv-weight-gradient"}) {
    expect(id, "graph-element", Verdict::kFail, "fp32, N 2, C ");
    expect(id, "group-mixed", Verdict::kFail, "4 groups");
    expect(id, "no-engine", Verdict::kFail, "cuDNN offers no engine for any convolution in fp32",
           {Layer::kImage, "all libcudnn_*.so must be of one release"});
  }
  expect("cudnn.data-gradient-normal", "graph-element", Verdict::kFail, "wrong");
  expect("cudnn.weight-gradient-normal", "graph-element", Verdict::kFail, "wrong");
}

TEST(CoreGroups, FindWrongLayers) {
  expect("cudnn.pooling", "pool-border", Verdict::kFail, "average pooling in fp32");
  expect("cudnn.batch-norm", "batch-variance", Verdict::kFail, "training in fp32");
  expect("cudnn.batch-norm", "keeps-variance", Verdict::kFail, "inference in fp32");
  expect("cudnn.activation", "activation", Verdict::kFail, "tanh in fp32");
}

TEST(CoreGroups, AGpuFarBelowTheModelIsDegraded) {
  expect("cublas.gemm-normal", "slow", Verdict::kDegraded, "by the model, below 50 %",
         {Layer::kHardware, "nvidia-smi -q -d PERFORMANCE"});
}

TEST(CoreGroups, ASlowGpuThatOthersUseIsNotJudged) {
  const Report report = run({"cublas.gemm-normal"}, "busy,slow");
  const auto found = results(report, "cublas.gemm-normal");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(to_string(found[0].verdict), "pass") << "as slow as in AGpuFarBelowTheModelIsDegraded: " << found[0].reason;
  ASSERT_FALSE(found[0].measurements.empty());
  for (const char* type : {"bf16", "fp16", "fp32", "fp64"}) {
    const auto rate = measurement_of(found[0], std::string("throughput ") + type);
    EXPECT_EQ(rate.context.at("judged"), "no: other processes use this GPU") << type;
  }
  EXPECT_NE(report.not_judged.front().find("other processes use this GPU"), std::string::npos);
}

protocol::Measurement bf16_of(const std::string& name, const std::string& fault) {
  const auto found = results(run({"cublas.gemm-normal"}, fault), "cublas.gemm-normal");
  EXPECT_EQ(found.size(), 1U);
  if (found.empty()) return {};
  EXPECT_EQ(to_string(found[0].verdict), "pass") << found[0].reason;
  return measurement_of(found[0], name);
}

TEST(CoreGroups, AGpuWhoseCyclesNobodyCountedIsJudgedByNothing) {
  const auto rate = bf16_of("throughput bf16", "counters");
  EXPECT_EQ(rate.context.count("SM clock"), 0U);
  EXPECT_EQ(rate.context.at("judged"), "no: the model has no row for this GPU, or its clock under load is not known");
}

TEST(CoreGroups, WhatHeldTheClockDownCountsOnlyIfTheGpuStillWorkedWhenNvmlAnswered) {
  EXPECT_EQ(bf16_of("throughput bf16", "power-cap").context.at("throttling"), "power cap");
  EXPECT_EQ(bf16_of("throughput bf16", "gpu-ahead").context.count("throttling"), 0U);
}

TEST(CoreGroups, TellHowNearAProductCameToItsBound) {
  const double share = bf16_of("largest error bf16", "").value;
  EXPECT_GT(share, 0.1) << "half a unit in the last place is nearly all of the bound";
  EXPECT_LT(share, 1);
}

}  // namespace
}  // namespace envforge::validator
