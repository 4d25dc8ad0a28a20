// One group's whole conversation with the driver. Used by group_main; apart from it so that a test can hold the other
// end.
#pragma once

#include "harness/channel.hpp"

namespace envforge::validator::harness {

/// Reads the request, says hello, prepares, waits for its turn, runs the asked checks, says bye.
void run_group(Channel& channel);

}  // namespace envforge::validator::harness
