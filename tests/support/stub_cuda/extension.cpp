// The extension that the check python.cuda-extension has torch compile, as if an nvcc had made it.
#include "faults.hpp"

extern "C" int mix_all(unsigned* x, int count, unsigned key, int device) {
  if (device >= 0 && stub::fault("extension-launch")) return 209;  // cudaErrorNoKernelImageForDevice
  for (int i = 0; i < count; ++i) x[i] = (x[i] ^ x[i] >> 16) * 0x7feb352du + key;
  if (stub::fault("extension-element")) x[7] += 1;
  return 0;
}
