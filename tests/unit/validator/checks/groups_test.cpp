// Every check of the core groups passes on libraries that compute rightly, and finds the ones that do not.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/process/process.hpp>
#include <envforge/protocol/check_ids.hpp>
#include <envforge/protocol/request.hpp>
#include <envforge/protocol/sealed_report.hpp>

namespace envforge::validator {
namespace {

using protocol::CheckResult;
using protocol::Report;
using protocol::Verdict;

const std::string kKey(64, 'k');

Report run(const std::vector<std::string>& checks, const std::string& fault = "", int gpus = 1) {
  protocol::DriverRequest request;
  request.key = kKey;
  request.group.checks = checks;
  request.groups_dir = ENVFORGE_GROUPS;
  request.group_deadline_seconds = fault.rfind("hang", 0) == 0 ? 5 : 300;
  process::PosixProcessRunner runner;
  process::Command command;
  command.argv = {ENVFORGE_DRIVER};
  // No Python and no site-packages of this machine: the stubs are the system's libraries.
  command.environment = {{"LD_LIBRARY_PATH", ENVFORGE_STUBS},
                         {"PATH", "/nowhere"},
                         {"ENVFORGE_STUB_FAULT", fault},
                         {"ENVFORGE_STUB_GPUS", std::to_string(gpus)}};
  command.standard_input = protocol::to_json(request).dump();
  command.deadline = std::chrono::minutes(10);
  const auto outcome = runner.run(command);
  const auto sealed = protocol::find_sealed(outcome.out);
  if (sealed.size() != 1) {
    ADD_FAILURE() << "no report: " << process::describe(outcome) << "\n" << outcome.err;
    return {};
  }
  return protocol::open_sealed(sealed[0], kKey, "stdout");
}

std::vector<CheckResult> results(const Report& report, const std::string& id) {
  std::vector<CheckResult> out;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) {
      if (check.id == id) out.push_back(check);
    }
  }
  return out;
}

// A check must end so under the named fault.
void expect(const std::string& id, const std::string& fault, Verdict verdict, const std::string& reason_part) {
  const auto found = results(run({id}, fault), id);
  ASSERT_EQ(found.size(), 1U) << id;
  EXPECT_EQ(to_string(found[0].verdict), to_string(verdict)) << id << " under " << fault << ": " << found[0].reason;
  EXPECT_NE(found[0].reason.find(reason_part), std::string::npos) << found[0].reason;
  if (verdict == Verdict::kFail) {
    EXPECT_NE(found[0].layer, protocol::Layer::kNone);
  }
}

// Passed, with its control found and its output shown to the driver.
void expect_proven(const Report& report, const std::string& id) {
  const auto found = results(report, id);
  ASSERT_EQ(found.size(), 1U) << id;
  EXPECT_EQ(to_string(found[0].verdict), "pass") << id << ": " << found[0].reason;
  ASSERT_TRUE(found[0].control.has_value()) << id;
  EXPECT_TRUE(found[0].control->detected) << id;
  EXPECT_GT(found[0].recomputed, 0U) << id << " was not looked at by the driver";
}

TEST(CoreGroups, ListTheChecksThatTheirPathsName) {
  process::PosixProcessRunner runner;
  std::set<std::string> listed;
  for (const char* group :
       {"container", "nvml", "cuda", "peer", "cublas", "cufft", "cudnn", "nccl", "audit", "python"}) {
    process::Command command;
    command.argv = {std::string(ENVFORGE_GROUPS) + "/envforge-group-" + group, "--list"};
    const auto outcome = runner.run(command);
    ASSERT_TRUE(outcome.ok()) << process::describe(outcome) << outcome.err;
    std::string line;
    for (const char c : outcome.out) {
      if (c == '\n') {
        listed.insert(line);
        line.clear();
      } else {
        line += c;
      }
    }
  }
  std::set<std::string> known;
  for (const auto& id : protocol::known_checks()) {
    if (protocol::group_of(id) != "torch") known.insert(id);
  }
  EXPECT_EQ(listed, known);
}

TEST(CoreGroups, PassOnLibrariesThatComputeRightly) {
  const Report report = run({"cuda.copy", "cuda.device", "cuda.memory", "cublas.gemm-exact", "cublas.gemm-normal",
                             "cudnn.conv-exact", "cudnn.conv-normal", "cudnn.conv-forward", "cudnn.conv-data-gradient",
                             "cudnn.conv-weight-gradient", "cudnn.data-gradient-normal", "cudnn.weight-gradient-normal",
                             "cudnn.batch-norm", "cudnn.pooling", "cudnn.activation", "nccl.single-rank"});
  std::map<std::string, CheckResult> by_id;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) by_id[check.id] = check;
  }
  for (const auto& [id, check] : by_id) {
    EXPECT_EQ(to_string(check.verdict), "pass") << id << ": " << check.reason;
    if (id == "cuda.device" || id == "container.gpus") continue;
    ASSERT_TRUE(check.control.has_value()) << id;
    EXPECT_TRUE(check.control->detected) << id;
    EXPECT_GT(check.recomputed, 0U) << id << " was not looked at by the driver";
  }
  EXPECT_EQ(report.machine.gpus.size(), 1U);
  EXPECT_EQ(report.machine.driver, "580.159.04");
  EXPECT_EQ(report.machine.gpus.at(0).compute_capability, "9.0");
}

