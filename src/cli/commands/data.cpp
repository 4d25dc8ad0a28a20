#include <envforge/compat/knowledge.hpp>
#include <envforge/support/canonical_json.hpp>

#include "command_table.hpp"

namespace envforge::cli {

Action declare_data(CLI::App&) {
  return [](Session& session) {
    const auto& knowledge = session.knowledge();
    const auto& tables = knowledge.tables();
    const nlohmann::json summary = {
        {"as_of", knowledge.as_of()},
        {"digest", knowledge.digest()},
        {"origin", session.options().data_dir.empty() ? "built in" : session.options().data_dir},
        {"torch_releases", tables.releases.size()},
        {"gpus", tables.gpus.size()},
        {"driver_branches", tables.branches.size()},
        {"cuda_toolkits", tables.toolkits.size()},
        {"bases", tables.bases.size()}};
    if (session.options().json) {
      print_out(support::readable_json(summary));
      return support::ExitCode::kDone;
    }
    for (const auto& [key, value] : summary.items()) {
      std::string name = key;
      name.resize(16, ' ');
      print_out(name + " " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n");
    }
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
