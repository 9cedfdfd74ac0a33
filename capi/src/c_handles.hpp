// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "c_guard.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/client.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/secret_string.hpp"
#include "dbxauth/token_cache.hpp"

struct dbxauth_string {
  dbxauth::SecretString text;  // ends with a NUL that is not counted by dbxauth_string_size
};

struct dbxauth_cancel {
  dbxauth::CancelSource source;
};

struct dbxauth_client {
  dbxauth::Client client;
};

struct dbxauth_headers {
  dbxauth::AuthHeadersPtr headers;
  std::vector<dbxauth::SecretString> terminated_values;
};

struct dbxauth_headers_builder {
  dbxauth::AuthHeaders headers;
  std::string reason;
};

struct dbxauth_provider {
  std::shared_ptr<dbxauth::CredentialProvider> provider;
};

struct dbxauth_token_cache {
  explicit dbxauth_token_cache(std::shared_ptr<dbxauth::TokenCache> made)
      : cache(std::move(made)), kind(cache->kind()), location(cache->location()) {}

  std::shared_ptr<dbxauth::TokenCache> cache;
  std::string kind;
  std::string location;
};

struct dbxauth_cache_reply {
  dbxauth::SecretString secret;
  bool has_secret = false;
  std::vector<std::string> keys;
  std::string reason;
};

namespace dbxauth::capi {

inline std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

std::unique_ptr<dbxauth_string> make_string(std::string_view text);

/// The context of a call with its options.
Result<CallContext> read_call(const dbxauth_call_options* options);

/// Asks a provider made by dbxauth_provider_new as the notebook of a client.
Result<NotebookContext> ask_notebook(CredentialProvider& provider);

}  // namespace dbxauth::capi
