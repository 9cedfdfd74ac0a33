// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <algorithm>
#include <cstdio>

#include "exit_status.hpp"

namespace dbxauth::cli {

namespace {

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void append_row(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += cells[i];
    if (i + 1 < cells.size()) out.append(widths[i] - display_width(cells[i]) + 2, ' ');
  }
  out += '\n';
}

std::string attempts_text(const std::vector<Attempt>& attempts) {
  std::string text;
  for (const Attempt& attempt : attempts) {
    text += "  " + attempt.strategy;
    if (!attempt.layer.empty()) text += " (" + attempt.layer + ")";
    text += ": " + std::string(to_string(attempt.verdict));
    if (!attempt.reason.empty()) text += ": " + attempt.reason;
    text += '\n';
    if (!attempt.fix.empty()) text += "      fix: " + attempt.fix + '\n';
  }
  return text;
}

}  // namespace

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
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
    print("{\"schema\":1,\"error\":" + to_json(error) + "}\n");
    return status;
  }
  tell("Error: " + printable(error.message) + "\n");
  if (!error.attempts.empty()) tell("What was tried, in order:\n" + attempts_text(error.attempts));
  return status;
}

std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(header.size(), 0);
  for (std::size_t i = 0; i < header.size(); ++i) widths[i] = display_width(header[i]);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string out;
  append_row(out, header, widths);
  for (const auto& row : rows) append_row(out, row, widths);
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t') {
      out += ' ';
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\xEF\xBF\xBD";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace dbxauth::cli