TEST(CoreGroups, PassOnACublasThatComputesRightly) {
  const std::vector<std::string> ids = {"cublas.gemm-tf32",    "cublas.gemm-int8",    "cublas.gemm-fp8",
                                        "cublas.gemm-layouts", "cublas.gemm-batched", "cublas.workspace",
                                        "cublas.threads"};
  const Report report = run(ids);
  for (const auto& id : ids) expect_proven(report, id);
}

TEST(CoreGroups, PassOnACudaThatWorksRightly) {
  const std::vector<std::string> ids = {"cuda.bandwidth", "cuda.streams", "cuda.graph", "cuda.unified", "cuda.nvrtc"};
  auto asked = ids;
  asked.insert(asked.end(), {"cuda.pcie-link", "peer.copy"});
  const Report report = run(asked);
  for (const auto& id : ids) expect_proven(report, id);
  EXPECT_EQ(to_string(results(report, "cuda.pcie-link").at(0).verdict), "pass");
  EXPECT_EQ(results(report, "peer.copy").at(0).reason, "one GPU: a copy between two needs two");
}

TEST(CoreGroups, CopyBetweenTheGpusInEveryDirection) {
  const Report report = run({"peer.copy"}, "", 2);
  expect_proven(report, "peer.copy");
  EXPECT_EQ(results(report, "peer.copy").at(0).measurements.size(), 2U);
  const auto wrong = results(run({"peer.copy"}, "peer", 2), "peer.copy");
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_EQ(to_string(wrong[0].verdict), "fail") << wrong[0].reason;
  EXPECT_EQ(wrong[0].reason.rfind("GPU 0 to 1: 1 of ", 0), 0U) << wrong[0].reason;
}

TEST(CoreGroups, FindWhatStreamsGraphsAndCompilersDoWrong) {
  expect("cuda.streams", "stream-order", Verdict::kFail, "wrong");
  expect("cuda.graph", "graph-eager", Verdict::kFail, "ran while it was captured");
  expect("cuda.graph", "graph-drop", Verdict::kFail, "wrong");
  expect("cuda.nvrtc", "nvrtc-salt", Verdict::kFail, "wrong");
  expect("cuda.nvrtc", "nvrtc-lenient", Verdict::kFail, "did not refuse");
  expect("cuda.bandwidth", "copy-out", Verdict::kFail, "1 of ");
  expect("cuda.bandwidth", "copy", Verdict::kFail, "1 of ");
  expect("cuda.pcie-link", "pcie-width", Verdict::kDegraded, "runs as PCIe 1.0 x1 under load");
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
  expect("cufft.exact", "fft-plan", Verdict::kFail, "cufftResult 5");
}

TEST(CoreGroups, WatchTheGpusBesideTheOthers) {
  const std::vector<std::string> ids = {"nvml.memory-errors", "nvml.settings", "nvml.sharing", "nvml.watch"};
  auto asked = ids;
  asked.push_back("cuda.memory");
  const Report report = run(asked);
  for (const auto& id : ids) {
    ASSERT_EQ(results(report, id).size(), 1U) << id;
    EXPECT_EQ(to_string(results(report, id)[0].verdict), "pass") << id << ": " << results(report, id)[0].reason;
  }
  EXPECT_EQ(results(report, "nvml.watch")[0].summary, "at most 45 C and 612 W; no Xid");
}

TEST(CoreGroups, TellWhatNvmlKnowsOfAGpu) {
  expect("nvml.memory-errors", "ecc", Verdict::kFail, "3 memory errors that could not be corrected");
  expect("nvml.memory-errors", "remap-failed", Verdict::kFail, "could not be remapped");
  expect("nvml.memory-errors", "remap-pending", Verdict::kFail, "waits to be taken out of use");
  expect("nvml.settings", "exclusive", Verdict::kFail, "compute mode is not DEFAULT");
  expect("nvml.sharing", "busy", Verdict::kSkipped, "load of 97 %");
  expect("nvml.watch", "xid-79", Verdict::kFail, "Xid 79 during the run: the GPU has fallen off the bus");
  expect("nvml.watch", "hot", Verdict::kDegraded, "slowdown by hardware, heat, by hardware, at up to 91 C");
}

