// SPDX-License-Identifier: Apache-2.0
#include "prompt.hpp"

#include <termios.h>
#include <unistd.h>

#include <charconv>

#include "interrupt.hpp"
#include "output.hpp"

namespace dbxauth::cli {

namespace {

/// Longer than any token: a line that is read does not move in memory and leave copies behind.
constexpr std::size_t line_room = 16384;

std::string trimmed(const std::string& text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Restored when it goes out of scope, after Ctrl-C too: the signals are turned into a cancellation.
class EchoOff {
 public:
  EchoOff() {
    known_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!known_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;
  ~EchoOff() {
    if (known_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool known_ = false;
};

}  // namespace

bool can_ask() {
  return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

std::optional<std::string> ask(std::string_view question, const CancelToken& cancel) {
  tell(question);
  std::string line;
  if (!read_line(cancel, line)) {
    tell("\n");
    return std::nullopt;
  }
  return trimmed(line);
}

std::optional<SecretString> ask_hidden(std::string_view question, const CancelToken& cancel) {
  const EchoOff echo_off;
  tell(question);
  std::string line;
  line.reserve(line_room);
  const bool read = read_line(cancel, line);
  // The newline that was typed was not shown either.
  tell("\n");
  if (!read) return std::nullopt;
  const SecretString typed = SecretString::take(std::move(line));
  std::string_view text = typed.reveal();
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return SecretString(text);
}

std::optional<std::size_t> choose(std::string_view question, const std::vector<std::string>& items,
                                  std::size_t preferred, const CancelToken& cancel) {
  for (std::size_t i = 0; i < items.size(); ++i) tell("  " + std::to_string(i + 1) + "  " + printable(items[i]) + "\n");
  const std::string prompt = std::string(question) + " [" + std::to_string(preferred + 1) + "]: ";
  for (;;) {
    const auto answer = ask(prompt, cancel);
    if (!answer) return std::nullopt;
    if (answer->empty()) return preferred;
    std::size_t number = 0;
    const char* const end = answer->data() + answer->size();
    const auto parsed = std::from_chars(answer->data(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end && number >= 1 && number <= items.size()) return number - 1;
    tell("Answer with a number from 1 to " + std::to_string(items.size()) + ".\n");
  }
}

}  // namespace dbxauth::cli
