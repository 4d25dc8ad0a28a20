// What becomes of one output stream: the kept bytes and the lines. Private to process; does no I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <envforge/process/process.hpp>

namespace envforge::process {

class Output {
 public:
  /// Keeps the first (kOut) or the last (kErr) `keep_bytes`; `on_line` may be empty.
  Output(Stream stream, std::size_t keep_bytes, const OnLine& on_line)
      : stream_(stream), keep_bytes_(keep_bytes), on_line_(on_line) {}

  void add(std::string_view piece);
  /// Hands on a last line that has no newline, and gives what was kept.
  std::string finish();

 private:
  void keep(std::string_view piece);
  void hand_on();

  Stream stream_;
  std::size_t keep_bytes_;
  const OnLine& on_line_;
  std::string kept_;
  std::string line_;
};

}  // namespace envforge::process
