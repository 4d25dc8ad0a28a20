#include <nlohmann/json.hpp>

#include <envforge/app/doctor.hpp>
#include <envforge/support/canonical_json.hpp>

#include "command_table.hpp"

namespace envforge::cli {

Action declare_doctor(CLI::App&) {
  return [](Session& session) {
    const auto findings = app::examine(session.world());
    session.events().finish();
    print_out(session.options().json ? support::readable_json(app::to_json(findings)) : app::doctor_text(findings));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
