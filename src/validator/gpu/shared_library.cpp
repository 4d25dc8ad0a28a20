#include "gpu/shared_library.hpp"

#include <dlfcn.h>

#include "harness/check.hpp"

namespace envforge::validator::gpu {

SharedLibrary SharedLibrary::open(const std::string& name, int flags) {
  SharedLibrary library;
  library.name_ = name;
  library.handle_ = dlopen(name.c_str(), flags);
  if (library.handle_ == nullptr) {
    const char* why = dlerror();
    library.error_ = why == nullptr ? "dlopen gives no reason" : why;
  }
  return library;
}

void* SharedLibrary::find(const char* symbol) const {
  return handle_ == nullptr ? nullptr : dlsym(handle_, symbol);
}

void* SharedLibrary::need(const char* symbol) const {
  void* address = find(symbol);
  if (address == nullptr) {
    throw harness::Failure(name_ + " has no function " + symbol, protocol::Layer::kImage,
                           "dlsym of a function that every supported version has",
                           "install the version that the lock names");
  }
  return address;
}

std::string SharedLibrary::file_of(const char* symbol) const {
  Dl_info info{};
  void* address = find(symbol);
  return address != nullptr && dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

}  // namespace envforge::validator::gpu
