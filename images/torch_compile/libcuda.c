/* What triton links its modules against: a library by the driver library's name (SONAME), to be found by the linker on any
   machine. It is on no search path, so a program never loads it: the loader takes the driver's own libcuda.so.1.
   The names are those that triton 3.2 and 3.6 call (backends/nvidia/driver.c); one suffices for a linker that drops
   libraries of which nothing is used (Ubuntu's). */
#define NAME(f) \
  void f(void) {}
NAME(cuCtxGetCurrent)
NAME(cuCtxGetLimit)
NAME(cuCtxSetCurrent)
NAME(cuCtxSetLimit)
NAME(cuDeviceGet)
NAME(cuDeviceGetAttribute)
NAME(cuDevicePrimaryCtxRetain)
NAME(cuFuncGetAttribute)
NAME(cuFuncSetAttribute)
NAME(cuFuncSetCacheConfig)
NAME(cuGetErrorString)
NAME(cuLaunchKernel)
NAME(cuLaunchKernelEx)
NAME(cuModuleGetFunction)
NAME(cuModuleLoadData)
NAME(cuPointerGetAttribute)
