// Proves: the kernel's log tells of no Xid error of these GPUs that only hardware or driver can cause.
// Control: a line with Xid 79 of the first GPU is read with the others.
// Suite: quick
//
// Most containers may not read /dev/kmsg; then it is skipped, with the command for the host.
#include <fcntl.h>
#include <unistd.h>

#include <set>

#include <envforge/support/text.hpp>

#include "checks/nvml/session.hpp"
#include "gpu/xids.hpp"
#include "harness/control.hpp"

namespace envforge::validator::nvml {
namespace {

using harness::Comparison;
using harness::Context;
using protocol::Layer;

std::vector<std::string> kernel_log() {
  const int fd = ::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw harness::Skip("/dev/kmsg is not readable here; on the host: dmesg | grep -i xid");
  std::vector<std::string> lines;
  char record[8192];
  for (;;) {
    const auto n = ::read(fd, record, sizeof record);
    if (n < 0 && errno == EPIPE) continue;  // overwritten meanwhile
    if (n <= 0) break;
    lines.emplace_back(record, static_cast<std::size_t>(n));
  }
  ::close(fd);
  if (lines.empty()) throw harness::Skip("the kernel's log is empty here; on the host: dmesg | grep -i xid");
  return lines;
}

class XidLog : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    std::vector<std::string> lines = kernel_log();
    std::set<int> of_programs, unknown;
    const gpu::Xid* worst = nullptr;
    const auto look = [&] {
      Comparison out;
      out.compared = lines.size();
      for (const auto& line : lines) {
        const auto logged = gpu::xid_of_line(line);
        if (!logged || !is_ours(session, logged->pci) || gpu::is_all_clear(*logged)) continue;
        const gpu::Xid* xid = gpu::find_xid(logged->number);
        if (xid == nullptr || xid->layer == Layer::kImage) {
          (xid == nullptr ? unknown : of_programs).insert(logged->number);
          continue;
        }
        if (out.wrong++ == 0) {
          worst = xid;
          out.first = "Xid " + std::to_string(xid->number) + " of " + logged->pci + ": " + xid->meaning;
        }
        out.worst = 1;
      }
      return out;
    };
    harness::judge(
        result, look,
        {"a line with Xid 79 of the first GPU", 1,
         [&] { lines.push_back("4,1,1,-;NVRM: Xid (PCI:" + planted_pci(session) + "): 79, GPU has fallen off"); },
         [&] { lines.pop_back(); }},
        Layer::kHardware);
    result.summary = std::to_string(lines.size()) + " lines of the kernel's log";
    if (result.verdict == protocol::Verdict::kFail) {
      // It was before this run: a warning, and the other checks say whether it works now.
      result.verdict = protocol::Verdict::kDegraded;
      result.layer = worst->layer;
      result.evidence = "/dev/kmsg";
      result.mend = worst->mend;
      if (!unknown.empty()) result.summary += "; Xid " + numbers(unknown) + ", which envforge does not know";
    } else if (result.verdict == protocol::Verdict::kPass && !unknown.empty()) {
      // Whose fault it is stands in NVIDIA's catalog alone.
      result.verdict = protocol::Verdict::kDegraded;
      result.reason = "Xid " + numbers(unknown) + " of these GPUs, which envforge does not know";
      result.evidence = "/dev/kmsg";
      result.mend = gpu::kUnknownXid;
    } else if (result.verdict == protocol::Verdict::kPass) {
      result.summary += ", no Xid of hardware or driver";
    }
    if (!of_programs.empty()) result.summary += "; Xid " + numbers(of_programs) + " of some program";
  }

 private:
  static std::string numbers(const std::set<int>& xids) {
    std::vector<std::string> out;
    for (const int xid : xids) out.push_back(std::to_string(xid));
    return support::join(out, ", ");
  }
  static bool is_ours(const Session& session, const std::string& pci) {
    for (const Watched& one : session.gpus) {
      if (gpu::is_same_pci(pci, one.pci)) return true;
    }
    return false;
  }
  static std::string planted_pci(const Session& session) {
    const std::string& pci = session.gpus.front().pci;
    return pci.substr(0, pci.find('.'));
  }
};
ENVFORGE_CHECK(XidLog);

}  // namespace
}  // namespace envforge::validator::nvml
