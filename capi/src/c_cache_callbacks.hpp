// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "c_guard.hpp"
#include "c_handles.hpp"

namespace dbxauth::capi {

/// A token cache of the host program. `callbacks` has its functions; its user data is `user_data`.
std::shared_ptr<TokenCache> make_callback_token_cache(std::string kind, std::string location,
                                                      const dbxauth_token_cache_callbacks& callbacks,
                                                      std::shared_ptr<UserData> user_data);

/// Asks the host program for a passphrase, each time that it is called.
std::function<Result<SecretString>()> make_passphrase_question(dbxauth_passphrase_fn ask,
                                                               std::shared_ptr<UserData> user_data);

/// One entry of the Databricks CLI's token cache file. `what` names the token in the message, which quotes nothing of
/// it.
Result<Token> read_token_json(std::string_view json, std::string_view what);

/// The time that a callback has: -1 when there is no limit.
std::int64_t time_left_ms(const CallContext& context);

}  // namespace dbxauth::capi
