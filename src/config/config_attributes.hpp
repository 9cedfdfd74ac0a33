// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/result.hpp"

namespace dbxauth::config {

/// How the text of an attribute is read.
enum class AttributeKind : std::uint8_t {
  text,
  boolean,  ///< See parse_boolean().
  integer,  ///< See parse_integer().
  list,     ///< See parse_list().
};

/// A read-only view of a static array; std::span would do, but costs every includer the ranges headers.
template <class T>
class StaticArray {
 public:
  constexpr StaticArray() noexcept = default;
  template <std::size_t Size>
  constexpr StaticArray(const T (&items)[Size]) noexcept : first_(items), size_(Size) {}  // NOLINT
  constexpr const T* begin() const noexcept { return first_; }
  constexpr const T* end() const noexcept { return first_ + size_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr const T& operator[](std::size_t index) const noexcept { return first_[index]; }

 private:
  const T* first_ = nullptr;
  std::size_t size_ = 0;
};

/// One attribute as the official SDKs and the Databricks CLI know it: the single source for loading, masking and docs.
struct ConfigAttribute {
  std::string_view name;                       ///< As in `.databrickscfg`; also the key of AttributeLayer::values.
  StaticArray<std::string_view> file_aliases;  ///< Other spellings in files and options; `name` wins over them.
  StaticArray<std::string_view> environment;   ///< Variables the SDKs read, the first that is set wins.
  std::string_view clone_xs_environment;  ///< Variable of Clone-Xs; after `environment`, never under databricks_sdk.
  std::string_view group;  ///< Authorization group of the conflict rule ("pat", "oauth", …); empty for none.
  AttributeKind kind = AttributeKind::text;
  bool sensitive = false;          ///< Shown as `********`.
  std::string_view default_value;  ///< Documented default, empty for none. Not applied by load_sources().
  /// A `.env` file may set it. False for what names a program, a file or variable outside of the `.env` file, a
  /// metadata service or another source of credentials: a directory one happens to stand in must not choose those.
  bool dotenv_allowed = true;
};

/// Every attribute, in the order in which they are shown.
StaticArray<ConfigAttribute> config_attributes() noexcept;

/// By name or file alias, case-sensitive; nullptr when unknown.
const ConfigAttribute* find_config_attribute(std::string_view name) noexcept;

/// The attribute that an environment variable sets (the variables of Clone-Xs included); nullptr when none.
const ConfigAttribute* find_attribute_of_variable(std::string_view variable) noexcept;

/// Up to three attribute names that `name` may have been meant to be, nearest first.
std::vector<std::string> similar_attribute_names(std::string_view name);

/// Edit distance ≤ 2 (1 for short texts), or equal but for case and `-`/`_`: for "did you mean".
bool is_similar_name(std::string_view a, std::string_view b);

/// As Go's strconv.ParseBool: 1 t T TRUE true True 0 f F FALSE false False; anything else is ErrorCode::configuration.
/// `place` names the input in the message; the text is not quoted, since it may be a misplaced secret.
Result<bool> parse_boolean(std::string_view text, std::string_view place);

/// A decimal integer with an optional sign and nothing else.
Result<std::int64_t> parse_integer(std::string_view text, std::string_view place);

/// Pieces between commas or blanks, trimmed, empty ones dropped, in the order given.
std::vector<std::string> parse_list(std::string_view text);

}  // namespace dbxauth::config
