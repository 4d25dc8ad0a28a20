// A library that was opened by path or soname, and its functions by name. Libraries are never closed: their threads and
// exit handlers outlive any owner here.
#pragma once

#include <string>

namespace envforge::validator::gpu {

class SharedLibrary {
 public:
  SharedLibrary() = default;
  /// What dlopen needs; on failure ok() is false and error() says why.
  static SharedLibrary open(const std::string& name, int flags);

  bool ok() const { return handle_ != nullptr; }
  const std::string& error() const { return error_; }
  const std::string& name() const { return name_; }
  /// The file that a function of it really lies in; "" if that cannot be told.
  std::string file_of(const char* symbol) const;

  /// Sets `function` to the symbol, or throws harness::Failure of the layer image that names library and symbol.
  template <class Function>
  void bind(Function*& function, const char* symbol) const {
    function = reinterpret_cast<Function*>(need(symbol));
  }
  /// As bind, but leaves nullptr where the library has no such symbol.
  template <class Function>
  void bind_if_there(Function*& function, const char* symbol) const {
    function = reinterpret_cast<Function*>(find(symbol));
  }

 private:
  void* find(const char* symbol) const;
  void* need(const char* symbol) const;
  void* handle_ = nullptr;
  std::string name_, error_;
};

}  // namespace envforge::validator::gpu
