// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::cli {

/// Whether there is a person to ask: standard input and standard error are terminals. Nothing else ever asks.
bool can_ask();

/// A line from the terminal, trimmed. Nothing when the input ended or `cancel` was triggered.
std::optional<std::string> ask(std::string_view question, const CancelToken& cancel);

/// The same without an echo.
std::optional<SecretString> ask_hidden(std::string_view question, const CancelToken& cancel);

/// The index of the item that was chosen by number; an empty line means `preferred`. Asks again after a wrong answer.
std::optional<std::size_t> choose(std::string_view question, const std::vector<std::string>& items,
                                  std::size_t preferred, const CancelToken& cancel);

}  // namespace dbxauth::cli
