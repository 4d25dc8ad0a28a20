// Turns what `docker save` writes (any engine) into an OCI image layout directory. Used by DockerCli and by tests.
// Knows tar and OCI's JSON, nothing of engines.
#pragma once

#include <string>
#include <vector>

namespace envforge::engine {

struct OciLayout {
  std::string index_digest;     // of index.json
  std::string manifest_digest;  // sha256:... as all here
  std::string config_digest;    // the image id of an engine without the containerd store
  std::vector<std::string> layer_digests;
};

/// Writes `folder` (which must be absent or empty) from the tar of one image. Layers keep the form that the engine
/// saved: uncompressed tar for Docker's own store (their digests are then the image's diff ids, which is checked), gzip
/// or zstd where a containerd store holds them so. `ref_name` ("v2.6"), if any, becomes the index's annotation. Throws
/// kSavedImage when the tar is not one image or its bytes are not what its config says.
OciLayout write_oci_layout(const std::string& saved_tar, const std::string& folder, const std::string& ref_name = {});

}  // namespace envforge::engine