TEST(CoreGroups, SayWhichLibraryTheyUsed) {
  const Report report = run({"cuda.device"});
  std::map<std::string, protocol::LoadedLibrary> libraries;
  for (const auto& group : report.groups) {
    for (const auto& library : group.libraries) libraries[library.soname] = library;
  }
  ASSERT_EQ(libraries.count("libnvrtc.so.13"), 1U);
  EXPECT_EQ(libraries["libnvrtc.so.13"].version, "13.0");
  EXPECT_EQ(libraries["libnvrtc.so.13"].owner, "none");
  EXPECT_EQ(libraries["libnvrtc.so.13"].rule, "LD_LIBRARY_PATH");
}

const std::vector<std::string> kCollectives = {"nccl.all-reduce", "nccl.all-gather",      "nccl.reduce-scatter",
                                               "nccl.broadcast",  "nccl.reduce",          "nccl.send-recv",
                                               "nccl.all-to-all", "nccl.abort",           "nccl.communicators",
                                               "nccl.processes",  "nccl.all-reduce-sizes"};

TEST(CoreGroups, MoveDataBetweenTwoGpusAndRunTheOthersOnEach) {
  std::vector<std::string> checks = kCollectives;
  checks.push_back("cuda.copy");
  const Report report = run(checks, "", 2);
  const auto copies = results(report, "cuda.copy");
  ASSERT_EQ(copies.size(), 2U);
  EXPECT_NE(copies[0].gpu, copies[1].gpu);
  for (const std::string& id : kCollectives) {
    const auto found = results(report, id);
    ASSERT_EQ(found.size(), 1U) << id;
    EXPECT_EQ(to_string(found[0].verdict), "pass") << id << ": " << found[0].reason;
    ASSERT_TRUE(found[0].control.has_value()) << id;
    EXPECT_TRUE(found[0].control->detected) << id;
    EXPECT_GT(found[0].recomputed, 0U) << id;
  }
  const auto reduced = results(report, "nccl.all-reduce");
  EXPECT_NE(reduced[0].summary.find("i8, u8, i32, u32, i64, u64, fp16, bf16, fp32, fp64, fp8 e4m3, fp8 e5m2"),
            std::string::npos)
      << reduced[0].summary;
  ASSERT_EQ(reduced[0].measurements.size(), 1U);
  EXPECT_EQ(reduced[0].measurements[0].context.at("transport"), "P2P/direct pointer (2)");
  EXPECT_EQ(reduced[0].measurements[0].context.at("algorithm"), "RING, SIMPLE, channels 0..23");
  EXPECT_EQ(results(report, "nccl.all-reduce-sizes")[0].measurements.size(), 5U) << "as many as fit the stub";
  EXPECT_EQ(results(report, "nccl.processes")[0].measurements.at(0).context.at("processes"), "2");
}

TEST(CoreGroups, SkipWhatNeedsSeveralGpusWhereThereIsOne) {
  const Report report = run(kCollectives);
  for (const std::string& id : kCollectives) {
    EXPECT_EQ(results(report, id).at(0).reason, "one GPU: a collective over several ranks needs two") << id;
  }
}

void expect_on_two(const std::string& id, const std::string& fault, Verdict verdict, const std::string& reason_part) {
  const auto found = results(run({id}, fault, 2), id);
  ASSERT_EQ(found.size(), 1U) << id;
  EXPECT_EQ(to_string(found[0].verdict), to_string(verdict)) << id << " under " << fault << ": " << found[0].reason;
  EXPECT_NE((found[0].reason + found[0].summary).find(reason_part), std::string::npos)
      << id << ": " << found[0].reason << found[0].summary;
}

TEST(CoreGroups, FindOneWrongElementOfEachCollective) {
  expect_on_two("nccl.all-reduce", "wrong-AllReduce", Verdict::kFail, "AllReduce of 20011 x i8: 2 of 40022 wrong");
  expect_on_two("nccl.all-gather", "wrong-AllGather", Verdict::kFail, "AllGather of 20011 x i8: 2 of");
  expect_on_two("nccl.reduce-scatter", "wrong-ReduceScatter", Verdict::kFail, "ReduceScatter of 20011 x i8");
  expect_on_two("nccl.broadcast", "wrong-Broadcast", Verdict::kFail, "Broadcast of 20011 x i8");
  expect_on_two("nccl.reduce", "wrong-Reduce", Verdict::kFail, "Reduce of 20011 x i8: 1 of 20011 wrong");
  expect_on_two("nccl.send-recv", "wrong-Send", Verdict::kFail, "SendRecv of 20011 x i8");
  expect_on_two("nccl.all-to-all", "wrong-Send", Verdict::kFail, "AllToAll of 20011 x i8");
  expect_on_two("nccl.communicators", "wrong-ReduceScatter", Verdict::kFail, "ReduceScatter of 250007 x i32");
  expect_on_two("nccl.all-reduce-sizes", "wrong-AllReduce", Verdict::kFail, "AllReduce of 1024 x fp32");
}

