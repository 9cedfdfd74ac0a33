// SPDX-License-Identifier: Apache-2.0
// The only file that sees simdjson. Its calls are used in their error-code form: no exception can come out of them.
#include "base/json_reader.hpp"

#include <simdjson.h>
#include <string.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>

#include "base/utf8.hpp"

namespace dbxauth::base {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

// simdjson refuses the level that reaches its limit. It does not count an empty container.
constexpr std::size_t kDepthLimit = 256 + 1;
// The sizes kept in simdjson's tape stop counting here.
constexpr std::size_t kSaturatedSize = 0xFFFFFF;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

template <class Value>
Value load(const unsigned char* storage) noexcept {
  static_assert(std::is_trivially_copyable_v<Value>);
  static_assert(sizeof(Value) <= 2 * sizeof(void*) && alignof(Value) <= alignof(void*));
  Value value{};
  std::memcpy(static_cast<void*>(&value), storage, sizeof value);
  return value;
}

template <class Value>
void store(unsigned char* storage, const Value& value) noexcept {
  static_assert(std::is_trivially_copyable_v<Value>);
  static_assert(sizeof(Value) <= 2 * sizeof(void*) && alignof(Value) <= alignof(void*));
  std::memcpy(storage, static_cast<const void*>(&value), sizeof value);
}

bool get_array(const element& value, array& out) noexcept {
  return value.get_array().get(out) == simdjson::SUCCESS;
}
bool get_object(const element& value, object& out) noexcept {
  return value.get_object().get(out) == simdjson::SUCCESS;
}

template <class Container>
std::size_t count(const Container& container) noexcept {
  const std::size_t stored = container.size();
  if (stored < kSaturatedSize) return stored;
  std::size_t counted = 0;
  for (auto it = container.begin(); it != container.end(); ++it) ++counted;
  return counted;
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// simdjson refuses a text with an integer beyond 64 bits, which RFC 8259 allows. Such an integer cannot be represented
// exactly here, so its last two digits become an exponent: the value differs by less than a double can tell.
bool shorten_oversized_integers(char* text, std::size_t size) noexcept {
  constexpr std::string_view largest_positive = "18446744073709551615";
  constexpr std::string_view largest_negative = "9223372036854775808";
  bool changed = false;
  bool in_string = false;
  for (std::size_t at = 0; at < size;) {
    const char c = text[at];
    if (in_string || !is_digit(c)) {
      if (c == '"') in_string = !in_string;
      at += in_string && c == '\\' ? 2 : 1;
      continue;
    }
    std::size_t end = at;
    while (end < size && is_digit(text[end])) ++end;
    const bool plain = (at == 0 || (text[at - 1] != '.' && text[at - 1] != '+' && (text[at - 1] | 0x20) != 'e')) &&
                       (end == size || (text[end] != '.' && (text[end] | 0x20) != 'e'));
    const bool negative = at > 0 && text[at - 1] == '-';
    const bool after_exponent_sign = negative && at > 1 && (text[at - 2] | 0x20) == 'e';
    const std::string_view digits(text + at, end - at);
    const std::string_view limit = negative ? largest_negative : largest_positive;
    if (plain && !after_exponent_sign && digits.front() != '0' &&
        (digits.size() > limit.size() || (digits.size() == limit.size() && digits > limit))) {
      text[end - 2] = 'e';
      text[end - 1] = '2';
      changed = true;
    }
    at = end;
  }
  return changed;
}

std::string_view describe(simdjson::error_code code) noexcept {
  switch (code) {
    case simdjson::EMPTY:
      return "the text is empty";
    case simdjson::DEPTH_ERROR:
      return "it is nested deeper than 256 levels";
    case simdjson::STRING_ERROR:
      return "a string holds an invalid escape";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed; the text may be cut off";
    case simdjson::UNESCAPED_CHARS:
      return "a string holds a control character that is not escaped";
    case simdjson::UTF8_ERROR:
      return "it is not UTF-8";
    case simdjson::NUMBER_ERROR:
      return "a number is malformed or out of range";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
      return "there is a word other than true, false and null";
    case simdjson::CAPACITY:
      return "the text is too large";
    case simdjson::UNSUPPORTED_ARCHITECTURE:
      return "the JSON parser does not support this processor";
    default:
      return "a bracket, comma, colon or quote is missing or superfluous";
  }
}

Error parse_error(simdjson::error_code code, std::string_view text, std::string_view what) {
  if (code == simdjson::MEMALLOC) {
    return Error{ErrorCode::out_of_memory, "no memory to parse " + std::string(what)};
  }
  std::string message(what);
  message += " is not valid JSON: ";
  message += describe(code);
  if (code == simdjson::UTF8_ERROR) {
    std::size_t at = 0;
    for (std::size_t length = 1; at < text.size() && length != 0; at += length) length = utf8_sequence_length(text, at);
    message += " at byte " + std::to_string(at);
  }
  message += " (" + std::to_string(text.size()) + " bytes in all)";
  return Error{ErrorCode::protocol, std::move(message)};
}

// The parser may read, but not use, some bytes beyond the text.
class PaddedCopy {
 public:
  explicit PaddedCopy(std::string_view text)
      : size_(text.size()), bytes_(new char[size_ + simdjson::SIMDJSON_PADDING]) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    std::memset(bytes_.get() + size_, 0, simdjson::SIMDJSON_PADDING);
  }
  PaddedCopy(const PaddedCopy&) = delete;
  PaddedCopy& operator=(const PaddedCopy&) = delete;
  ~PaddedCopy() { ::explicit_bzero(bytes_.get(), size_); }

  char* data() noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace

struct JsonDocument::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { wipe(); }

  simdjson::error_code parse(PaddedCopy& text) noexcept {
    text_size = text.size();
    return parser.parse(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), false).get(root);
  }

