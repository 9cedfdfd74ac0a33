// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/json_reader.hpp"

namespace dbxauth::emulator {

/// What `POST /_emulator/settings` may change while the server runs. Thread-safe.
struct Settings {
  std::atomic<std::int64_t> oauth_token_lifetime_s{3600};
  std::atomic<std::int64_t> entra_token_lifetime_s{3600};
  std::atomic<std::int64_t> google_token_lifetime_s{3599};
  std::atomic<std::int64_t> id_token_lifetime_s{300};  ///< Of GitHub Actions and Azure Pipelines; 0: expired at once.
  std::atomic<std::int64_t> external_link_lifetime_s{900};  ///< The platform's links live 15 minutes at most.
  std::atomic<std::int64_t> external_link_uses{0};    ///< Downloads a link is good for; 0: any number until it expires.
  std::atomic<std::int64_t> warehouse_start_ms{300};  ///< STARTING to RUNNING.
  std::atomic<std::int64_t> statement_delay_ms{0};    ///< Each statement runs at least this long.
  std::atomic<std::int64_t> inline_limit_bytes{25 * 1024 * 1024};
  std::atomic<std::int64_t> chunk_bytes{4 * 1024 * 1024};  ///< Target size of one chunk of a result.
  std::atomic<std::int64_t> page_size{0};                  ///< Upper bound of every UC page; 0: the platform's own.
  std::atomic<bool> external_link_headers{false};  ///< Links work only with the http_headers that came with them.
  std::atomic<bool> empty_pages{false};            ///< Every other UC page is empty and carries a next_page_token.

  std::string default_user() const;  ///< Who /oidc/v1/authorize approves without login_hint.
  void set_default_user(std::string name);
  /// Default audience of ID tokens that the host metadata announces and every federation policy accepts; empty: none.
  std::string federation_audience() const;
  void set_federation_audience(std::string audience);

  /// Applies the members of an object. Throws RequestError on an unknown name or wrong value, then nothing is changed.
  void apply(base::JsonView object);
  std::string to_json() const;

 private:
  mutable std::mutex mutex_;
  std::string default_user_;
  std::string federation_audience_;
};

}  // namespace dbxauth::emulator
