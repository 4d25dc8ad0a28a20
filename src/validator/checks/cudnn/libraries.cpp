// Proves: after the other checks of this group did their work, each of torch's CUDA libraries in its process is the
//   file that the loader's rules choose on disk.
// Control: a second copy of one library is put among the mapped files.
// Suite: quick
#include "checks/cudnn/session.hpp"
#include "gpu/libraries_check.hpp"

namespace envforge::validator::cudnn {
namespace {

class Libraries : public gpu::LibrariesCheck<Session> {};
ENVFORGE_CHECK(Libraries);

}  // namespace
}  // namespace envforge::validator::cudnn
