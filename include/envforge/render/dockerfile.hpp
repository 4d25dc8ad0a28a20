// A Dockerfile as a value: stages, instructions, mounts and commands, and the one way to print it. Used by render;
// every value that comes from a recipe or lock meets an escaper here. Knows nothing of recipes, locks, torch or the
// engine.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace envforge::render {

/// A folder or file of the build context, or of another stage, read-only.
struct BindMount {
  std::string source;
  std::string target;
  std::string from;  // a stage; "" = the build context
  friend bool operator==(const BindMount&, const BindMount&) = default;
};

/// Kept by the builder between builds, never part of a layer. Several builds may use it at once.
struct CacheMount {
  std::string id;
  std::string target;
  friend bool operator==(const CacheMount&, const CacheMount&) = default;
};

/// A file that the caller of the build may give; a build without it goes on.
struct SecretMount {
  std::string id;
  std::string target;
  friend bool operator==(const SecretMount&, const SecretMount&) = default;
};

struct TmpfsMount {
  std::string target;
  friend bool operator==(const TmpfsMount&, const TmpfsMount&) = default;
};

using Mount = std::variant<BindMount, CacheMount, SecretMount, TmpfsMount>;

/// One program call: each element reaches the program as it stands here.
struct Command {
  std::vector<std::string> argv;
  std::string append_to;  // not "": standard output is appended to this file
  friend bool operator==(const Command&, const Command&) = default;
};

/// Commands joined by `&&`: the first that fails ends the step.
struct Run {
  std::vector<Mount> mounts;
  std::vector<Command> commands;
  friend bool operator==(const Run&, const Run&) = default;
};

struct Copy {
  std::string from;   // a stage; "" = the build context
  std::string chown;  // uid:gid; "" = root
  std::string source;
  std::string target;
  friend bool operator==(const Copy&, const Copy&) = default;
};

/// Unpacks an archive of the build context.
struct Add {
  std::string archive;
  std::string target;
  friend bool operator==(const Add&, const Add&) = default;
};

struct Env {
  std::vector<std::pair<std::string, std::string>> values;
  friend bool operator==(const Env&, const Env&) = default;
};

struct Label {
  std::vector<std::pair<std::string, std::string>> values;
  friend bool operator==(const Label&, const Label&) = default;
};

struct User {
  unsigned uid = 0;
  unsigned gid = 0;
  friend bool operator==(const User&, const User&) = default;
};

struct Workdir {
  std::string path;
  friend bool operator==(const Workdir&, const Workdir&) = default;
};

struct Expose {
  int port = 0;
  friend bool operator==(const Expose&, const Expose&) = default;
};

struct Entrypoint {
  std::vector<std::string> argv;
  friend bool operator==(const Entrypoint&, const Entrypoint&) = default;
};

struct Cmd {
  std::vector<std::string> argv;
  friend bool operator==(const Cmd&, const Cmd&) = default;
};

using InstructionKind = std::variant<Run, Copy, Add, Env, Label, User, Workdir, Expose, Entrypoint, Cmd>;

/// A rule of hadolint that does not hold for one instruction, and why.
struct LintException {
  std::string rule;
  std::string reason;
  friend bool operator==(const LintException&, const LintException&) = default;
};

struct Instruction {
  std::string comment;  // one sentence or more, wrapped when printed; "" = none
  InstructionKind kind;
  std::optional<LintException> lint;
  friend bool operator==(const Instruction&, const Instruction&) = default;
};

struct Stage {
  std::string comment;
  std::string from;    // another stage, an image reference, or "scratch"
  std::string digest;  // sha256:...; "" = none
  std::string name;
  std::vector<Instruction> instructions;
  std::optional<LintException> lint;  // of the FROM line
  friend bool operator==(const Stage&, const Stage&) = default;
};

struct Dockerfile {
  std::string comment;
  std::vector<Stage> stages;
  friend bool operator==(const Dockerfile&, const Dockerfile&) = default;
};

/// The text: commented, long lines wrapped, ending in one newline. Throws Error{kUnprintableValue} for a value that
/// cannot stand in its place (a newline in a shell word, an image reference that is none).
std::string print(const Dockerfile& dockerfile);

}  // namespace envforge::render
