// Two function types as the machine sees them: every pointer and handle the same, every enumeration an int, integers by
// size and sign. So our declarations, which know no type of NVIDIA's, can be compared with the real headers of every
// version.
#pragma once

#include <cstddef>
#include <type_traits>

namespace abi {

template <class T, class = void>
struct Canonical {
  using type = T;
};
template <class T>
struct Canonical<T*> {
  using type = void*;
};
template <std::size_t Size, bool Signed>
struct Integer {};
template <class T>
struct Canonical<T, std::enable_if_t<std::is_enum_v<T>>> {
  using type = Integer<sizeof(T), true>;
};
template <class T>
struct Canonical<T, std::enable_if_t<std::is_integral_v<T>>> {
  using type = Integer<sizeof(T), std::is_signed_v<T>>;
};

// What is passed by value as a whole: by its size.
template <std::size_t Size>
struct Bytes {};
template <class T>
struct Canonical<T, std::enable_if_t<std::is_class_v<T>>> {
  using type = Bytes<sizeof(T)>;
};

template <class T>
struct CanonicalFunction;
template <class R, class... A>
struct CanonicalFunction<R (*)(A...)> {
  using type = typename Canonical<R>::type (*)(typename Canonical<std::remove_cv_t<A>>::type...);
};
template <class R, class... A>
struct CanonicalFunction<R (*)(A...) noexcept> : CanonicalFunction<R (*)(A...)> {};

/// Ours and theirs take and return the same.
template <class Ours, class Theirs>
constexpr bool kSame = std::is_same_v<typename CanonicalFunction<Ours>::type, typename CanonicalFunction<Theirs>::type>;

}  // namespace abi
