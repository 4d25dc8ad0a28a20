// The inner function of SHA-256 (FIPS 180-4, 6.2.2), in plain C++ and by the processor's own instructions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace envforge::support {

/// Works `blocks` blocks of 64 bytes into the state.
using Sha256Compress = void (*)(std::array<std::uint32_t, 8>& state, const std::uint8_t* data, std::size_t blocks);

void sha256_compress_plain(std::array<std::uint32_t, 8>& state, const std::uint8_t* data, std::size_t blocks);

/// By SHA-NI on x86-64, by the SHA2 instructions on AArch64; null where this processor has none.
Sha256Compress sha256_compress_native();

}  // namespace envforge::support
