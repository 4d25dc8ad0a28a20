// The machine code of a library, read by the script that reads it from the wheels of packages.build.
#pragma once

#include <string>

#include <envforge/process/process.hpp>

namespace envforge::testing {

/// "sm_75 sm_90a", or why it could not be read.
inline std::string machine_code_of(const std::string& library) {
  // What the script imports and this does not need.
  constexpr const char* kRead = R"(import sys, types
for name, wanted in (("packaging", ()), ("packaging.markers", ("default_environment",)),
                     ("packaging.requirements", ("Requirement",)), ("packaging.utils", ("canonicalize_name",))):
    sys.modules[name] = types.SimpleNamespace(**{one: None for one in wanted})
from importlib.machinery import SourceFileLoader
sys.dont_write_bytecode = True
script = SourceFileLoader("build_wheel", sys.argv[1]).load_module()
print(*sorted(set(script.machine_code(open(sys.argv[2], "rb").read()))), end="")
)";
  process::Command command;
  command.argv = {"python3", "-c", kRead, ENVFORGE_SOURCE_DIR "/images/from_source/build-wheel", library};
  const auto outcome = process::PosixProcessRunner().run(command);
  return outcome.ok() ? outcome.out : outcome.err;
}

}  // namespace envforge::testing
