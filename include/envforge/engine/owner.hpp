// Who owns a container or a volume (the value of kOwnerLabel) or a name that an image was lent. Used by DockerCli, by
// who lends such a name, and by their tests.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::engine {

/// "HOST.PIDNS/PID/START": the host's name and the PID namespace, without which a pid says nothing, and the start time
/// that tells a process from a later one of the same pid.
std::string this_process_as_owner();
/// nullopt for an owner on another host, in another PID namespace, or of a form that is not ours: it cannot be judged.
std::optional<bool> owner_runs(const std::string& owner);

/// A build takes names and not ids, so an image is lent one for the length of a build. Images carry no label of their
/// owner; such a name does: "envforge-subject:PLACE.PID.START.RANDOM", PLACE being 16 digits of HOST.PIDNS's SHA-256.
inline constexpr std::string_view kBorrowedRepository = "envforge-subject";
std::string borrowed_name(const std::string& owner, const std::string& random);
/// As owner_runs, for a name of this kind.
std::optional<bool> borrower_runs(const std::string& name);

/// A temporary folder's name begins with its owner too, for support::TempDir: "envforge-PLACE.PID.START-".
std::string folder_prefix(const std::string& owner = this_process_as_owner());
/// Removes the folders of this user in `parent` whose owner has ended: a killed process takes none along. Returns their
/// paths.
std::vector<std::string> remove_left_folders(
    const std::filesystem::path& parent = std::filesystem::temp_directory_path());

}  // namespace envforge::engine
