#include "gpu/nccl_log.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace envforge::validator::gpu {
namespace {

bool starts_with(const std::string& text, const char* beginning) {
  return text.rfind(beginning, 0) == 0;
}

// NCCL 2.20 to 2.23 print the numbers of their enumerations (src/include/nccl_common.h or devcomm.h of those
// releases).
std::string algorithm_of(const std::string& word) {
  static constexpr std::array<const char*, 7> kNames{"TREE",      "RING", "COLLNET_DIRECT", "COLLNET_CHAIN", "NVLS",
                                                     "NVLS_TREE", "PAT"};
  if (word.size() != 1 || word[0] < '0' || word[0] > '6') return word;
  return kNames[static_cast<std::size_t>(word[0] - '0')];
}
std::string protocol_of(const std::string& word) {
  static constexpr std::array<const char*, 3> kNames{"LL", "LL128", "SIMPLE"};
  if (word.size() != 1 || word[0] < '0' || word[0] > '2') return word;
  return kNames[static_cast<std::size_t>(word[0] - '0')];
}

// "... NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM"; "direct pointer" is two words, "comm 0x..." may follow.
void read_connection(const std::string& line, NcclUse& use) {
  const auto channel = line.find("Channel ");
  const auto via = line.find(" via ");
  if (channel == std::string::npos || via == std::string::npos || via < channel) return;
  // What a rank receives by network its peer has counted as sent.
  if (line.find("[receive]") != std::string::npos) return;
  std::istringstream words(line.substr(via + 5));
  std::string transport, next;
  words >> transport;
  if (starts_with(transport, "P2P/direct") && words >> next && starts_with(next, "pointer")) transport += " " + next;
  if (!transport.empty()) ++use.transports[transport];
}

// "AllReduce: 1048576 Bytes -> Algo RING proto SIMPLE channel{Lo..Hi}={0..23}", and without the first word before 2.23.
void read_choice(const std::string& line, NcclUse& use) {
  const auto arrow = line.find(" Bytes -> Algo ");
  if (arrow == std::string::npos) return;
  NcclChoice choice;
  const auto number = line.find_last_of(' ', arrow - 1);
  const std::size_t from = number == std::string::npos ? 0 : number + 1;
  choice.bytes = std::atoll(line.substr(from, arrow - from).c_str());
  if (from >= 2 && line[from - 2] == ':') {
    const auto before = line.find_last_of(" \t", from - 3);
    const std::size_t start = before == std::string::npos ? 0 : before + 1;
    choice.operation = line.substr(start, from - 2 - start);
  }
  std::istringstream words(line.substr(arrow));
  std::string word;
  while (words >> word) {
    if (word == "Algo" && words >> word) choice.algorithm = algorithm_of(word);
    if (word == "proto" && words >> word) choice.protocol = protocol_of(word);
    const auto range = word.find("}={");
    if (starts_with(word, "channel{") && range != std::string::npos) {
      choice.channels = word.substr(range + 3, word.find('}', range + 3) - range - 3);
    }
  }
  use.choices.push_back(std::move(choice));
}

// "24 coll channels, 24 collnet channels, 0 nvls channels, 32 p2p channels, ...".
void read_channels(const std::string& line, NcclUse& use) {
  const auto at = line.find(" coll channels");
  if (at == std::string::npos) return;
  const auto before = line.find_last_of(' ', at - 1);
  use.channels = std::atoi(line.substr(before == std::string::npos ? 0 : before + 1).c_str());
  const auto nvls = line.find(" nvls channels");
  if (nvls == std::string::npos) return;
  use.nvls_channels = std::atoi(line.substr(line.find_last_of(' ', nvls - 1) + 1).c_str());
}

}  // namespace

bool NcclUse::through_host() const {
  return std::any_of(transports.begin(), transports.end(), [](const auto& one) {
    return starts_with(one.first, "SHM") || starts_with(one.first, "NET/Socket");
  });
}

bool NcclUse::between_gpus() const {
  return !transports.empty() && std::all_of(transports.begin(), transports.end(),
                                            [](const auto& one) { return starts_with(one.first, "P2P"); });
}

std::string NcclUse::transport() const {
  if (transports.empty()) return "not told by NCCL";
  std::string text;
  for (const auto& [name, count] : transports) {
    text += (text.empty() ? "" : ", ") + name + " (" + std::to_string(count) + ")";
  }
  return text;
}

std::string NcclUse::chosen_for(const std::string& operation, const std::string& version) const {
  for (auto it = choices.rbegin(); it != choices.rend(); ++it) {
    if (!it->operation.empty() && it->operation != operation) continue;
    return it->algorithm + ", " + it->protocol + (it->channels.empty() ? "" : ", channels " + it->channels);
  }
  return "not told by NCCL " + version;
}

NcclUse read_nccl_log(const std::string& text) {
  NcclUse use;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    read_connection(line, use);
    read_choice(line, use);
    read_channels(line, use);
  }
  return use;
}

NcclLog::NcclLog() {
  fd_ = static_cast<int>(syscall(SYS_memfd_create, "nccl", 0U));
  if (fd_ < 0) return;
  setenv("NCCL_DEBUG", "INFO", 1);
  setenv("NCCL_DEBUG_SUBSYS", "INIT,P2P,SHM,NET,TUNING", 1);
  setenv("NCCL_DEBUG_FILE", ("/proc/self/fd/" + std::to_string(fd_)).c_str(), 1);
}

NcclLog::~NcclLog() {
  if (fd_ >= 0) close(fd_);
}

std::string NcclLog::text() const {
  std::string out;
  std::array<char, 16384> buffer{};
  for (ssize_t n = 1; fd_ >= 0 && n > 0;) {
    n = pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(out.size()));
    if (n > 0) out.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return out;
}

}  // namespace envforge::validator::gpu