std::string all_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Processes of nccl.processes that these tests started.
int rank_processes() {
  int count = 0;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
    const bool rank = all_of(entry.path() / "cmdline").find("nccl-rank") != std::string::npos;
    if (rank && all_of(entry.path() / "environ").find(ENVFORGE_STUBS) != std::string::npos) ++count;
  }
  return count;
}

TEST(CoreGroups, TellOfProcessesThatComputeWronglyDieOrHang) {
  expect_on_two("nccl.processes", "wrong-AllReduce", Verdict::kFail, "rank 0: AllReduce of ");
  expect_on_two("nccl.processes", "crash-ncclCommInitRank", Verdict::kFail, "died in: ncclCommInitRank");
  expect_on_two("nccl.processes", "hang-ncclCommInitRank", Verdict::kHung, "rank");
  // The kernel ends them after their parent, in its own time.
  for (int tries = 0; tries < 100 && rank_processes() > 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(rank_processes(), 0) << "they die with the group that started them";
}

TEST(CoreGroups, AbortACollectiveThatOneRankNeverJoins) {
  expect_on_two("nccl.abort", "ignores-missing", Verdict::kError, "ended as if nobody were missing");
  expect_on_two("nccl.abort", "hang-ncclCommAbort", Verdict::kHung, "ncclCommAbort on every rank");
}

TEST(CoreGroups, NoBandwidthWithoutItsTransport) {
  expect_on_two("nccl.all-reduce", "no-log", Verdict::kPass, "no bandwidth, for NCCL 2.28.9 does not say");
  expect_on_two("nccl.all-reduce", "shm-transport", Verdict::kDegraded, "NCCL goes through host memory");
}

TEST(CoreGroups, FindAStuckBitOfTheMemory) {
  expect("cuda.memory", "memory", Verdict::kFail, "1 of ");
}

TEST(CoreGroups, FindAByteThatACopyChanged) {
  expect("cuda.copy", "copy", Verdict::kFail, "1 of ");
}

TEST(CoreGroups, FindOneWrongElementOfAProduct) {
  expect("cublas.gemm-exact", "gemm-element", Verdict::kFail, "fp32: 1 of ");
}

TEST(CoreGroups, FindATileThatWasNeverWritten) {
  expect("cublas.gemm-exact", "gemm-tile", Verdict::kFail, "wrong");
  expect("cublas.gemm-normal", "gemm-tile", Verdict::kFail, "bf16: ");
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
  expect("cublas.gemm-fp8", "fp8-none", Verdict::kFail, "proposes no algorithm");
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
    expect(id, "no-engine", Verdict::kFail, "cuDNN offers no engine for any convolution in fp32");
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

TEST(CoreGroups, FindARankThatWasLeftOut) {
  const auto found = results(run({"nccl.all-reduce"}, "reduce-rank", 2), "nccl.all-reduce");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].verdict, Verdict::kFail);
}

TEST(CoreGroups, NameTheCallThatCrashedOrHung) {
  expect("cublas.gemm-exact", "crash-cublasGemmEx", Verdict::kCrashed,
         "signal 11 (Segmentation fault) in: cublasGemmEx in fp32");
  expect("cudnn.conv-forward", "crash-cudnnBackendExecute", Verdict::kCrashed,
         "cudnnBackendExecute in fp32: N 2, C 32");
  expect("cudnn.conv-exact", "hang-cudnnCreate", Verdict::kHung, "no end after 5 s");
}

TEST(CoreGroups, NameTheLayerOfAnErrorOfTheDriver) {
  const auto found = results(run({"container.gpus"}, "not-ready"), "container.gpus");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].layer, protocol::Layer::kHostDriver);
  EXPECT_EQ(found[0].mend, "systemctl start nvidia-fabricmanager");
}

TEST(CoreGroups, DoNotJudgeSpeedOnAGpuThatOthersUse) {
  const Report busy = run({"cuda.device"}, "busy");
  EXPECT_EQ(busy.machine.gpus.at(0).used_by, std::vector<std::string>{"load of 97 %"});
  EXPECT_NE(busy.not_judged.front().find("other processes use this GPU"), std::string::npos);
}

TEST(CoreGroups, AGpuFarBelowTheModelIsDegraded) {
  expect("cublas.gemm-normal", "slow", Verdict::kDegraded, "by the model, below 50 %");
}

}  // namespace
}  // namespace envforge::validator
