#include "elf/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace envforge::validator::elf {

std::optional<MappedFile> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: a FIFO of that name must not hang the audit.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  struct stat status {};
  void* address = MAP_FAILED;
  if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    address = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
  }
  ::close(file);
  if (address == MAP_FAILED) return std::nullopt;
  return MappedFile(Bytes(address, static_cast<std::size_t>(status.st_size)));
}

MappedFile::~MappedFile() {
  if (bytes_.data() != nullptr) ::munmap(const_cast<unsigned char*>(bytes_.data()), bytes_.size());
}

}  // namespace envforge::validator::elf
