// The group python on a stub torch (tests/support/stub_torch) that this machine's own Python imports: what computes
// rightly passes, and each planted fault is told with its verdict, its layer and the line that mends it.
#include <gmock/gmock.h>

#include <envforge/support/text.hpp>

#include "stub_run.hpp"
#include "support/require.hpp"

namespace envforge::validator {
namespace {

using ::testing::HasSubstr;

class PythonGroup : public ::testing::Test {
 protected:
  void SetUp() override {
    process::PosixProcessRunner runner;
    process::Command command;
    command.argv = {"python3", "-c", "import sys; print(sys.prefix)"};
    const auto outcome = runner.run(command);
    if (!outcome.ok()) return testing::cannot_run("python", "no python3 is on PATH");
    // A compiler's name is enough for the stub's torch.compile, and a toolkit's for its torch.utils.cpp_extension.
    const std::string stub = ENVFORGE_SOURCE_DIR "/tests/support/stub_torch";
    without_toolkit_ = {{"PATH", support::trim(outcome.out) + "/bin:" + stub + "/bin"}, {"PYTHONPATH", stub}};
    variables_ = without_toolkit_;
    variables_["PATH"] += ":" + stub + "/devel/bin";
    variables_["CUDA_HOME"] = stub + "/devel";
  }

  CheckResult one(const std::string& id, const std::string& fault) {
    const auto found = results(run({id}, fault, 1, variables_), id);
    EXPECT_EQ(found.size(), 1U) << id;
    return found.empty() ? CheckResult{} : found[0];
  }
  void expect_fault(const std::string& id, const std::string& fault, const std::string& reason) {
    const auto found = one(id, fault);
    EXPECT_EQ(to_string(found.verdict), "fail") << id << " under " << fault << ": " << found.reason;
    EXPECT_THAT(found.reason, HasSubstr(reason));
    EXPECT_EQ(found.layer, protocol::Layer::kImage);
    EXPECT_NE(found.mend, "") << id << " under " << fault;
  }

