// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "config/ini_editor.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::config {

/// Reads, changes and writes the profile file at `path` as one step between processes: under `flock` on
/// `<path>.lock`, the file is read again, `change` edits it, the previous bytes go to `<path>.bak` (0600), and the new
/// ones replace the file atomically; a symbolic link stays, the mode stays (a new file is 0600). Nothing is written
/// when nothing changed. A file that cannot be parsed is refused and left alone.
Result<void> edit_profile_file(const std::string& path, const std::function<Result<void>(IniEditor&)>& change,
                               const CallContext& context);

}  // namespace dbxauth::config
