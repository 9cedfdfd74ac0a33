// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "dbxauth/result.hpp"

namespace dbxauth::tokenstore {

/// The absolute path of a store's file: `path` with `~` replaced, or `name` below the home directory when it is empty.
/// ErrorCode::storage_unavailable when there is no home directory to fall back to.
Result<std::string> store_path(std::string path, std::string_view name);

/// Success when a file at `path` could be made or replaced: its directory, or the nearest one above it that exists, may
/// be written, and for a link also that of the file that it names. ErrorCode::storage_unavailable otherwise.
Result<void> check_store_writable(const std::string& path);

/// Keeps `text`, the contents of a damaged file, as `<path>.corrupt-<time>-<random>`. A copy, not a rename: other
/// programs never see the store missing. Returns the copy's path.
Result<std::string> set_aside(const std::string& path, std::string_view text);

}  // namespace dbxauth::tokenstore
