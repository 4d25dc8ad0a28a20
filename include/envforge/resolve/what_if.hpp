// "Why is it not CUDA 12.1?" and "what would torch 2.7 change, and for whom?": the recipe with one part fixed, beside
// what the recipe gives now. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/resolve/resolve.hpp>

namespace envforge::resolve {

/// One part fixed to a value: "cuda=12.1", "torch=>=2.7".
struct Question {
  std::string part;   // torch, cuda, python, base, platform, variant, cudnn, nccl, cublas or triton
  std::string value;  // 12.1
  std::string asked;  // as the user put it, "--why-not cuda=12.1": the place that a proof names
};

/// What can be asked about: torch, cuda, python ...
const std::vector<std::string>& question_parts();

/// `option` is the name of the command's option. Throws Error{kUsage} for a part or a value that is not understood.
Question read_question(const std::string& option, const std::string& text);

/// A version that differs between the answer now and the answer to the question.
struct PartChange {
  std::string component;  // torch, cuda, cudnn ..., as the lock names them
  std::string from, to;   // "" = none
  std::string source;     // the data row of the new one
};

/// What it means for the machines of one pool.
struct PoolEffect {
  std::string pool;
  bool runs_now = false, would_run = false;  // as the only pool of the image
  bool doubtful = false;                     // it would, if what is not known turns out well
  bool unknown = false;                      // it would not, for all that is known: never a no
  std::vector<std::string> notes;            // warnings that the new versions bring; or the conflict's facts
};

struct WhatIf {
  Question question;
  Outcome now, asked;
  bool is_answer = false;  // what the recipe gives now is what was asked for
  std::string reason;      // why the recipe gives something else although it could; "" unless both can be had
  std::string source;      // of the reason: the recipe's place or the data row
  std::vector<PartChange> changes;
  std::vector<PoolEffect> pools;
};

/// `pythons` as of resolve(). Throws Error{kGpuUnknown, kGpuAmbiguous} as it does.
WhatIf what_if(const documents::ImageSpec& spec, const compat::Knowledge& knowledge, const Question& question,
               const std::vector<documents::PythonArchive>& pythons = {});

/// The text without colours; ends with a newline.
std::string explain(const WhatIf& answer);

}  // namespace envforge::resolve
