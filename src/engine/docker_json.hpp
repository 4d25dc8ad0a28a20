// Reads the JSON that docker prints. Private to engine; does no I/O. Docker adds members with every release, so unknown
// ones pass; what is not there stays empty.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/engine/engine.hpp>

namespace envforge::engine {

/// `docker version`: fills the versions and the architecture; false if no server is in it.
bool read_version(const std::string& text, EngineInfo& info);
/// `docker info`: fills root_dir, storage_driver, nvidia_runtime, cdi, and whether the client has a working buildx.
void read_info(const std::string& text, EngineInfo& info);
/// `docker context inspect`: the endpoint of the context.
std::string read_context_host(const std::string& text);
/// `docker image inspect`.
ImageInfo read_image(const std::string& text);
/// `docker history`, one object on each line, last layer first.
std::vector<LayerInfo> read_history(const std::string& text);
/// `docker manifest inspect -v`: the digest for "os/arch" or "os/arch/variant"; "" as platform takes a single manifest.
std::optional<std::string> read_manifest_digest(const std::string& text, const std::string& platform);
/// buildx's --metadata-file.
std::string read_metadata_digest(const std::string& text);

struct ContainerState {
  bool ran = false;  // its main process was started
  int exit_code = -1;
  bool out_of_memory = false;
  std::string error;
};
/// `.State` of `docker inspect`.
ContainerState read_state(const std::string& text);

/// The first number of a version ("26" of 26.1.5+dfsg1); 0 if it has none.
int major_version(const std::string& version);
/// "sha256:" and 64 lower-case hex digits.
bool is_digest(const std::string& text);

}  // namespace envforge::engine