  // The parser's copies of the strings. Each takes five bytes of framing where the text has two quotes, so this covers
  // all that was written without touching the rest of a buffer made for the worst case.
  void wipe() noexcept {
    if (parser.doc.string_buf == nullptr || parser.implementation == nullptr) return;
    const std::size_t worst_case = SIMDJSON_ROUNDUP_N(5 * text_size / 3 + simdjson::SIMDJSON_PADDING, 64);
    const std::size_t written = text_size + 3 * std::size_t{parser.implementation->n_structural_indexes} + 8;
    ::explicit_bzero(parser.doc.string_buf.get(), std::min(worst_case, written));
  }

  simdjson::dom::parser parser;
  element root;
  std::size_t text_size = 0;
};

JsonKind JsonView::kind() const noexcept {
  if (!present_) return JsonKind::missing;
  switch (load<element>(storage_).type()) {
    case element_type::ARRAY:
      return JsonKind::array;
    case element_type::OBJECT:
      return JsonKind::object;
    case element_type::INT64:
    case element_type::UINT64:
      return JsonKind::integer;
    case element_type::DOUBLE:
      return JsonKind::number;
    case element_type::STRING:
      return JsonKind::string;
    case element_type::BOOL:
      return JsonKind::boolean;
    case element_type::NULL_VALUE:
      return JsonKind::null;
  }
  return JsonKind::missing;
}

bool JsonView::is_null_or_missing() const noexcept {
  const JsonKind what = kind();
  return what == JsonKind::missing || what == JsonKind::null;
}

JsonView JsonView::operator[](std::string_view key) const noexcept {
  JsonView result;
  object members;
  element value;
  if (present_ && get_object(load<element>(storage_), members) && members.at_key(key).get(value) == simdjson::SUCCESS) {
    store(result.storage_, value);
    result.present_ = true;
  }
  return result;
}

JsonView JsonView::at(std::size_t index) const noexcept {
  JsonView result;
  array elements;
  element value;
  if (present_ && get_array(load<element>(storage_), elements) && elements.at(index).get(value) == simdjson::SUCCESS) {
    store(result.storage_, value);
    result.present_ = true;
  }
  return result;
}

std::size_t JsonView::size() const noexcept {
  if (!present_) return 0;
  const auto value = load<element>(storage_);
  array elements;
  object members;
  if (get_array(value, elements)) return count(elements);
  return get_object(value, members) ? count(members) : 0;
}

