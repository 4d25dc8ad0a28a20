// What the end of a Python program means: the words that torch, Triton, torchvision and the system use for what is
// missing, and the line that mends it.
#pragma once

#include <string>

#include <envforge/process/process.hpp>
#include <envforge/protocol/report.hpp>

namespace envforge::validator::scripts {

struct Meaning {
  const char* word;
  const char* sentence;
  protocol::Layer layer;
  const char* mend;
};

/// The first row whose word `text` holds; nullptr = none.
const Meaning* meaning_of(const std::string& text);

/// Throws harness::Failure, Crash or Hang for a script that ended (kInterrupted: it was ended after `seconds`) without
/// the result that was expected. `step` is what it said last that it was about to do.
[[noreturn]] void explain(const process::Outcome& outcome, const std::string& step, int seconds);

/// The same for a script that goes on after an exception with this traceback.
[[noreturn]] void explain_exception(const std::string& traceback, const std::string& step);

}  // namespace envforge::validator::scripts
