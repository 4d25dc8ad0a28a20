// Who owns a container or a volume: the value of kOwnerLabel. Used by DockerCli and its tests.
#pragma once

#include <optional>
#include <string>

namespace envforge::engine {

/// "HOST.PIDNS/PID/START": the host's name and the PID namespace, without which a pid says nothing, and the start time
/// that tells a process from a later one of the same pid.
std::string this_process_as_owner();
/// nullopt for an owner on another host, in another PID namespace, or of a form that is not ours: it cannot be judged.
std::optional<bool> owner_runs(const std::string& owner);

}  // namespace envforge::engine
