// The main of every group: `--list` prints the ids of its checks, `--run` talks with the driver over the inherited
// channel, `--role NAME` with the group that started it.
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <envforge/protocol/message.hpp>

#include "harness/check.hpp"
#include "harness/run_group.hpp"

int main(int argc, char** argv) {
  using namespace envforge;
  const std::string mode = argc == 2 ? argv[1] : "";
  if (mode == "--list") {
    for (const auto& check : validator::harness::registered_checks()) std::printf("%s\n", check.id.c_str());
    return 0;
  }
  const validator::harness::Role* role = nullptr;
  for (const auto& one : validator::harness::registered_roles()) {
    if (argc == 3 && std::string(argv[1]) == "--role" && one.name == argv[2]) role = &one;
  }
  if (mode != "--run" && role == nullptr) {
    std::fprintf(stderr, "usage: %s --list | --run (by envforge-driver)\n", argv[0]);
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a driver that dies leaves nothing on the GPU
  try {
    validator::harness::Channel channel(protocol::kChannelFd);
    role == nullptr ? validator::harness::run_group(channel) : role->run(channel);
    return 0;
  } catch (const std::exception& trouble) {
    std::fprintf(stderr, "%s: %s\n", argv[0], trouble.what());
    return 70;
  }
}
