#include <envforge/support/error.hpp>

#include <nlohmann/json.hpp>

namespace envforge::support {

std::string to_string(const Where& where) {
  std::string text = where.file;
  if (where.line > 0) text += ":" + std::to_string(where.line);
  if (where.line > 0 && where.column > 0) text += ":" + std::to_string(where.column);
  if (!where.pointer.empty()) text += "#" + where.pointer;
  return text;
}

Error::Error(ErrorCode code, std::string message, std::optional<Where> where, std::string hint)
    : code_(code), message_(std::move(message)), hint_(std::move(hint)), where_(std::move(where)) {
  if (hint_.empty() && code != ErrorCode::kInternal) hint_ = std::string(error_row(code).hint);
}

Error& Error::note(std::string line) {
  notes_.push_back(std::move(line));
  return *this;
}

Error& Error::while_doing(std::string what) {
  trace_.push_back(std::move(what));
  return *this;
}

std::string format_error(const Error& error) {
  std::string text = "error[" + error_id(error.code()) + "]: " + error.message() + "\n";
  if (error.where()) text += "  --> " + to_string(*error.where()) + "\n";
  for (const auto& note : error.notes()) text += "  " + note + "\n";
  for (const auto& what : error.trace()) text += "  while " + what + "\n";
  if (!error.hint().empty()) text += "  hint: " + error.hint() + "\n";
  return text;
}

nlohmann::json error_to_json(const Error& error) {
  nlohmann::json out = {{"code", error_id(error.code())},
                        {"slug", error_row(error.code()).slug},
                        {"exit_code", static_cast<int>(exit_code(error.code()))},
                        {"message", error.message()},
                        {"hint", error.hint()},
                        {"notes", error.notes()},
                        {"trace", error.trace()}};
  if (error.where()) {
    const Where& where = *error.where();
    out["where"] = {{"file", where.file}, {"line", where.line}, {"column", where.column}, {"pointer", where.pointer}};
  }
  return out;
}

}  // namespace envforge::support
