// The installed Python distributions of a site-packages folder, from their .dist-info: name, version, what they need,
// and the RECORD of their files. Used to say whose a file is and whether it is still what the wheel held.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loader/root.hpp"

namespace envforge::validator::loader {

struct RecordedFile {
  std::string path;    // in the image
  std::string sha256;  // hex; "" when RECORD has none (RECORD itself, .pyc)
  std::optional<std::uint64_t> size;
};

/// One Requires-Dist line, as far as it is read here.
struct Requirement {
  std::string name;
  std::string exact;                // the version after "==", also "13.4.1.3.*"; "" when it is no single pin
  std::vector<std::string> extras;  // asked for: cuda-toolkit[cublas,cudart]
  std::string only_for;             // the extra of its own distribution under which it counts; "" = always
};

struct Distribution {
  std::string name;                // as PEP 503 writes it: "nvidia-cublas-cu12"
  std::string version;             // "12.4.5.8"
  std::string folder;              // ".../site-packages/nvidia_cublas_cu12-12.4.5.8.dist-info"
  std::vector<Requirement> needs;  // those of extras too
};

/// "Nvidia_cublas.cu12" -> "nvidia-cublas-cu12".
std::string normal_name(const std::string& name);
/// All distributions of one folder, by folder name.
std::vector<Distribution> read_distributions(const Root& root, const std::string& site_packages);
/// The files of a distribution; empty when it has no RECORD.
std::vector<RecordedFile> read_record(const Root& root, const Distribution& distribution);

}  // namespace envforge::validator::loader
