// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dbxauth/token_storage.hpp"
#include "platform/environment.hpp"

namespace dbxauth::tokenstore {

/// Gives the text of `[__settings__] auth_storage`; empty when it is not set.
using SettingReader = std::function<Result<std::string>()>;

/// The one resolver of the mode; see resolve_token_storage(). `config_file` names the file in texts; `read_setting` is
/// asked only when neither `stated` nor the variable decides, and its failure is given on.
Result<StorageChoice> choose_storage(std::optional<StorageMode> stated, const platform::Environment& environment,
                                     const std::string& config_file, const SettingReader& read_setting);

/// `stated`, else DBXAUTH_STORAGE_MIN, else none. ErrorCode::configuration names the variable.
Result<StorageMinimum> choose_minimum(std::optional<StorageMinimum> stated, const platform::Environment& environment);

/// ErrorCode::storage_unavailable, saying who chose the mode, when it is below the minimum.
Result<void> check_minimum(const StorageChoice& choice, StorageMinimum minimum);

}  // namespace dbxauth::tokenstore
