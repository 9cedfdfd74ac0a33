// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace dbxauth::base {

/// Levenshtein distance of two names, for "did you mean". Anything above `limit` is reported as limit + 1; so are names
/// of more than 64 bytes, which nobody mistypes into one another.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

}  // namespace dbxauth::base
