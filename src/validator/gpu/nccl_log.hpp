// What NCCL itself says of how it moves data: transport of every connection, algorithm and protocol of every
// collective, from its NCCL_DEBUG output, which goes to memory of ours. A bandwidth without this is no result. The
// reader takes what it understands and leaves the rest.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace envforge::validator::gpu {

/// One collective as NCCL tuned it. Names are NCCL's ("RING", "SIMPLE"); "" = this NCCL does not tell.
struct NcclChoice {
  std::string operation;  // "AllReduce"; "" before 2.23
  long long bytes = 0;
  std::string algorithm, protocol;
  std::string channels;  // "0..23"; "" before 2.24
};

struct NcclUse {
  std::map<std::string, int> transports;  // "P2P/CUMEM" -> connections made by it
  std::vector<NcclChoice> choices;        // in order
  int channels = 0;                       // of the communicator that was made last
  int nvls_channels = 0;
  bool through_host() const;      // a connection through shared memory or a network socket
  bool between_gpus() const;      // every connection directly from GPU to GPU
  std::string transport() const;  // "P2P/CUMEM (24), SHM/direct/direct (8)"; "not told by NCCL" without any
  /// "RING, SIMPLE, channels 0..23" of the last collective of this name; "not told by NCCL <version>" where unknown.
  std::string chosen_for(const std::string& operation, const std::string& version) const;
};

/// Formats of NCCL 2.18 to 2.30, read from its sources (src/enqueue.cc, src/init.cc, src/transport) 2026-11-21.
NcclUse read_nccl_log(const std::string& text);

/// Turns NCCL's output on, into memory; to be made before the first call of NCCL, for it looks at its environment once.
class NcclLog {
 public:
  NcclLog();
  NcclLog(const NcclLog&) = delete;
  NcclLog& operator=(const NcclLog&) = delete;
  ~NcclLog();
  /// Everything so far; "" where the kernel has no memory files.
  std::string text() const;
  NcclUse use() const { return read_nccl_log(text()); }

 private:
  int fd_ = -1;
};

}  // namespace envforge::validator::gpu
