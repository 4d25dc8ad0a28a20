#include <unistd.h>

#include <iostream>

#include <nlohmann/json.hpp>

#include <envforge/app/init_recipe.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"
#include "commands/one_each.hpp"

namespace envforge::cli {
namespace {

// One answer of a person; "" at the end of the input.
std::string ask(const std::string& question, const std::string& otherwise) {
  print_err(question + (otherwise.empty() ? ": " : " [" + otherwise + "]: "));
  std::string answer;
  std::getline(std::cin, answer);
  answer = support::trim(answer);
  return answer.empty() ? otherwise : answer;
}

std::vector<std::string> listed(const std::string& answer) {
  std::vector<std::string> out;
  for (const auto& part : support::split(answer, ',')) {
    if (!support::trim(part).empty()) out.push_back(support::trim(part));
  }
  return out;
}

// Asks again until every part of the answer is one that a recipe takes; what was proposed is looked at too.
std::vector<std::string> ask_until_right(const app::World& world, app::Wish wish, const std::string& question,
                                         const std::string& otherwise) {
  for (;;) {
    const std::string answer = ask(question, otherwise);
    // A range of versions has commas of its own.
    const auto parts = wish == app::Wish::kGpu ? listed(answer)
                       : answer.empty()        ? std::vector<std::string>()
                                               : std::vector{answer};
    // Of all questions this one has no answer "whatever fits".
    if (parts.empty() && wish == app::Wish::kGpu && std::cin) {
      print_err("  name one, such as H100, \"RTX 5090\" or sm_90\n");
      continue;
    }
    try {
      for (const auto& part : parts) app::check_wish(world, wish, part);
      return parts;
    } catch (const support::Error& error) {
      if (!std::cin) throw;
      print_err("  " + error.message() + "\n" + (error.hint().empty() ? "" : "  " + error.hint() + "\n"));
    }
  }
}

// What the flags left open; only where a person sits at both ends.
void ask_for_the_rest(Session& session, app::InitWishes& wishes) {
  if (::isatty(STDIN_FILENO) == 0 || !session.terminal().err_is_terminal || !wishes.gpus.empty()) return;
  app::World& world = session.world();
  const auto host = app::propose_target(world);
  const auto one = [&](app::Wish wish, const std::string& question, const std::string& otherwise) {
    return support::join(ask_until_right(world, wish, question, otherwise), "");
  };
  wishes.gpus =
      ask_until_right(world, app::Wish::kGpu, "GPUs that the image must run on, with commas", host ? host->gpu : "");
  if (wishes.driver.empty())
    wishes.driver = one(app::Wish::kDriver, "Their driver, such as 580.65.06; empty for any", host ? host->driver : "");
  if (wishes.torch.empty() && wishes.from.empty()) wishes.torch = one(app::Wish::kTorch, "PyTorch's version", "auto");
  if (wishes.image.empty() && wishes.from.empty())
    wishes.image = one(app::Wish::kImage, "The image's name", "pytorch-cuda");
}

std::string notes_text(const std::vector<documents::ImportNote>& notes) {
  std::string text;
  for (const auto& note : notes) {
    const std::string where = support::to_string(note.where);
    const std::string what = (note.dropped ? "left out: " : "changed: ") + support::printable(note.what) +
                             (where.empty() ? "" : " (" + where + ")");
    text += support::wrap(what, 0, 4) + "\n    " + support::wrap(support::printable(note.why), 4, 4) + "\n";
  }
  return text;
}

nlohmann::json to_json(const app::NewRecipe& recipe, const std::string& file) {
  auto notes = nlohmann::json::array();
  for (const auto& note : recipe.notes) {
    notes.push_back(
        {{"what", note.what}, {"where", support::to_string(note.where)}, {"why", note.why}, {"dropped", note.dropped}});
  }
  return {{"schema", "envforge/init"}, {"schema_version", 1},    {"file", file}, {"notes", notes},
          {"solved", recipe.solved},   {"answer", recipe.answer}};
}

}  // namespace

Action declare_init(CLI::App& command) {
  auto wishes = std::make_shared<app::InitWishes>();
  command.add_option("file", wishes->file, "the recipe to write; envforge.yaml if left out");
  command.add_option("--from", wishes->from, "carry over a requirements.txt, environment.yml or pyproject.toml");
  one_each(command.add_option("--gpu", wishes->gpus, "a GPU that the image must run on: H100, \"RTX 5090\", sm_90"));
  command.add_option("--driver", wishes->driver, "the whole driver version of those machines: 580.65.06");
  command.add_option("--torch", wishes->torch,
                     "a version or range: 2.6, \">=2.6,<2.8\"; auto for the newest that fits");
  command.add_option("--cuda", wishes->cuda, "auto, cu126 or 12.6");
  command.add_option("--python", wishes->python, "3.11; the base's own if left out");
  command.add_option("--base", wishes->base, "debian:12, debian:13, ubuntu:22.04 or ubuntu:24.04");
  one_each(command.add_option("--platform", wishes->platforms,
                              "linux/amd64 or linux/arm64, or both; linux/arm64 if left out for GPUs with an Arm CPU"))
      ->check(one_of({"linux/amd64", "linux/arm64"}));
  command.add_option("--image", wishes->image, "the image's name");
  one_each(command.add_option("--pip", wishes->pip, "a Python requirement"));
  return [wishes](Session& session) {
    ask_for_the_rest(session, *wishes);
    const auto recipe = app::make_recipe(session.world(), *wishes);
    support::write_file_atomically(wishes->file, recipe.text);
    session.events().finish();
    if (session.options().json) {
      print_out(support::readable_json(to_json(recipe, wishes->file)));
    } else {
      print_out(notes_text(recipe.notes) + "wrote " + wishes->file + "\n\n" + recipe.answer);
    }
    return recipe.solved ? support::ExitCode::kDone : support::ExitCode::kNoSolution;
  };
}

}  // namespace envforge::cli