  std::map<std::string, std::string> variables_, without_toolkit_;
};

TEST_F(PythonGroup, PassesOnATorchThatComputesRightly) {
  const std::vector<std::string> ids = {"python.allocator",   "python.compile",     "python.cuda-extension",
                                        "python.cuda-graph",  "python.data-loader", "python.data-parallel",
                                        "python.grad-scaler", "python.imports",     "python.out-of-memory",
                                        "python.streams",     "python.vision"};
  const Report report = run(ids, "", 1, variables_);
  for (const auto& id : ids) {
    const auto found = results(report, id);
    ASSERT_EQ(found.size(), 1U) << id;
    EXPECT_EQ(to_string(found[0].verdict), "pass") << id << ": " << found[0].reason << " " << found[0].evidence;
    ASSERT_TRUE(found[0].control.has_value()) << id;
    EXPECT_TRUE(found[0].control->detected) << id;
  }
}

TEST_F(PythonGroup, FindsWhatTorchComputesWrongly) {
  expect_fault("python.compile", "compile-element", "1 of 1003 wrong; result 7 is ");
  expect_fault("python.compile", "compile-eager", "ran the function without compiling it");
  expect_fault("python.data-loader", "loader-order", "2 of 64 wrong; item 3 is another");
  expect_fault("python.vision", "nms", "nms on cpu keeps other boxes than it should");
  expect_fault("python.vision", "nms-shifted", "nms on cpu keeps other boxes than it should after one was shifted");
  expect_fault("python.vision", "jpeg", "jpeg: pixel 0 is not 20");
}

TEST_F(PythonGroup, FindsWhatTorchTrainsWrongly) {
  expect_fault("python.data-parallel", "ddp-local", "gradient ");
  expect_fault("python.data-parallel", "ddp-weights", "rank 1 started from other weights than rank 0");
  expect_fault("python.grad-scaler", "scaler-stays", "the number of skipped steps is 0.");
  expect_fault("python.grad-scaler", "scaler-unscale", "weight ");
}

TEST_F(PythonGroup, FindsWhatTorchDoesWronglyOnAGpu) {
  expect_fault("python.cuda-graph", "graph-drop", "the replay of changed inputs: element ");
  expect_fault("python.streams", "stream-order", "65536 elements are as they were before the writer");
  expect_fault("python.allocator", "alloc-leak", "bytes are still allocated at the end");
  expect_fault("python.allocator", "alloc-keeps", "bytes are still reserved at the end");
  expect_fault("python.out-of-memory", "oom-silent", "torch gave a tensor of four times the GPU's memory");
  expect_fault("python.out-of-memory", "oom-broken", "after it a sum is ");
  expect_fault("python.out-of-memory", "oom-untold", "the snapshot does not show the refusal");
}

TEST_F(PythonGroup, FindsAToolkitThatCompilesWrongly) {
  const std::string id = "python.cuda-extension";
  expect_fault(id, "extension-element", "1 of 1003 wrong; result 7 is ");
  expect_fault(id, "extension-launch", "the extension's kernel did not run: cudaError_t 209");
  expect_fault(id, "extension-build", "the image's nvcc makes no code for this GPU");
  EXPECT_THAT(one(id, "extension-build").evidence, HasSubstr("Unsupported gpu architecture 'compute_90'"));
  EXPECT_THAT(one(id, "crash-load").reason, HasSubstr("in: torch.utils.cpp_extension.load"));
  const auto on_cpu = results(run({id}, "", 0, variables_), id).at(0);
  EXPECT_EQ(to_string(on_cpu.verdict), "pass") << on_cpu.reason;
  EXPECT_THAT(on_cpu.summary, HasSubstr("its kernel was not run"));
}

TEST_F(PythonGroup, MissesAToolkitOnlyWhereTheRecipeDeclaresOne) {
  const std::string id = "python.cuda-extension";
  const auto undeclared = results(run({id}, "", 1, without_toolkit_), id).at(0);
  EXPECT_EQ(to_string(undeclared.verdict), "skipped");
  // /usr/local/cuda of this machine may have an nvcc.
  EXPECT_THAT(undeclared.reason, HasSubstr("a C++ compiler, ninja"));
  protocol::GroupRequest group;
  group.checks = {id};
  group.capabilities = {"devel"};
  const auto declared = results(run(group, "", 1, without_toolkit_), id).at(0);
  EXPECT_EQ(to_string(declared.verdict), "fail");
  EXPECT_EQ(declared.layer, protocol::Layer::kImage);
  EXPECT_THAT(declared.mend, HasSubstr("variant: devel"));
}

TEST_F(PythonGroup, NamesTheStepOfAScriptThatCrashedOrHung) {
  const auto crashed = one("python.vision", "crash-nms");
  EXPECT_EQ(to_string(crashed.verdict), "crashed");
  EXPECT_THAT(crashed.reason, HasSubstr("signal 11"));
  EXPECT_THAT(crashed.reason, HasSubstr("in: torchvision.ops.nms on cpu"));
  EXPECT_THAT(crashed.evidence, HasSubstr("in nms")) << "the call that Python was in";
  const auto hung = one("python.compile", "hang-compile");
  EXPECT_EQ(to_string(hung.verdict), "hung");
  EXPECT_THAT(hung.reason, HasSubstr("in: torch.compile"));
  const auto shared = one("python.cuda-graph", "hang-replay");
  EXPECT_EQ(to_string(shared.verdict), "hung");
  EXPECT_THAT(shared.reason, HasSubstr("in: torch.cuda.CUDAGraph.replay"));
  const auto import = one("python.imports", "crash-torchvision");
  EXPECT_EQ(to_string(import.verdict), "crashed");
  EXPECT_THAT(import.reason, HasSubstr("in: import torchvision"));
}

TEST_F(PythonGroup, AFaultInTheSharedInterpreterIsOfOneCheckOnly) {
  for (const char* fault : {"crash-replay", "graph-error"}) {
    const Report report = run({"python.cuda-graph", "python.streams"}, fault, 1, variables_);
    const auto graph = results(report, "python.cuda-graph").at(0);
    EXPECT_EQ(to_string(graph.verdict), std::string(fault) == "graph-error" ? "fail" : "crashed");
    EXPECT_THAT(graph.reason, HasSubstr("in: torch.cuda.CUDAGraph.replay"));
    EXPECT_EQ(to_string(results(report, "python.streams").at(0).verdict), "pass") << "in an interpreter of its own";
  }
}

TEST_F(PythonGroup, NamesTheLayerAndTheLineThatMends) {
  const struct {
    const char *id, *fault;
    protocol::Layer layer;
    const char *reason, *mend;
  } rows[] = {{"python.imports", "other-torch", protocol::Layer::kImage, "operator torchvision::nms does not exist",
               "include: [torchvision]"},
              {"python.vision", "other-torch", protocol::Layer::kImage, "torchvision was built for another torch",
               "include: [torchvision]"},
              {"python.vision", "no-decoder", protocol::Layer::kImage, "torchvision cannot decode images",
               "a torchvision of the same index as torch"},
              {"python.data-loader", "loader-shm", protocol::Layer::kContainerFlags, "/dev/shm is full",
               "docker run --shm-size=1g"}};
  for (const auto& row : rows) {
    const auto found = one(row.id, row.fault);
    EXPECT_EQ(to_string(found.verdict), "fail") << row.fault;
    EXPECT_EQ(found.layer, row.layer) << row.fault;
    EXPECT_THAT(found.reason, HasSubstr(row.reason));
    EXPECT_THAT(found.mend, HasSubstr(row.mend));
  }
}

TEST_F(PythonGroup, SkipsWhatIsAboutTheGpuWhereThereIsNone) {
  const Report report = run({"python.cuda-graph", "python.imports"}, "", 0, variables_);
  EXPECT_EQ(results(report, "python.cuda-graph").at(0).reason, "it is about the GPU, and the run has none");
  EXPECT_EQ(to_string(results(report, "python.imports").at(0).verdict), "pass");
}

}  // namespace
}  // namespace envforge::validator
