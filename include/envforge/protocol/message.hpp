// What a group and the driver say to each other while the group runs: one JSON object per line over a socket pair that
// the group inherits. Not over standard output: what an image prints there means nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <envforge/protocol/report.hpp>

namespace envforge::protocol {

/// The number of the inherited descriptor.
inline constexpr int kChannelFd = 3;

/// An operand that both sides make from (seed, stream, index) alone; see src/validator/numbers/element.hpp.
struct Operand {
  std::uint64_t stream = 0;
  std::string type;   // "fp64", "fp32", "fp16", "bf16", "u32"
  int amplitude = 0;  // integers in [-amplitude, amplitude]; 0 = bell-shaped real numbers
};

/// What a library was asked to compute, so that the driver can recompute single elements of it from the seed.
struct Problem {
  std::string kind;                           // "gemm", "conv2d", "all-reduce", "copy"
  std::map<std::string, std::int64_t> sizes;  // "m", "n", "k", ...
  Operand a, b;
  std::string output_type;
  std::uint64_t elements = 0;  // of the output
};

// Group to driver.
struct CheckDeclaration {
  std::string id;
  bool recomputed = false;  // promises a Computed; a pass without one is an error
};
struct Hello {
  int protocol = kProtocolVersion;
  std::string group;
  std::vector<CheckDeclaration> checks;
};
struct Ready {};  // libraries are loaded; waits for Go
struct Started {
  std::string id;
};
struct Doing {
  std::string what;  // the call that is about to be made: what a hang is reported with
};
struct Computed {
  std::string id;
  Problem problem;
};
struct Elements {
  std::vector<std::uint64_t> bits;  // raw bits of the asked elements, in the order asked
};
struct Result {
  CheckResult result;
};
struct Bye {};

// Driver to group.
struct Go {};
struct Ask {
  std::vector<std::uint64_t> indices;
};
struct Enough {};  // to a group that watches beside the others: they are done

using Message = std::variant<Hello, Ready, Started, Doing, Computed, Elements, Result, LoadedLibrary, MachineInfo, Bye,
                             Go, Ask, Enough>;

/// What the driver tells on its standard error while it works; for showing only, never evidence.
struct Progress {
  std::string what;  // "started", "doing", "result", "note"
  std::string group;
  std::string check;
  std::string gpu;
  std::string text;    // of "result" the verdict; of "doing" the call; of "note" a sentence
  double seconds = 0;  // since the driver began
};
std::string to_line(const Progress& progress);
/// nullopt for any line that is not the driver's progress: the engine and the image write there too.
std::optional<Progress> progress_from_line(const std::string& line);

/// One line, without the newline.
std::string to_line(const Message& message);
/// Throws Error{kProtocol} for a line that is no message.
Message message_from_line(const std::string& line);

}  // namespace envforge::protocol
