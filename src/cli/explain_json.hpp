// The answers of `explain --json`, one document for each kind of question: docs/schemas/explain-v1.schema.json.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <envforge/resolve/lock_effect.hpp>
#include <envforge/resolve/matrix.hpp>
#include <envforge/resolve/what_if.hpp>

namespace envforge::cli {

nlohmann::json explain_json(const resolve::Outcome& outcome, const compat::Knowledge& knowledge);
nlohmann::json explain_json(const resolve::WhatIf& answer, const compat::Knowledge& knowledge);
nlohmann::json explain_json(const std::vector<resolve::LockEffect>& effects, const compat::Knowledge& knowledge);
nlohmann::json explain_json(const std::string& asked, const std::vector<const compat::Topic*>& topics,
                            const compat::Knowledge& knowledge);
/// `notes` as of matrix_notes().
nlohmann::json explain_json(const std::vector<resolve::MatrixRow>& rows, const std::vector<std::string>& notes,
                            const std::vector<resolve::MatrixDecider>& deciders, const compat::Knowledge& knowledge);

/// The conflict alone, as in the first of these.
nlohmann::json conflict_json(const resolve::Conflict& conflict);

}  // namespace envforge::cli
