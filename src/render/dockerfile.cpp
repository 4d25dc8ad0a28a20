#include <envforge/render/dockerfile.hpp>

#include <envforge/support/text.hpp>

#include "escape.hpp"

namespace envforge::render {
namespace {

constexpr std::size_t kWidth = 118;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::string print_comment(const std::string& text) {
  std::string out;
  std::string line = "#";
  for (const auto& word : support::split(comment_text(text), ' ')) {
    if (line.size() > 1 && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = "#";
    }
    line += " " + word;
  }
  return out + line + "\n";
}

std::string print_mount(const Mount& mount) {
  return std::visit(
      Overloaded{
          [](const BindMount& m) {
            const std::string from = m.from.empty() ? "" : ",from=" + flag_value(m.from);
            return "--mount=type=bind" + from + ",source=" + flag_value(m.source) + ",target=" + flag_value(m.target);
          },
          [](const CacheMount& m) {
            return "--mount=type=cache,id=" + flag_value(m.id) + ",target=" + flag_value(m.target) + ",sharing=shared";
          },
          [](const SecretMount& m) {
            return "--mount=type=secret,id=" + flag_value(m.id) + ",target=" + flag_value(m.target);
          },
          [](const TmpfsMount& m) { return "--mount=type=tmpfs,target=" + flag_value(m.target); },
      },
      mount);
}

/// Words on lines of at most kWidth, continued by a backslash and indented by `indent`.
std::string wrap(const std::vector<std::string>& words, std::size_t first_column, const std::string& indent) {
  std::string out;
  std::size_t column = first_column;
  for (const auto& word : words) {
    if (!out.empty()) {
      if (column + 1 + word.size() + 2 > kWidth) {
        out += " \\\n" + indent;
        column = indent.size();
      } else {
        out += " ";
        ++column;
      }
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string print_command(const Command& command, std::size_t first_column) {
  std::vector<std::string> words;
  for (const auto& word : command.argv) words.push_back(shell_word(word));
  if (!command.append_to.empty()) words.push_back(">> " + shell_word(command.append_to));
  return wrap(words, first_column, "        ");
}

std::string print_run(const Run& run) {
  std::string out = "RUN ";
  for (const auto& mount : run.mounts) out += print_mount(mount) + " \\\n    ";
  for (std::size_t i = 0; i < run.commands.size(); ++i) {
    if (i > 0) out += " \\\n    && ";
    out += print_command(run.commands[i], i > 0 ? 7 : 4);
  }
  return out;
}

/// KEY=value pairs, one a line.
template <class Name>
std::string print_pairs(const std::string& keyword, const std::vector<std::pair<std::string, std::string>>& pairs,
                        Name name) {
  std::string out = keyword;
  const std::string indent(keyword.size() + 1, ' ');
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    out += i == 0 ? " " : " \\\n" + indent;
    out += name(pairs[i].first) + "=" + assigned_value(pairs[i].second);
  }
  return out;
}

std::string print_kind(const InstructionKind& kind) {
  return std::visit(Overloaded{
                        [](const Run& r) { return print_run(r); },
                        [](const Copy& c) {
                          std::string out = "COPY ";
                          if (!c.from.empty()) out += "--from=" + flag_value(c.from) + " ";
                          if (!c.chown.empty()) out += "--chown=" + flag_value(c.chown) + " ";
                          return out + path_word(c.source) + " " + path_word(c.target);
                        },
                        [](const Add& a) { return "ADD " + path_word(a.archive) + " " + path_word(a.target); },
                        [](const Env& e) { return print_pairs("ENV", e.values, environment_name); },
                        [](const Label& l) { return print_pairs("LABEL", l.values, label_name); },
                        [](const User& u) { return "USER " + std::to_string(u.uid) + ":" + std::to_string(u.gid); },
                        [](const Workdir& w) { return "WORKDIR " + path_word(w.path); },
                        [](const Expose& e) { return "EXPOSE " + std::to_string(e.port); },
                        [](const Entrypoint& e) { return "ENTRYPOINT " + exec_form(e.argv); },
                        [](const Cmd& c) { return "CMD " + exec_form(c.argv); },
                    },
                    kind);
}

std::string print_lint(const std::optional<LintException>& lint) {
  if (!lint) return "";
  return print_comment(lint->reason) + "# hadolint ignore=" + comment_text(lint->rule) + "\n";
}

}  // namespace

std::string print(const Dockerfile& dockerfile) {
  std::string out;
  for (const auto& line : support::split(dockerfile.comment, '\n')) out += print_comment(line);
  for (const auto& stage : dockerfile.stages) {
    out += "\n" + print_comment(stage.comment) + print_lint(stage.lint) + "FROM " + image_reference(stage.from);
    if (!stage.digest.empty()) out += "@" + image_reference(stage.digest);
    out += " AS " + image_reference(stage.name) + "\n";
    for (const auto& instruction : stage.instructions) {
      if (!instruction.comment.empty()) out += "\n" + print_comment(instruction.comment);
      out += print_lint(instruction.lint) + print_kind(instruction.kind) + "\n";
    }
  }
  return out;
}

}  // namespace envforge::render
