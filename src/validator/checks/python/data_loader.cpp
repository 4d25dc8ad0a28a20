// Proves: a DataLoader with two worker processes hands 64 MiB of tensors over /dev/shm, each batch right and in order.
// Control: two batches of what came are swapped.
// Suite: standard
#include <utility>

#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr int kItems = 64;  // of 1 MiB each, 8 in a batch; two workers hold up to four batches in /dev/shm at once
constexpr int kBatch = 8;

constexpr const char* kScript = R"py(
step("import torch")
import torch
from torch.utils.data import DataLoader, Dataset
asked = json.load(sys.stdin)
class Items(Dataset):
    def __len__(self):
        return asked["items"]
    def __getitem__(self, index):
        return torch.full((1 << 18,), float(index * 3 + asked["offset"]))
def main():
    sums = []
    step("DataLoader with 2 workers")
    for batch in DataLoader(Items(), batch_size=asked["batch"], num_workers=2, timeout=30):
        sums.append([float(row.double().mean()) for row in batch])
    tell({"sums": sums})
main()
)py";

class Workers : public harness::Check {
  void prepare(harness::Context& context) override {
    offset_ = static_cast<int>(context.request().seed % 1000);
    const json asked = {{"items", kItems}, {"batch", kBatch}, {"offset", offset_}};
    task_ = &context.session<Session>().begin(kScript, asked, Start::kAtOnce);
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    sums_ = context.session<Session>().finish(context, *task_).at("sums");
    const harness::Control control{"two batches of the result are swapped", 1,
                                   [this] { std::swap(sums_[1], sums_[2]); },
                                   [this] { std::swap(sums_[1], sums_[2]); }};
    result.summary = std::to_string(kItems) + " MiB from 2 workers over /dev/shm, every batch right and in order";
    if (!context.request().flags_are_the_runs) result.summary += " (with the shm size of verify's own flags)";
    judge(
        result, [this] { return compare(); }, control, protocol::Layer::kImage);
  }

  harness::Comparison compare() const {
    harness::Comparison out;
    for (std::size_t batch = 0; batch < sums_.size(); ++batch) {
      for (std::size_t i = 0; i < sums_[batch].size(); ++i, ++out.compared) {
        const auto expected = static_cast<double>((batch * kBatch + i) * 3) + offset_;
        if (sums_[batch][i].get<double>() == expected) continue;
        if (out.wrong++ == 0) out.first = "item " + std::to_string(batch * kBatch + i) + " is another";
      }
    }
    if (out.compared != kItems) {
      ++out.wrong;
      out.first = std::to_string(out.compared) + " items came, expected " + std::to_string(kItems);
    }
    out.worst = static_cast<double>(out.wrong);
    return out;
  }

  Task* task_ = nullptr;
  int offset_ = 0;
  json sums_;
};

ENVFORGE_CHECK(Workers);

}  // namespace
}  // namespace envforge::validator::checks::python
