// Proves: DistributedDataParallel under torchrun gives all ranks the same, right gradients.
// Control: one gradient of the last rank is changed by one.
// Suite: standard
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cmath>

#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr int kRows = 16;
constexpr int kWide = 24;
constexpr int kOut = 8;

// Integers of the rank, so that every gradient is known: dLoss/dW = T^T X. All ranks read the same input, and its end
// says that the GPUs are theirs.
constexpr const char* kScript = R"py(
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
asked = json.loads(os.environ["ENVFORGE_ASKED"])
sys.stdin.read()
rank, local = int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"])
gpu = asked["backend"] == "nccl"
step("init_process_group of rank %d" % rank)
if gpu:
    torch.cuda.set_device(local)
dist.init_process_group(asked["backend"])
device = torch.device("cuda", local) if gpu else torch.device("cpu")
def made(rows, columns, a, b, c):
    return torch.tensor([[float((rank * a + i * b + j * c + asked["offset"]) % 11 - 5) for j in range(columns)] for i in range(rows)], device=device)
x = made(asked["rows"], asked["wide"], 31, 7, 3)
t = made(asked["rows"], asked["out"], 17, 5, 2)
step("DistributedDataParallel on rank %d" % rank)
torch.manual_seed(rank)
model = DistributedDataParallel(torch.nn.Linear(asked["wide"], asked["out"], bias=False).to(device), device_ids=[local] if gpu else None)
(model(x) * t).sum().backward()
gradient = model.module.weight.grad.double().flatten()
weight = model.module.weight.detach().double().sum()
everyone = [torch.empty_like(gradient) for _ in range(dist.get_world_size())]
dist.all_gather(everyone, gradient)
weights = [torch.empty_like(weight) for _ in everyone]
dist.all_gather(weights, weight)
if rank == 0:
    tell({"gradients": [g.tolist() for g in everyone], "weights": [float(w) for w in weights]})
dist.barrier()
dist.destroy_process_group()
)py";

double made(std::int64_t rank, std::int64_t i, std::int64_t j, std::array<std::int64_t, 3> steps, std::int64_t offset) {
  return static_cast<double>((rank * steps[0] + i * steps[1] + j * steps[2] + offset) % 11 - 5);
}

/// The mean over the ranks of T^T X, out x wide.
std::vector<double> expected_gradient(std::int64_t ranks, std::int64_t offset) {
  std::vector<double> out;
  for (std::int64_t o = 0; o < kOut; ++o) {
    for (std::int64_t w = 0; w < kWide; ++w) {
      double sum = 0;
      for (std::int64_t rank = 0; rank < ranks; ++rank) {
        for (std::int64_t i = 0; i < kRows; ++i) {
          sum += made(rank, i, o, {17, 5, 2}, offset) * made(rank, i, w, {31, 7, 3}, offset);
        }
      }
      out.push_back(sum / static_cast<double>(ranks));
    }
  }
  return out;
}

/// A port of the loopback that nobody listened on a moment ago.
int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool there = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) close(fd);
  if (!there) throw harness::Skip("the container has no loopback interface");
  return ntohs(address.sin_port);
}

class DataParallel : public harness::Check {
  void prepare(harness::Context& context) override {
    const auto& request = context.request();
    const bool nccl = request.gpus.size() >= 2;
    ranks_ = nccl ? request.gpus.size() : 2;
    const json asked = {{"backend", nccl ? "nccl" : "gloo"},
                        {"offset", offset_of(request)},
                        {"rows", kRows},
                        {"wide", kWide},
                        {"out", kOut}};
    auto& session = context.session<Session>();
    std::map<std::string, std::string> settings = {{"ENVFORGE_ASKED", asked.dump()}, {"OMP_NUM_THREADS", "1"}};
    if (!nccl) settings["GLOO_SOCKET_IFNAME"] = "lo";  // a container without network has no other
    const std::vector<std::string> argv = {"-m",
                                           "torch.distributed.run",
                                           "--nnodes=1",
                                           "--nproc-per-node=" + std::to_string(ranks_),
                                           "--master-addr=127.0.0.1",
                                           "--master-port=" + std::to_string(free_port()),
                                           "--no-python",
                                           session.interpreter(),
                                           "-c",
                                           std::string(scripts::kPrelude) + kScript};
    task_ = &session.begin(argv, json(), nccl ? Start::kOnTheGpus : Start::kAtOnce, settings);
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    const auto& request = context.request();
    context.doing("torchrun with " + std::to_string(ranks_) + " processes");
    json found = context.session<Session>().finish(context, *task_);
    json& gradients = found.at("gradients");
    json& one = gradients.at(ranks_ - 1).at(5);
    const double kept = one;
    const harness::Control control{"one gradient of the last rank changed by 1", 1, [&] { one = kept + 1; },
                                   [&] { one = kept; }};
    result.summary = std::to_string(ranks_) + " ranks under torchrun over " +
                     (request.gpus.size() >= 2
                          ? "NCCL"
                          : std::string("gloo on the CPU (") + (request.gpus.empty() ? "no" : "one") + " GPU)") +
                     ": " + std::to_string(kOut * kWide) + " gradients equal on all ranks and right";
    const auto expected = expected_gradient(static_cast<std::int64_t>(ranks_), offset_of(request));
    judge(
        result, [&] { return compare(gradients, found.at("weights"), expected); }, control, protocol::Layer::kImage);
  }

  /// Sums of integers below 2^24: exact, but for the division by a number of ranks that is no power of two.
  static harness::Comparison compare(const json& gradients, const json& weights, const std::vector<double>& expected) {
    harness::Comparison out;
    for (std::size_t rank = 0; rank < gradients.size(); ++rank) {
      for (std::size_t i = 0; i < expected.size(); ++i, ++out.compared) {
        const double difference = std::fabs(gradients[rank].at(i).get<double>() - expected[i]);
        const bool same = gradients[rank].at(i) == gradients[0].at(i);
        out.worst = std::fmax(out.worst, difference);
        if (same && difference <= 4 * 1.1920929e-7 * std::fabs(expected[i])) continue;
        if (out.wrong++ == 0) {
          out.first = "gradient " + std::to_string(i) + " of rank " + std::to_string(rank) + " is " +
                      gradients[rank].at(i).dump() + ", expected " + std::to_string(expected[i]);
        }
      }
      if (weights.at(rank) != weights.at(0) && out.wrong++ == 0) {
        out.first = "rank " + std::to_string(rank) + " started from other weights than rank 0";
      }
    }
    return out;
  }

  static std::int64_t offset_of(const protocol::GroupRequest& request) {
    return static_cast<std::int64_t>(request.seed % 1000);
  }

  std::size_t ranks_ = 0;
  Task* task_ = nullptr;
};

ENVFORGE_CHECK(DataParallel);

}  // namespace
}  // namespace envforge::validator::checks::python
