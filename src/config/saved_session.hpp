// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_sources.hpp"

namespace dbxauth::config {

/// A saved session counts for eight hours from its timestamp, as in Clone-Xs.
inline constexpr std::chrono::hours kSavedSessionLifetime{8};

/// Reads the session that Clone-Xs saved: `~/.clone-xs/session.json` (its documentation) or `~/.clxs-session.json` (its
/// code), a JSON object with `host`, `timestamp` (seconds since 1970) and optionally `token` and `warehouse_id`. The
/// newest one that has not expired is taken. What cannot be used becomes a warning and never an error.
std::optional<AttributeLayer> read_saved_session(std::string_view home, std::chrono::system_clock::time_point now,
                                                 std::vector<std::string>& warnings);

}  // namespace dbxauth::config
