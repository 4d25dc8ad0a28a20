#include <envforge/app/diff_documents.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

struct DiffArguments {
  std::string a, b;
  bool details = false;
};

}  // namespace

Action declare_diff(CLI::App& command) {
  auto arguments = std::make_shared<DiffArguments>();
  command.add_option("a", arguments->a, "a lock, a recipe, an image, or a report of verify")->required();
  command.add_option("b", arguments->b, "another one of the same kind")->required();
  command.add_flag("--details", arguments->details, "of two reports: also the rates that only one of them has");
  return [arguments](Session& session) {
    const auto diff = app::diff_documents(session.world(), arguments->a, arguments->b);
    session.events().finish();
    print_out(session.options().json                        ? diff.json
              : arguments->details && !diff.details.empty() ? diff.details
                                                            : diff.text);
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
