// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "metastore.hpp"

namespace dbxauth::emulator {

/// Principals that every seed makes. The tokens and secrets that go with them belong to the HTTP side.
struct SeedPrincipals {
  static constexpr const char* admin = "alice@example.com";     ///< Metastore admin.
  static constexpr const char* analyst = "bob@example.com";     ///< Reads part of `production`.
  static constexpr const char* outsider = "carol@example.com";  ///< No rights beyond `account users`.
  static constexpr const char* odd_name = "o`brien@example.com";
  /// Application id of the service principal behind client_id/client_secret: USE, SELECT, EXECUTE, READ_VOLUME and
  /// MANAGE on `production`, CREATE_CATALOG on the metastore.
  static constexpr const char* service_principal = "7d0f3c52-9f5e-4c1b-8a44-5b1f0e2a6c11";
  static constexpr const char* service_principal_display_name = "clone-runner";
  static constexpr const char* analysts = "analysts";
  static constexpr const char* account_users = "account users";
};

/// Fills an empty metastore. `spec` is
///  * "empty": principals, no catalog;
///  * "demo": `production` (TPC-H tables, views, functions, volumes, tags, grants, hostile names), `main`, `samples`;
///  * "tables:N,schemas:M": a catalog `production` with N tables of two rows spread over M schemas (N ≤ 200000).
/// Anything else is INVALID_PARAMETER_VALUE. Deterministic: the same spec gives the same rows and names.
Outcome<void> seed_metastore(Metastore& metastore, std::string_view spec);

}  // namespace dbxauth::emulator
