// The lock as JSON, without its digest. Private to the area: lock_json.cpp writes it, lock_read.cpp reads it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <envforge/documents/lock.hpp>

namespace envforge::documents {

nlohmann::json lock_to_json(const Lock& lock);
/// sha256:... over the canonical bytes.
std::string digest_of(const nlohmann::json& value);

}  // namespace envforge::documents
