// SPDX-License-Identifier: Apache-2.0
#include "progress_bar.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "output.hpp"

namespace dbxauth::cli {

namespace {

constexpr std::size_t bar_width = 24;

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

/// A terminal that does not say what it is, or says "dumb", takes no control sequences.
bool is_drawable() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && kind != nullptr && *kind != '\0' && std::strcmp(kind, "dumb") != 0;
}

}  // namespace

ProgressBar::ProgressBar() : terminal_(is_drawable()) {}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::show(const Progress& progress) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  const bool last = progress.total > 0 && progress.done == progress.total;
  if (progress.phase == last_phase_ && !last && now - last_draw_ < std::chrono::milliseconds(100)) return;
  last_phase_ = progress.phase;
  last_draw_ = now;
  draw(progress);
  drawn_ = true;
}

void ProgressBar::draw(const Progress& progress) const {
  std::string line = progress.phase;
  if (progress.total > 0) {
    const auto filled =
        static_cast<std::size_t>(static_cast<std::int64_t>(bar_width) *
                                 std::clamp<std::int64_t>(progress.done, 0, progress.total) / progress.total);
    line += " [" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] " +
            std::to_string(progress.done) + "/" + std::to_string(progress.total);
    if (progress.failed > 0) line += ", " + std::to_string(progress.failed) + " failed";
  }
  if (!progress.current.empty()) line += "  " + printable(progress.current);
  tell("\r\x1b[K" + shortened(line, terminal_columns() - 1));
}

void ProgressBar::clear() {
  if (drawn_) tell("\r\x1b[K");
  drawn_ = false;
}

}  // namespace dbxauth::cli
