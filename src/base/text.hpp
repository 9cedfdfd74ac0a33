// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbxauth::base {

std::string_view trim(std::string_view text) noexcept;                       ///< ASCII white space.
std::string to_lower(std::string_view text);                                 ///< ASCII only.
std::string to_upper(std::string_view text);                                 ///< ASCII only.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;  ///< ASCII only.
std::vector<std::string_view> split(std::string_view text, char separator);  ///< Keeps empty pieces.
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// `*` any run, `?` any one character (UTF-8 code point), everything else literal.
bool glob_match(std::string_view pattern, std::string_view text) noexcept;
bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace dbxauth::base