std::optional<std::string_view> JsonView::as_string() const noexcept {
  std::string_view value;
  if (!present_ || load<element>(storage_).get_string().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<std::int64_t> JsonView::as_integer() const noexcept {
  if (!present_) return std::nullopt;
  const auto value = load<element>(storage_);
  std::int64_t integer = 0;
  if (value.get_int64().get(integer) == simdjson::SUCCESS) return integer;
  double number = 0;
  if (!value.is_double() || value.get_double().get(number) != simdjson::SUCCESS) return std::nullopt;
  constexpr double two_to_63 = 9223372036854775808.0;
  if (!(number >= -two_to_63 && number < two_to_63) || std::trunc(number) != number) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<double> JsonView::as_number() const noexcept {
  double value = 0;
  if (!present_ || load<element>(storage_).get_double().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<bool> JsonView::as_boolean() const noexcept {
  bool value = false;
  if (!present_ || load<element>(storage_).get_bool().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<std::string> JsonView::as_text() const {
  if (!present_) return std::nullopt;
  const auto value = load<element>(storage_);
  switch (value.type()) {
    case element_type::STRING:
      return std::string(string_or());
    case element_type::BOOL:
      return std::string(boolean_or(false) ? "true" : "false");
    case element_type::INT64:
      return std::to_string(integer_or(0));
    case element_type::UINT64: {
      std::uint64_t number = 0;
      if (value.get_uint64().get(number) != simdjson::SUCCESS) return std::nullopt;
      return std::to_string(number);
    }
    case element_type::DOUBLE: {
      char digits[32];
      const auto end = std::to_chars(digits, digits + sizeof digits, as_number().value_or(0)).ptr;
      return std::string(digits, end);
    }
    default:
      return std::nullopt;
  }
}

JsonView::Cursor JsonView::begin_elements() const noexcept {
  Cursor cursor;
  array elements;
  if (present_ && get_array(load<element>(storage_), elements)) {
    store(cursor.position, elements.begin());
    store(cursor.end, elements.end());
    cursor.empty = false;
  }
  return cursor;
}

JsonView::Cursor JsonView::begin_members() const noexcept {
  Cursor cursor;
  object members;
  if (present_ && get_object(load<element>(storage_), members)) {
    store(cursor.position, members.begin());
    store(cursor.end, members.end());
    cursor.object = true;
    cursor.empty = false;
  }
  return cursor;
}

bool JsonView::next(Cursor& cursor) noexcept {
  if (cursor.empty) return false;
  const auto advance = [&cursor](auto position, const auto& end) {
    if (cursor.started) ++position;
    cursor.started = true;
    store(cursor.position, position);
    if (!(position != end)) {
      cursor.empty = true;
      return false;
    }
    if constexpr (std::is_same_v<decltype(position), object::iterator>) {
      cursor.key = position.key();
      store(cursor.value.storage_, position.value());
    } else {
      store(cursor.value.storage_, *position);
    }
    cursor.value.present_ = true;
    return true;
  };
  if (cursor.object) return advance(load<object::iterator>(cursor.position), load<object::iterator>(cursor.end));
  return advance(load<array::iterator>(cursor.position), load<array::iterator>(cursor.end));
}

Result<JsonDocument> JsonDocument::parse(std::string_view text, std::string_view what) {
  // RFC 8259 §8.1 lets a reader ignore a byte order mark; programs on Windows write one.
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  try {
    PaddedCopy copy(text);
    auto impl = std::make_unique<Impl>();
    auto code = impl->parser.allocate(std::max<std::size_t>(copy.size(), 1), kDepthLimit);
    if (code == simdjson::SUCCESS) code = impl->parse(copy);
    if (code == simdjson::NUMBER_ERROR && shorten_oversized_integers(copy.data(), copy.size()))
      code = impl->parse(copy);
    if (code != simdjson::SUCCESS) return parse_error(code, text, what);
    return JsonDocument(std::move(impl));
  } catch (const std::bad_alloc&) {
    return parse_error(simdjson::MEMALLOC, text, what);
  }
}

JsonDocument::JsonDocument(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonView JsonDocument::root() const noexcept {
  JsonView view;
  if (impl_ != nullptr) {
    store(view.storage_, impl_->root);
    view.present_ = true;
  }
  return view;
}

}  // namespace dbxauth::base
