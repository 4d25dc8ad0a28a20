// docs/questions.md keeps what it says: every command is run and its answer compared with the lines below it. A line
// "..." stands for what is left out. ENVFORGE_ACCEPT=1 rewrites the answers, and then the test is skipped, never
// passed.
#include <algorithm>

#include <gtest/gtest.h>

#include <envforge/support/text.hpp>

#include "cli.hpp"
#include "support/golden.hpp"

namespace envforge::testing {
namespace {

using Lines = std::vector<std::string>;

const std::string kPage = ENVFORGE_SOURCE_DIR "/docs/questions.md";
const std::string kIndent = "   ", kFence = "   ```", kRest = "...";
constexpr std::size_t kShown = 12;  // lines of an answer; a conflict is told with its ways out, at most
constexpr std::size_t kConflict = 40;

// `explain --gpu "RTX 5090"` as words.
Lines words_of(const std::string& command) {
  Lines words;
  std::string word;
  bool quoted = false;
  for (const char c : command + " ") {
    if (c == '"') quoted = !quoted;
    if (c == '"') continue;
    if (c != ' ' || quoted) word += c;
    if (c != ' ' || quoted || word.empty()) continue;
    words.push_back(word);
    word.clear();
  }
  return words;
}

// A version set begins with its summary and ends with the driver, the GPU code and the warnings; of a table the first
// rows are shown.
Lines shortened(Lines lines) {
  const bool conflict = support::starts_with(lines[0], "No version set");
  if (lines.size() <= (conflict ? kConflict : kShown + 1)) return lines;
  const std::size_t head = support::starts_with(lines[0], "torch ") ? 2 : conflict ? kConflict : kShown;
  const auto rest = lines.begin() + static_cast<std::ptrdiff_t>(head);
  Lines out(lines.begin(), rest);
  out.push_back(kRest);
  if (head == 2) out.insert(out.end(), lines.end() - static_cast<std::ptrdiff_t>(kShown - head), lines.end());
  return out;
}

// The answer to one block: "# ..." lines of the recipe, then the command.
Lines answer_of(const Cli& cli, const Lines& block) {
  std::string recipe = "schema: envforge/recipe/v1\nimage: question\n";
  std::string command;
  for (const std::string& line : block) {
    if (support::starts_with(line, "# ")) recipe += line.substr(2) + "\n";
    if (support::starts_with(line, "$ envforge ")) command = line.substr(11);
  }
  support::write_file_atomically(cli.path("recipe.yaml"), recipe);
  const auto outcome = cli.run(words_of(command));
  EXPECT_EQ(outcome.err, "") << command;
  return shortened(support::split(support::trim(outcome.out), '\n'));
}

bool is_question(const std::string& line) {
  return support::starts_with(line, "# ") || support::starts_with(line, "$ ");
}

TEST(Questions, EveryAnswerOfThePageIsWhatIsPrinted) {
  const Cli cli;
  Lines page, block;
  bool inside = false;
  int questions = 0;
  for (const std::string& line : support::split(read_text(kPage), '\n')) {
    if (line == kFence && inside) {
      Lines asked, expected;
      std::partition_copy(block.begin(), block.end(), std::back_inserter(asked), std::back_inserter(expected),
                          is_question);
      ++questions;
      const Lines answer = answer_of(cli, asked);
      if (!accepting()) {
        EXPECT_EQ(support::join(expected, "\n"), support::join(answer, "\n")) << asked.back();
      }
      asked.insert(asked.end(), answer.begin(), answer.end());
      for (const std::string& text : asked) page.push_back(kIndent + text);
      block.clear();
    } else if (inside) {
      block.push_back(line.substr(std::min(line.size(), kIndent.size())));
      continue;
    }
    if (line == kFence) inside = !inside;
    page.push_back(line);
  }
  EXPECT_GE(questions, 60);
  if (!accepting()) return;
  support::write_file_atomically(kPage, support::join(page, "\n"));
  GTEST_SKIP() << "rewrote " << kPage;
}

}  // namespace
}  // namespace envforge::testing
