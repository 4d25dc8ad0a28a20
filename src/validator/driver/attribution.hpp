// Which layer a wrong number points to: what the other GPUs and the other checks of the run say of it. Pure. Used by
// Session.
#pragma once

#include <envforge/protocol/report.hpp>

namespace envforge::validator::driver {

/// Gives each failed comparison of numbers that names no mend of its own a layer, what it rests on, and a mend. Wrong
/// on some GPUs of one kind and right on the others, with the same libraries, is hardware. A wrong collective points to
/// the links where copies between the GPUs are wrong too, to a GPU whose own memory is wrong, and else to NCCL.
void attribute_wrong_numbers(protocol::Report& report);

}  // namespace envforge::validator::driver
