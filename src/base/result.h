// Result<T, E>: a value or the reason why there is none.
//
// Our code does not throw. A function that can fail for reasons outside the program returns Result; a broken promise of
// our own stops the process through WEIR_ASSERT. tl::expected stands behind it until the standard library has a monadic
// one.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace weir {

/// A plain reason, for errors that only a person reads. Messages start in lower case and end without a full stop.
struct Error {
  std::string message;
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

using tl::unexpected;

inline tl::unexpected<Error> fail(std::string message) { return tl::unexpected<Error>(Error{std::move(message)}); }

}  // namespace weir
