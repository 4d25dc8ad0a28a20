#include "driver/guard.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::validator::driver {
namespace {

// CAP_SYS_PTRACE reads any process; the others lead to it: modules, raw memory, mounts, tracing programs.
constexpr int kPowers[] = {CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_PERFMON, CAP_BPF};

}  // namespace

void make_unreadable() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_GET_DUMPABLE) != 0) {
    throw support::Error(support::ErrorCode::kInternal, std::string("PR_SET_DUMPABLE: ") + strerror(errno));
  }
}

bool give_up_powers() {
  bool dropped = true;
  for (const int power : kPowers) {
    // 1 = still in the bounding set; a kernel that does not know the number answers -1.
    if (prctl(PR_CAPBSET_READ, power) == 1 && prctl(PR_CAPBSET_DROP, power) != 0) dropped = false;
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // Without the right to shrink the bounding set, no later program may gain anything: a setuid one would.
  return dropped || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

std::optional<Preload> find_preload(const std::function<const char*(const char*)>& environment, const std::string& root,
                                    bool flags_are_the_runs) {
  using protocol::Layer;
  for (const char* name : {"LD_PRELOAD", "LD_AUDIT"}) {
    const char* value = environment(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string variable = name;
    const std::string of_image = "take `ENV " + variable + "` out of the image";
    return Preload{variable + " is set to '" + support::printable(value) + "'",
                   flags_are_the_runs ? Layer::kContainerFlags : Layer::kImage,
                   flags_are_the_runs ? "leave `-e " + variable + "` out of docker run, or `unset " + variable +
                                            "` in the shell; where neither sets it, " + of_image
                                      : of_image};
  }
  const std::string path = root + "/etc/ld.so.preload";
  std::ifstream file(path);
  std::string line;
  while (file && std::getline(file, line)) {
    const std::string entry = support::trim(line.substr(0, line.find('#')));
    if (entry.empty()) continue;
    return Preload{"/etc/ld.so.preload names '" + support::printable(entry) + "'", Layer::kImage,
                   "remove /etc/ld.so.preload from the image"};
  }
  return std::nullopt;
}

}  // namespace envforge::validator::driver
