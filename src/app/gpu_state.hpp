// What nvidia-smi and the kernel's log say about GPUs, as values. Used by inspect_process.
#pragma once

#include <string>
#include <vector>

#include <envforge/app/inspect_process.hpp>

namespace envforge::app {

/// The GPUs of this machine with what `pid` holds on them; what could not be asked is added to `unread`, a program that
/// does not answer to `findings`: nvidia-smi hangs when the driver does.
std::vector<ProcessGpu> ask_gpu_state(process::ProcessRunner& processes, int pid, InspectedProcess& out);
/// "NVRM: Xid (PCI:0000:1b:00): 79, pid=..., GPU has fallen off the bus." of `dmesg`.
std::vector<Xid> xids_in(const std::string& kernel_log);
std::vector<Xid> ask_xids(process::ProcessRunner& processes, InspectedProcess& out);

}  // namespace envforge::app
