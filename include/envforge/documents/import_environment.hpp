// What other tools wrote down of an environment, carried over into the words of a recipe, and what could not be, with
// the reason. Used by `init --from`. Opens no file; whether the versions fit together is the resolver's to say.
#pragma once

#include <string>
#include <vector>

#include <envforge/documents/recipe.hpp>

namespace envforge::documents {

struct ImportNote {
  std::string what;  // the line, or its part
  support::Where where;
  std::string why;       // "its version follows from torch's"
  bool dropped = false;  // true: nothing of it is in the recipe
};

/// A line that says a CUDA, and how surely it is the one of torch.
struct CudaSource {
  enum Kind { kToolkit, kOfTorch, kBuildOfTorch } kind = kToolkit;
  std::size_t note = 0;  // its place in Imported::notes
};

/// "==0.21.0" of torchvision.
struct ImportedPartner {
  std::string name, specifier;
  support::Where where;
};

struct Imported {
  std::string name;                       // of a conda environment; "" = none
  std::string torch;                      // "2.1.0", ">=2.0"; "" = not said
  bool names_torch = false;               // in whatever version
  std::string cuda;                       // "cu118", "11.8"; "" = not said
  CudaSource cuda_source;                 // of `cuda`
  bool devel = false;                     // a CUDA compiler is named
  std::string python;                     // "3.10", ">=3.9,<3.12"; "" = not said
  std::vector<std::string> include;       // torchvision, torchaudio
  std::vector<ImportedPartner> partners;  // of `include`, those that are named with a version
  std::vector<std::string> pip, apt;
  std::vector<std::string> build;  // sources, as packages.build has them
  std::vector<ImportNote> notes;
};

/// By the file's name: pyproject.toml (any .toml), environment.yml (any .yml or .yaml), requirements (*.txt, *.in, or
/// what has "require" in its name), whose options and refused lines become notes. Throws support::Error with an EF30xx
/// code for another name, for a file that is not of its kind, and for one that names nothing.
Imported import_environment(const std::string& text, const std::string& file);

}  // namespace envforge::documents
