// Proves: after the other checks of this group did their work, each of torch's CUDA libraries in its process is the
//   file that the loader's rules choose on disk.
// Control: a second copy of one library is put among the mapped files.
// Suite: quick
#include "checks/cublas/session.hpp"
#include "gpu/libraries_check.hpp"

namespace envforge::validator::cublas {
namespace {

class Libraries : public gpu::LibrariesCheck<Session> {};
ENVFORGE_CHECK(Libraries);

}  // namespace
}  // namespace envforge::validator::cublas
