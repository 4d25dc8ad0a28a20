// Every combination that the data knows, one row for each build and platform, filtered by any dimension.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <envforge/compat/knowledge.hpp>
#include <envforge/documents/recipe.hpp>

namespace envforge::resolve {

/// "" takes everything.
struct MatrixFilter {
  std::string torch;                         // a range: "2.6", ">=2.7"
  std::string cuda;                          // "12.4" or "cu124"
  std::string python;                        // "3.11", or "3.14t" for the one without a GIL
  std::string platform;                      // linux/amd64
  std::vector<std::string> gpus;             // any names of GPUs: a row must run on all of them
  std::vector<std::string> drivers;          // "550.90.07" or "550": and that with each of these
  std::vector<documents::Pool> pools;        // beside them: each pool's GPUs with its own driver
  std::string glibc;                         // "2.31": what the base has
  std::string base;                          // debian:12: its Python and its C library
  std::map<std::string, std::string> parts;  // of matrix_parts(): a version or a range
  bool forward_compat = false;  // the containers have NVIDIA's cuda-compat; needs `gpus` and `drivers`, or `pools`
  bool devel = false;           // a CUDA compiler can be had for it
};

/// The parts of a build by whose version it can be asked for: cudnn, nccl, cublas, triton, torchvision, torchaudio.
const std::vector<std::string>& matrix_parts();

struct MatrixRow {
  std::string torch, cuda_variant, platform, index;  // index: "PyPI" or the URL
  std::vector<std::string> python, free_threaded;    // 3.11 ..., 3.14t ...
  std::string driver_floor;
  std::string glibc_floor;
  std::string cudnn, nccl, cublas;              // "" = not known
  std::string triton, torchvision, torchaudio;  // "" = none
  int cxx11_abi = 1;                            // of libstdc++: 0 = the old one, which every extension beside it needs
  std::vector<std::string> code;                // sm_80 ..., compute_90 ...; empty = not known
  bool known = true;  // to run on the GPU and the driver that were asked for; else the data cannot tell
  std::string doubt;  // why it is uncertain that it runs on the GPU that was asked for; "" = certain
  std::string source;
  std::string code_source;  // of the machine code, which may be another
};

/// Those that are known to run before those of which nobody can say; each newest first. Throws Error{kUsage,
/// kGpuUnknown, kGpuAmbiguous} for a filter that is not understood.
std::vector<MatrixRow> matrix(const compat::Knowledge& knowledge, const MatrixFilter& filter);
/// What the filter names and the data does not know: an empty answer then means "not known", never "no".
std::vector<std::string> matrix_notes(const compat::Knowledge& knowledge, const MatrixFilter& filter);
/// What a row must serve, and how many rows are known to serve all the rest.
struct MatrixDecider {
  std::string what;  // "V100", "driver 535", "pool volta"
  std::size_t without = 0;
};
/// Of several GPUs, drivers or pools the one that leaves the fewest rows first; empty where there is only one.
std::vector<MatrixDecider> matrix_deciders(const compat::Knowledge& knowledge, const MatrixFilter& filter);
/// "V100 decides: ..."; "" for none.
std::string sentence(const std::vector<MatrixDecider>& deciders, const std::vector<MatrixRow>& rows);
/// RFC 4180 with a line of names; lists are separated by spaces.
std::string matrix_csv(const std::vector<MatrixRow>& rows);
/// `columns`: how wide the terminal is; 0 for none, where no line is broken.
std::string matrix_text(const std::vector<MatrixRow>& rows, const std::vector<std::string>& notes,
                        const compat::Knowledge& knowledge, std::size_t columns = 0);

}  // namespace envforge::resolve
