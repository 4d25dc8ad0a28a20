#include <envforge/app/read_report.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

struct DiffArguments {
  std::string a, b;
};

}  // namespace

Action declare_diff(CLI::App& command) {
  auto arguments = std::make_shared<DiffArguments>();
  command.add_option("a", arguments->a, "a report that verify --report wrote")->required();
  command.add_option("b", arguments->b, "another one")->required();
  return [arguments](Session& session) {
    const auto diff = app::diff_documents(arguments->a, arguments->b);
    print_out(session.options().json ? diff.json : diff.text);
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
