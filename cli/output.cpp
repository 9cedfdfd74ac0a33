// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "exit_status.hpp"

namespace dbxauth::cli {

namespace {

using Row = std::vector<std::string>;

void append_row(std::string& out, const Row& cells, const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += cells[i];
    if (i + 1 < cells.size()) out.append(widths[i] - display_width(cells[i]) + 2, ' ');
  }
  out += '\n';
}

std::string attempts_text(const std::vector<Attempt>& attempts) {
  std::string text;
  for (const Attempt& attempt : attempts) {
    text += "  " + printable(attempt.strategy);
    if (!attempt.layer.empty()) text += " (" + printable(attempt.layer) + ")";
    text += ": " + std::string(to_string(attempt.verdict));
    if (!attempt.reason.empty()) text += ": " + printable(attempt.reason);
    text += '\n';
    if (!attempt.fix.empty()) text += "      fix: " + printable(attempt.fix) + '\n';
  }
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
  if (!error.attempts.empty()) tell("What was tried, in order:\n" + attempts_text(error.attempts));
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
  for (const Row& line : lines) append_row(out, line, widths);
  return out;
}

}  // namespace dbxauth::cli
