// Collectives over two GPUs of the stubs, in one process and in several.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "stub_run.hpp"

namespace envforge::validator {
namespace {

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

void expect_on_two(const std::string& id, const std::string& fault, Verdict verdict, const std::string& reason_part,
                   const Named& named = kTheLibrary) {
  expect(id, fault, verdict, reason_part, named, 2);
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
  std::ostringstream out;  // an inserter minds no process that ends meanwhile
  out << in.rdbuf();
  return out.str();
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
  expect_on_two("nccl.processes", "crash-ncclCommInitRank", Verdict::kFail, "died in: ncclCommInitRank",
                {protocol::Layer::kImage, "another release of NCCL"});
  expect_on_two("nccl.processes", "no-shared-memory", Verdict::kFail, "died in: ncclCommInitRank",
                {protocol::Layer::kContainerFlags, "docker run --ipc=host"});
  expect_on_two("nccl.processes", "hang-ncclCommInitRank", Verdict::kHung, "rank");
  // The kernel ends them after their parent, in its own time.
  for (int tries = 0; tries < 100 && rank_processes() > 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(rank_processes(), 0) << "they die with the group that started them";
}

TEST(CoreGroups, AWrongRankIsNotHiddenByOneThatIsDegraded) {
  expect_on_two("nccl.processes", "shm-transport", Verdict::kDegraded, "rank 0: NCCL goes through host memory",
                {protocol::Layer::kImage, "/etc/nccl.conf"});
  expect_on_two("nccl.processes", "shm-transport,wrong-rank1", Verdict::kFail, "rank 1: AllReduce of ");
}

TEST(CoreGroups, TellPeerToPeerAccessThatDoesNotWorkOfAWrongLibrary) {
  const Named kHost{protocol::Layer::kHostDriver, "PCIe ACS and the IOMMU off on the host"};
  expect_on_two("nccl.processes", "wrong-peers", Verdict::kFail,
                "the largest difference 1.000000; right with NCCL_P2P_DISABLE=1", kHost);
  expect_on_two("nccl.processes", "dead-peers", Verdict::kFail,
                "died in: ncclCommInitRank; right with NCCL_P2P_DISABLE=1", kHost);
  expect_on_two("nccl.processes", "wrong-AllReduce", Verdict::kFail, "; no better with NCCL_P2P_DISABLE=1");
  // Asked for without it, there is nothing to compare with.
  const auto asked =
      results(run({"nccl.processes"}, "wrong-AllReduce", 2, {{"NCCL_P2P_DISABLE", "1"}}), "nccl.processes");
  EXPECT_EQ(asked.at(0).reason.find("NCCL_P2P_DISABLE"), std::string::npos) << asked.at(0).reason;
}

TEST(CoreGroups, BeginWithTheCollectiveThatSurvivesWhatHangsTheOthers) {
  const Report report = run({"nccl.all-reduce", "nccl.processes"}, "", 2);
  for (const auto& group : report.groups) {
    EXPECT_TRUE(group.group != "nccl" || group.checks.at(0).id == "nccl.processes");
  }
}

TEST(CoreGroups, TellPeerToPeerAccessThatHangsOfALibraryThatDoes) {
  if (std::getenv("ENVFORGE_LONG_TESTS") == nullptr) GTEST_SKIP() << "waits a minute; ENVFORGE_LONG_TESTS=1 runs it";
  expect_on_two("nccl.processes", "stuck-peers", Verdict::kFail,
                "rank 1: ncclCommInitRank; right with NCCL_P2P_DISABLE=1",
                {protocol::Layer::kHostDriver, "PCIe ACS and the IOMMU off on the host"});
}

TEST(CoreGroups, AWrongCollectiveIsOfTheHostWhereOneOverProcessesIsRightWithoutPeers) {
  const auto reduced = results(run({"nccl.all-reduce", "nccl.processes"}, "wrong-peers", 2), "nccl.all-reduce").at(0);
  expect_found(reduced, "wrong-peers", Verdict::kFail, "AllReduce of 20011 x i8",
               {protocol::Layer::kHostDriver, "PCIe ACS and the IOMMU off on the host"});
  EXPECT_NE(reduced.evidence.find("right with NCCL_P2P_DISABLE=1"), std::string::npos) << reduced.evidence;
}

TEST(CoreGroups, AbortACollectiveThatOneRankNeverJoins) {
  expect_on_two("nccl.abort", "ignores-missing", Verdict::kError, "ended as if nobody were missing");
  expect_on_two("nccl.abort", "hang-ncclCommAbort", Verdict::kHung, "ncclCommAbort on every rank");
}

TEST(CoreGroups, WithoutNvlinkThePcieLinkIsABoundAndJudgesNothing) {
  const auto found = results(run({"nccl.all-reduce"}, "", 2), "nccl.all-reduce");
  ASSERT_EQ(found.size(), 1U);
  const auto& bandwidth = found[0].measurements.at(0);
  EXPECT_EQ(bandwidth.expected, 0.5) << "2.5 GT/s x 2 lanes x 8/10 / 8";
  EXPECT_EQ(bandwidth.derivation, "the slowest GPU's PCIe 1.0 x2, one direction: a bound, by which nothing is judged");
  EXPECT_EQ(to_string(found[0].verdict), "pass") << found[0].reason;
}

TEST(CoreGroups, NoBandwidthWithoutItsTransport) {
  expect_on_two("nccl.all-reduce", "no-log", Verdict::kPass, "no bandwidth, for NCCL 2.28.9 does not say");
}

TEST(CoreGroups, TellWhoKeepsNcclFromTheLinksBetweenTheGpus) {
  expect_on_two("nccl.all-reduce", "shm-transport", Verdict::kDegraded,
                "NVLinks of the GPU are active: SHM/direct/direct (2); no variable asks for it",
                {protocol::Layer::kImage, "/etc/nccl.conf"});
  expect_on_two("nccl.all-reduce", "shm-transport,no-peer", Verdict::kDegraded, "the driver lets GPU 0 not reach GPU 1",
                {protocol::Layer::kHostDriver, "nvidia-fabricmanager"});
  protocol::GroupRequest group;
  group.checks = {"nccl.all-reduce"};
  group.flags_are_the_runs = true;
  const auto set = results(run(group, "shm-transport", 2, {{"NCCL_P2P_DISABLE", "1"}}), "nccl.all-reduce");
  expect_found(set.at(0), "NCCL_P2P_DISABLE=1", Verdict::kDegraded, "NCCL_P2P_DISABLE='1' is set",
               {protocol::Layer::kContainerFlags, "leave `-e NCCL_P2P_DISABLE` out of docker run"});
  const auto bridged = results(run({"nccl.all-reduce"}, "shm-transport,bridged", 2), "nccl.all-reduce").at(0);
  EXPECT_EQ(to_string(bridged.verdict), "pass") << "its links lead to a third GPU: " << bridged.reason;
}

TEST(CoreGroups, GpusThatLinksJoinAndTheDriverKeepsApartAreTheHosts) {
  expect_on_two("peer.copy", "shm-transport,no-peer", Verdict::kDegraded,
                "the driver lets neither reach the other although they are joined by NVLinks, of which 18 are active",
                {protocol::Layer::kHostDriver, "nvidia-fabricmanager"});
  const auto apart = results(run({"peer.copy"}, "no-peer", 2), "peer.copy").at(0);
  EXPECT_EQ(to_string(apart.verdict), "pass") << "without NVLinks a board for games may be so: " << apart.reason;
  EXPECT_EQ(apart.measurements.at(0).context.at("judged"),
            "no: the copy goes through the host's memory, of which there is no model");
  const auto bridged = results(run({"peer.copy"}, "shm-transport,no-peer,bridged", 2), "peer.copy").at(0);
  EXPECT_EQ(to_string(bridged.verdict), "pass") << "its links lead to a third GPU: " << bridged.reason;
}

TEST(CoreGroups, FindARankThatWasLeftOut) {
  expect_on_two("nccl.all-reduce", "reduce-rank", Verdict::kFail, "wrong");
}

TEST(CoreGroups, TellAWrongCollectiveOfWrongLinksFromOneOfNccl) {
  const auto reduced = [](const std::string& fault) {
    return results(run({"peer.copy", "nccl.all-reduce"}, fault, 2), "nccl.all-reduce").at(0);
  };
  const auto links = reduced("peer,wrong-AllReduce");
  EXPECT_EQ(to_string(links.layer), "hardware");
  EXPECT_EQ(links.evidence, "copies between the GPUs are wrong too (peer.copy)");
  EXPECT_NE(links.mend.find("nvidia-smi nvlink -e"), std::string::npos) << links.mend;
  const auto nccl = reduced("wrong-AllReduce");
  EXPECT_EQ(to_string(nccl.layer), "image");
  EXPECT_EQ(nccl.evidence, "copies between the same GPUs are right (peer.copy), so it is NCCL that is wrong");
}

}  // namespace
}  // namespace envforge::validator
