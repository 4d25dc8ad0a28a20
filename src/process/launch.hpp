// Starts one child in a session of its own, with its three streams connected. Private to process; knows nothing of
// deadlines or of what becomes of the output.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <envforge/process/process.hpp>

#include "descriptor.hpp"

namespace envforge::process {

struct Launched {
  pid_t pid = -1;  // -1: it did not start, `reason` says why
  std::string reason;
  Descriptor in;   // only with Command::standard_input; non-blocking, as the others
  Descriptor out;  // not with Command::standard_output_file
  Descriptor err;
};

Launched launch(const Command& command);
/// As ProcessRunner::find_programs.
std::vector<std::string> programs_on_path(const std::string& name);

}  // namespace envforge::process
