// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_TOKEN_CACHE_HPP
#define DBXAUTH_TOKEN_CACHE_HPP

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth {

/// Where tokens are kept between calls, threads and processes. Programs may implement their own.
/// Implementations must be thread-safe and must not throw.
class TokenCache {
 public:
  virtual ~TokenCache() = default;

  /// A word for reports: "memory", "file", "keyring".
  virtual std::string_view kind() const noexcept = 0;
  /// Where it is, for people: a path, "OS keyring (service: databricks-cli)".
  virtual std::string location() const = 0;

  /// The token under `key`; ErrorCode::not_found when there is none.
  virtual Result<Token> get(std::string_view key, const CallContext& context) = 0;
  /// Stores `token` under every key of `keys` in one step: all or none.
  virtual Result<void> put(const std::vector<std::string>& keys, const Token& token, const CallContext& context) = 0;
  /// Removes `key`; removing what is not there is success.
  virtual Result<void> remove(std::string_view key, const CallContext& context) = 0;
  /// The keys that are stored.
  virtual Result<std::vector<std::string>> list(const CallContext& context) = 0;
  /// Success when tokens can be stored; otherwise ErrorCode::storage_unavailable or io with the reason.
  virtual Result<void> availability(const CallContext& context) = 0;
};

/// Lives as long as the object; wiped when it goes.
std::shared_ptr<TokenCache> make_memory_token_cache();

/// The Databricks CLI's token cache file (version 1) at `path`; an empty path means `~/.databricks/token-cache.json`.
/// Nothing is created before the first put(). Writes are atomic, fsynced and serialised between processes.
Result<std::shared_ptr<TokenCache>> make_file_token_cache(std::string path);

/// How the operating system's keyring is used.
struct KeyringOptions {
  /// Longest time of one call. The keyring is asked on a thread of its own: a daemon that hangs costs this much, and
  /// neither a caller nor the end of the process ever waits for it.
  std::chrono::milliseconds timeout{3000};
  /// Whether a locked keyring may ask its owner to unlock it; then the call's own deadline counts instead of `timeout`.
  bool may_prompt = false;
  /// Replaces the process environment when the session bus is looked for. Unset: the environment of the process.
  std::optional<std::map<std::string, std::string>> environment;
};

/// The Secret Service of the desktop session (gnome-keyring, KWallet, KeePassXC), through libsecret, which is loaded on
/// first use. Items are those of the official Databricks CLI: attributes exactly `service` = "databricks-cli" and
/// `username` = key, JSON `{"token": {…}}`, in the collection `login` where there is one, else in the default one. A
/// token that does not fit into one item is cut into several behind a manifest.
///
/// kind() is "keyring". Errors: ErrorCode::storage_unavailable when there is no bus, no service, or the keyring is
/// locked and may not ask (the message says which, and what to do); timed_out when it hangs, and then for five seconds
/// at once. A write that timed out is never applied later over a newer one.
std::shared_ptr<TokenCache> make_keyring_token_cache(KeyringOptions options = {});

/// Where the key of an encrypted token cache comes from: the first of these that is set.
struct EncryptedFileOptions {
  std::string path;      ///< Empty: `~/.databricks/token-cache.enc`.
  std::string key_file;  ///< A file of at least 32 bytes that only its owner can read (a mounted secret).
  /// Asks for a passphrase, once per process; it is stretched with scrypt (RFC 7914). ErrorCode::cancelled ends the
  /// call.
  std::function<Result<SecretString>()> passphrase;
  /// Keep a random key in the kernel's user keyring (keyctl(2)): it is gone after a restart, and the logins with it.
  bool kernel_keyring = false;
};

/// An encrypted file for machines without a keyring: each entry sealed with AES-256-GCM under a key derived from the
/// one of `options`, its name bound in; atomic, locked and fsynced as the plain file is. kind() is "encrypted-file".
/// ErrorCode::configuration when no key is configured or the key file is readable by others; authentication_failed for
/// a wrong key or passphrase, and then nothing is written.
Result<std::shared_ptr<TokenCache>> make_encrypted_file_token_cache(EncryptedFileOptions options);

}  // namespace dbxauth

#endif
