// What `envforge-driver --torch` tells of the torch in an image: enough to compile the torch group against it
// elsewhere.
#pragma once

#include <map>
#include <string>

#include <envforge/protocol/torch_facts.hpp>

namespace envforge::validator::driver {

/// Reads files below `root` only. `python`: the interpreter or prefix that was asked for, "" = look for one.
protocol::TorchFacts read_torch_facts(const std::string& root, const std::map<std::string, std::string>& environment,
                                      const std::string& python);

/// Why a dynamic program cannot start here: "there is no /lib64/ld-linux-x86-64.so.2"; "" = nothing speaks against it.
std::string loader_missing(const std::string& root, const std::string& program);

}  // namespace envforge::validator::driver
