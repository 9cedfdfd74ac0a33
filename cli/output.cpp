// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "exit_status.hpp"

namespace dbxauth::cli {

namespace {

using Row = std::vector<std::string>;

/// Of the terminal that standard output is; none otherwise: what is piped is one line a row.
std::size_t output_columns() {
  winsize size{};
  const bool known = isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return known ? size.ws_col : std::string::npos;
}

/// `text` broken at blanks, each further line begun with `indent` blanks. Longer words stay whole.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
  constexpr std::size_t narrowest = 16;
  if (columns == std::string::npos || columns < indent + narrowest) return std::string(text);
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    const std::size_t width = display_width(word);
    if (used != 0 && used + 1 + width > columns - indent) {
      out += '\n' + std::string(indent, ' ');
      used = 0;
    } else if (used != 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += width;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void append_row(std::string& out, const Row& cells, const std::vector<std::size_t>& widths, std::size_t columns) {
  std::string line;
  std::size_t indent = 0;
  for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
    line += cells[i];
    line.append(widths[i] - display_width(cells[i]) + 2, ' ');
    indent += widths[i] + 2;
  }
  if (!cells.empty()) line += wrapped(cells.back(), indent, columns);
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

/// What somebody configured, each with its reason; the names of the rest.
std::string attempts_text(const std::vector<Attempt>& attempts) {
  std::string text;
  std::string others;
  for (const Attempt& attempt : attempts) {
    // Outside its layers, or in one where nobody can change anything, such as a notebook's.
    const bool beyond = attempt.layer.empty() || (attempt.missing.empty() && attempt.fix.empty());
    if (beyond && attempt.verdict == AttemptVerdict::not_configured) {
      others += (others.empty() ? "" : ", ") + printable(attempt.strategy);
      continue;
    }
    text += "  " + printable(attempt.strategy);
    if (!attempt.layer.empty()) text += " (" + printable(attempt.layer) + ")";
    text += ": " + std::string(to_string(attempt.verdict));
    if (!attempt.reason.empty()) text += ": " + printable(attempt.reason);
    text += '\n';
    // What is missing says what to set.
    if (!attempt.fix.empty() && attempt.missing.empty()) text += "      fix: " + printable(attempt.fix) + '\n';
  }
  if (!text.empty()) text.insert(0, "What was tried, in order:\n");
  if (!others.empty()) text += "Not configured: " + others + " (\"dbxauth auth describe\" says what each lacks)\n";
  return text;
}

}  // namespace

bool print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return true;
  const int failure = errno;
  if (failure != EPIPE)
    tell("Error: could not write to standard output: " + std::string(std::strerror(failure)) + "\n");
  return false;
}

bool print_json(std::string_view json) {
  return print(printable_json(json) + "\n");
}

std::string json_text(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      json += "\\u00";
      json += digits[byte >> 4U];
      json += digits[byte & 0xFU];
      continue;
    }
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return json + "\"";
}

void tell(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

int exit_status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::no_credentials:
    case ErrorCode::authentication_failed:
      return exit_credentials;
    case ErrorCode::permission_denied:
      return exit_permission;
    case ErrorCode::not_found:
      return exit_not_found;
    case ErrorCode::invalid_argument:
      return exit_usage;
    case ErrorCode::partial_failure:
      return exit_partial;
    case ErrorCode::network:
    case ErrorCode::tls:
    case ErrorCode::timed_out:
    case ErrorCode::unavailable:
    case ErrorCode::rate_limited:
      return exit_network;
    case ErrorCode::cancelled:
      return exit_interrupted;
    default:
      return exit_failed;
  }
}

int report(const Error& error, OutputFormat format) {
  const int status = exit_status_of(error.code);
  if (format == OutputFormat::json) {
    print_json("{\"schema\":1,\"error\":" + to_json(error) + "}");
    return status;
  }
  tell("Error: " + printable(error.message) + "\n");
  tell(attempts_text(error.attempts));
  if (error.code == ErrorCode::no_credentials) {
    tell(
        "To sign in: \"dbxauth configure\" saves a host and a token; \"dbxauth auth profiles\" lists what is saved.\n");
  }
  return status;
}

std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<Row> lines = {header};
  lines.insert(lines.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(header.size(), 0);
  for (Row& line : lines) {
    for (std::string& cell : line) cell = printable(cell);
    for (std::size_t i = 0; i < std::min(line.size(), widths.size()); ++i) {
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  std::string out;
  const std::size_t columns = output_columns();
  for (const Row& line : lines) append_row(out, line, widths, columns);
  return out;
}

}  // namespace dbxauth::cli
