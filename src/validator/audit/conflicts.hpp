// What is wrong with the set of libraries that torch would get: pure judgement over an Inventory.
#pragma once

#include <string>
#include <vector>

#include "audit/inventory.hpp"

namespace envforge::validator::audit {

struct Conflict {
  std::string what;  // "libnccl.so.2 2.18.5 (apt libnccl2) is within reach by LD_LIBRARY_PATH beside pip's 2.21.5"
  std::string mend;  // the command or recipe line
  std::vector<std::string> details = {};  // every library with versions and owners, where `what` names only some
};

/// What takes a copy out of reach: "apt-get remove libnccl2", or the variable or folder that offers it.
std::string mend_for(const Copy& copy);

/// Missing libraries, files chosen before the wheel's, second copies of another version that could win, parts of
/// one library from different releases, stubs, wheels that overwrite each other, leftovers of another CUDA major, an
/// NCCL that was built for another CUDA major.
std::vector<Conflict> find_conflicts(const Inventory& inventory);

/// Second copies of another version that only the loader's last rules (ld.so.cache, default folders) offer while an
/// earlier rule finds the one that is taken: nothing is wrong, and whoever changes a search path must know of them.
std::vector<Conflict> find_unused_copies(const Inventory& inventory);

}  // namespace envforge::validator::audit
