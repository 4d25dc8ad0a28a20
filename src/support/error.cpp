#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

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

namespace {

// Commands are copied: their spaces are no place to break where the whole command fits into a line.
std::string wrap_around_commands(const std::string& text, std::size_t first_column, std::size_t indent) {
  constexpr char kKept = '\x01';  // in no message: they are printable
  constexpr std::size_t kLongest = 72;
  std::string kept = text;
  for (std::size_t begin = 0; (begin = kept.find('`', begin)) != std::string::npos;) {
    const std::size_t end = kept.find('`', begin + 1);
    if (end == std::string::npos) break;
    for (std::size_t i = begin; i < end && end - begin <= kLongest; ++i) kept[i] = kept[i] == ' ' ? kKept : kept[i];
    begin = end + 1;
  }
  kept = wrap(kept, first_column, indent);
  for (char& c : kept) c = c == kKept ? ' ' : c;
  return kept;
}

}  // namespace

std::string format_error(const Error& error, bool for_terminal) {
  const auto line = [&](const std::string& begin, const std::string& rest, std::size_t indent) {
    // What was broken into lines before stays as it is.
    const bool wrapped = for_terminal && rest.find('\n') == std::string::npos && rest.substr(0, 1) != " ";
    return begin + (wrapped ? wrap_around_commands(rest, begin.size(), indent) : rest) + "\n";
  };
  std::string text = line("error[" + error_id(error.code()) + "]: ", error.message(), 4);
  if (error.where()) text += "  --> " + to_string(*error.where()) + "\n";
  for (const auto& note : error.notes()) text += line("  ", note, 4);
  for (const auto& what : error.trace()) text += line("  while ", what, 4);
  if (!error.hint().empty()) text += line("  hint: ", error.hint(), 4);
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
