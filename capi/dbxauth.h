/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dbxauth: the stable C interface (libdbxauth.so.1).
 *
 * Rules that hold for every function (docs/c-abi.md has them all, with the test of each):
 *  - Handles are opaque. Whatever a `_new`, `_start` or an out-parameter gives is released with the `_free` of its
 * type;
 *    `_free(NULL)` does nothing. Never call free() on anything that came from here.
 *  - Fallible functions return DBXAUTH_OK or a status and take `dbxauth_error **error` last. It may be NULL; otherwise
 *    `*error` must be NULL on entry and receives an error object on failure, to be freed by the caller.
 *  - Text is UTF-8. Names and JSON inputs are NUL-terminated unless a size goes with them; secrets are pointer + size,
 *    so that they can come from memory that the caller wipes.
 *  - Borrowed pointers are valid until their owner is freed or, where stated, changed.
 *  - Option structs start with `struct_size`: fill them with their `_init` function. Zero always means the default.
 *    A newer program may pass a longer struct to an older library as long as the fields it does not know are zero.
 *  - A callback comes with `user_data` and `destroy`. From the moment of the call the library owns `user_data` and
 * calls `destroy(user_data)` exactly once, also when the call fails, on whichever thread drops the last use, with no
 * lock of the library held. `destroy` may be NULL. Callbacks must not unwind (no C++ exception, no longjmp).
 *  - Nothing is printed, no signal handler, locale or environment variable is changed, the process is never ended.
 */
#ifndef DBXAUTH_H
#define DBXAUTH_H

#include <stddef.h>
#include <stdint.h>

#if defined(DBXAUTH_BUILDING_LIBRARY) && defined(__GNUC__)
#define DBXAUTH_API __attribute__((visibility("default")))
#else
#define DBXAUTH_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status ------------------------------------------------------------------------------------------------------ */

typedef int32_t dbxauth_status;

/* Values are never reused and never change meaning. Their names (dbxauth_status_name) are stable too. */
enum {
  DBXAUTH_OK = 0,
  DBXAUTH_E_INTERNAL = 1,
  DBXAUTH_E_INVALID_ARGUMENT = 2,
  DBXAUTH_E_CONFIGURATION = 3,
  DBXAUTH_E_NO_CREDENTIALS = 4,
  DBXAUTH_E_AUTHENTICATION_FAILED = 5,
  DBXAUTH_E_PERMISSION_DENIED = 6,
  DBXAUTH_E_NOT_FOUND = 7,
  DBXAUTH_E_ALREADY_EXISTS = 8,
  DBXAUTH_E_RATE_LIMITED = 9,
  DBXAUTH_E_UNAVAILABLE = 10,
  DBXAUTH_E_TIMED_OUT = 11,
  DBXAUTH_E_CANCELLED = 12,
  DBXAUTH_E_NETWORK = 13,
  DBXAUTH_E_TLS = 14,
  DBXAUTH_E_PROTOCOL = 15,
  DBXAUTH_E_NOT_DATABRICKS = 16,
  DBXAUTH_E_SERVER_ERROR = 17,
  DBXAUTH_E_SQL_FAILED = 18,
  DBXAUTH_E_IO = 19,
  DBXAUTH_E_UNSUPPORTED = 20,
  DBXAUTH_E_STORAGE_UNAVAILABLE = 21,
  DBXAUTH_E_USER_CALLBACK = 22, /* a callback of the caller failed; never produced by the library itself */
  DBXAUTH_E_OUT_OF_MEMORY = 23,
  DBXAUTH_E_PARTIAL_FAILURE = 24
};

/* What a callback returns: 0 done, 1 declined (the next way is tried), negative: stop with DBXAUTH_E_USER_CALLBACK. */
enum { DBXAUTH_CALLBACK_DONE = 0, DBXAUTH_CALLBACK_DECLINED = 1, DBXAUTH_CALLBACK_FAILED = -1 };

/* "ok", "no_credentials", …; "unknown" for other values. Static storage. Any thread. */
DBXAUTH_API const char* dbxauth_status_name(dbxauth_status status);

/* ---- version ----------------------------------------------------------------------------------------------------- */

/* ABI of the running library: major << 16 | minor. A program works with the same major and an equal or higher minor. */
DBXAUTH_API uint32_t dbxauth_abi_version(void);
/* "0.1.0". Static storage. */
DBXAUTH_API const char* dbxauth_version_string(void);
/* 1 when the build has the feature, else 0: "clone", "sql", "token-cache-file", "token-cache-memory",
 * "provider-callback", "profiles", "diagnosis", "token-cache" (the dbxauth_token_cache functions). Unknown names give
 * 0. */
DBXAUTH_API int32_t dbxauth_has_feature(const char* name);

#define DBXAUTH_ABI_VERSION ((uint32_t)((1u << 16) | 0u))

/* ---- types ------------------------------------------------------------------------------------------------------- */

typedef struct dbxauth_error dbxauth_error;
typedef struct dbxauth_string dbxauth_string;
typedef struct dbxauth_cancel dbxauth_cancel;
typedef struct dbxauth_client dbxauth_client;
typedef struct dbxauth_headers dbxauth_headers;
typedef struct dbxauth_headers_builder dbxauth_headers_builder;
typedef struct dbxauth_provider dbxauth_provider;
typedef struct dbxauth_operation dbxauth_operation;
typedef struct dbxauth_token_cache dbxauth_token_cache;
typedef struct dbxauth_cache_reply dbxauth_cache_reply;

/* Bytes owned by somebody else; `data` need not be NUL-terminated and may be NULL when `size` is 0. */
typedef struct dbxauth_bytes {
  const char* data;
  size_t size;
} dbxauth_bytes;

/* A configuration attribute. Frozen: this struct never grows. */
typedef struct dbxauth_attribute {
  const char* name;    /* "host", "token", "client_id", … as in .databrickscfg; or an environment variable's name */
  dbxauth_bytes value; /* copied; may be wiped after the call */
  const char* place;   /* where it came from, for reports ("--host"); NULL: the name */
} dbxauth_attribute;

typedef void (*dbxauth_destroy_fn)(void* user_data);

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* Accessors never fail; pointers are borrowed from the error and never NULL. An error may be read from any thread. */
DBXAUTH_API dbxauth_status dbxauth_error_code(const dbxauth_error* error);
DBXAUTH_API const char* dbxauth_error_message(const dbxauth_error* error);
/* Everything as JSON, "schema": 1: code, message, attempts[], http_status, retryable, retry_after_ms, server_code,
 * sql_state, request_id. */
DBXAUTH_API const char* dbxauth_error_details_json(const dbxauth_error* error);
DBXAUTH_API int32_t dbxauth_error_http_status(const dbxauth_error* error); /* 0: no HTTP answer */
DBXAUTH_API int32_t dbxauth_error_is_retryable(const dbxauth_error* error);
DBXAUTH_API int64_t dbxauth_error_retry_after_ms(const dbxauth_error* error); /* -1: not stated */
DBXAUTH_API void dbxauth_error_free(dbxauth_error* error);

/* ---- owned text -------------------------------------------------------------------------------------------------- */

/* NUL-terminated at [size]; wiped when freed. */
DBXAUTH_API const char* dbxauth_string_data(const dbxauth_string* text);
DBXAUTH_API size_t dbxauth_string_size(const dbxauth_string* text);
DBXAUTH_API void dbxauth_string_free(dbxauth_string* text);

/* ---- cancellation ------------------------------------------------------------------------------------------------ */

/* Passed into blocking calls through dbxauth_call_options. dbxauth_cancel_trigger: any thread, any time, any number of
 * times; a triggered object stays triggered. Freeing it while a call uses it is allowed. NULL when out of memory. */
DBXAUTH_API dbxauth_cancel* dbxauth_cancel_new(void);
DBXAUTH_API void dbxauth_cancel_trigger(dbxauth_cancel* cancel);
DBXAUTH_API void dbxauth_cancel_free(dbxauth_cancel* cancel);

/* Limits of one blocking call. */
typedef struct dbxauth_call_options {
  size_t struct_size;
  int64_t timeout_ms;     /* 0: the limit that the function documents */
  dbxauth_cancel* cancel; /* NULL: none */
} dbxauth_call_options;
DBXAUTH_API void dbxauth_call_options_init(dbxauth_call_options* options, size_t struct_size);

/* ---- logging ----------------------------------------------------------------------------------------------------- */

enum {
  DBXAUTH_LOG_OFF = 0,
  DBXAUTH_LOG_ERROR = 1,
  DBXAUTH_LOG_WARNING = 2,
  DBXAUTH_LOG_INFO = 3,
  DBXAUTH_LOG_DEBUG = 4,
  DBXAUTH_LOG_TRACE = 5
};

/* Texts are redacted, NUL-terminated, valid during the call.
 * Called on any thread, possibly on several at once. The sink may call the library, but a call that needs the token
 * which its own thread is obtaining just then fails with DBXAUTH_E_UNAVAILABLE. */
typedef void (*dbxauth_log_fn)(void* user_data, int32_t level, const char* subject, const char* message);
/* Installs the process-wide sink; a NULL function or DBXAUTH_LOG_OFF removes it. When it returns, the previous sink is
 * not called any more and has been destroyed. Not from inside a sink. */
DBXAUTH_API void dbxauth_set_log_callback(int32_t level, dbxauth_log_fn log, void* user_data,
                                          dbxauth_destroy_fn destroy);

/* ---- providers of the host program ---------------------------------------------------------------------------------
 */

/* Puts headers into `headers` that stay valid for at least `min_validity_seconds`; must return within `timeout_ms`
 * (-1: no limit). Called on the thread that needs them, with no lock of the library held; several threads may call at
 * once. Called again only when the headers of the last call run out; a call that sets no expiry is repeated each time.
 */
typedef int32_t (*dbxauth_provider_fn)(void* user_data, int32_t min_validity_seconds, int64_t timeout_ms,
                                       dbxauth_headers_builder* headers);
/* Only inside a provider callback. The value is copied. Returns DBXAUTH_OK or DBXAUTH_E_INVALID_ARGUMENT (a name or
 * value that HTTP does not allow). */
DBXAUTH_API dbxauth_status dbxauth_headers_builder_add(dbxauth_headers_builder* headers, const char* name,
                                                       const char* value, size_t value_size);
/* Seconds since 1970-01-01 UTC. */
DBXAUTH_API void dbxauth_headers_builder_set_expiry(dbxauth_headers_builder* headers, int64_t expires_at_unix_seconds);
/* Reason of a decline or failure, for the report. Copied, redacted. */
DBXAUTH_API void dbxauth_headers_builder_set_reason(dbxauth_headers_builder* headers, const char* reason);

/* `name` appears in reports ("vault"). The object may be put into several clients; free it when they have it: clients
 * keep their own reference. `destroy` runs once, when the last reference goes. */
DBXAUTH_API dbxauth_status dbxauth_provider_new(const char* name, dbxauth_provider_fn provide, void* user_data,
                                                dbxauth_destroy_fn destroy, dbxauth_provider** out,
                                                dbxauth_error** error);
DBXAUTH_API void dbxauth_provider_free(dbxauth_provider* provider);

/* ---- token caches --------------------------------------------------------------------------------------------------
 */

/* Where logins are kept between calls, threads and processes. A cache may be put into several clients; free it when
 * they have it: clients keep their own reference. All functions may be called on any thread, several at once.
 *
 * A key is UTF-8, not empty: a profile's name, or the host of a login without a profile. A token is the JSON of one
 * entry of the Databricks CLI's token cache file: access_token, token_type, refresh_token, expiry (RFC 3339; none: left
 * out or year 1), expires_in (seconds, optional). At least one of access_token and refresh_token is there. Secret. */

/* How a callback of a cache answers; valid during the call only, to be used on the thread of the call.
 * The JSON of a token, or a passphrase. Copied. DBXAUTH_OK or DBXAUTH_E_INVALID_ARGUMENT (NULL). */
DBXAUTH_API dbxauth_status dbxauth_cache_reply_set_secret(dbxauth_cache_reply* reply, const char* data, size_t size);
/* One more key. Copied. DBXAUTH_OK or DBXAUTH_E_INVALID_ARGUMENT (NULL, empty, not UTF-8). */
DBXAUTH_API dbxauth_status dbxauth_cache_reply_add_key(dbxauth_cache_reply* reply, const char* key);
/* Reason of a failure, for the error. Copied, redacted. */
DBXAUTH_API void dbxauth_cache_reply_set_reason(dbxauth_cache_reply* reply, const char* reason);

/* Callbacks return DBXAUTH_OK or DBXAUTH_E_CONFIGURATION, _PERMISSION_DENIED, _UNAVAILABLE, _TIMED_OUT, _CANCELLED,
 * _NETWORK, _IO, _UNSUPPORTED, _STORAGE_UNAVAILABLE, _OUT_OF_MEMORY; every other value counts as
 * DBXAUTH_E_USER_CALLBACK. They must return within `timeout_ms` (-1: no limit). They are called on the thread that
 * needs the token, with no lock of the library held, several at once.
 *
 * Puts the token under `key` into `reply`; DBXAUTH_E_NOT_FOUND when there is none. */
typedef dbxauth_status (*dbxauth_cache_get_fn)(void* user_data, const char* key, int64_t timeout_ms,
                                               dbxauth_cache_reply* reply);
/* Stores the token under every one of the keys: all or none. `token_json` is NUL-terminated at [size] and wiped
 * afterwards. */
typedef dbxauth_status (*dbxauth_cache_put_fn)(void* user_data, const char* const* keys, size_t key_count,
                                               const char* token_json, size_t size, int64_t timeout_ms,
                                               dbxauth_cache_reply* reply);
/* Removes `key`; that it is not there is success. */
typedef dbxauth_status (*dbxauth_cache_remove_fn)(void* user_data, const char* key, int64_t timeout_ms,
                                                  dbxauth_cache_reply* reply);
/* Puts the keys that are stored into `reply`. */
typedef dbxauth_status (*dbxauth_cache_list_fn)(void* user_data, int64_t timeout_ms, dbxauth_cache_reply* reply);
/* DBXAUTH_OK when tokens can be stored, else DBXAUTH_E_STORAGE_UNAVAILABLE with the reason. */
typedef dbxauth_status (*dbxauth_cache_availability_fn)(void* user_data, int64_t timeout_ms,
                                                        dbxauth_cache_reply* reply);

typedef struct dbxauth_token_cache_callbacks {
  size_t struct_size;
  void* user_data;
  dbxauth_destroy_fn destroy;
  dbxauth_cache_get_fn get;
  dbxauth_cache_put_fn put;
  dbxauth_cache_remove_fn remove;
  dbxauth_cache_list_fn list;
  dbxauth_cache_availability_fn availability; /* NULL: tokens can always be stored */
} dbxauth_token_cache_callbacks;
DBXAUTH_API void dbxauth_token_cache_callbacks_init(dbxauth_token_cache_callbacks* callbacks, size_t struct_size);

/* A cache of the host program. `kind` is a word for reports ("vault"), `location` says where it is, for people; NULL:
 * `kind`. A refresh reads it, asks for a new token and writes it: where several clients or processes use the same store
 * they may refresh at the same time. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_new(const char* kind, const char* location,
                                                   const dbxauth_token_cache_callbacks* callbacks,
                                                   dbxauth_token_cache** out, dbxauth_error** error);
/* Lives as long as the object; wiped when it goes. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_memory_new(dbxauth_token_cache** out, dbxauth_error** error);
/* The Databricks CLI's token cache file. `path` NULL: ~/.databricks/token-cache.json. Nothing is created before the
 * first token is stored. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_file_new(const char* path, dbxauth_token_cache** out,
                                                        dbxauth_error** error);
/* The keyring of the desktop session (gnome-keyring, KWallet, KeePassXC), with the items of the Databricks CLI. Nothing
 * is asked yet. One call takes `timeout_ms` at most (0: 3000). With `may_prompt` 1 a locked keyring may ask its owner
 * to unlock it; then the call's own limit counts instead. Later: DBXAUTH_E_STORAGE_UNAVAILABLE where there is no bus,
 * no service, or the keyring is locked; DBXAUTH_E_TIMED_OUT where it hangs. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_keyring_new(int32_t timeout_ms, int32_t may_prompt,
                                                           dbxauth_token_cache** out, dbxauth_error** error);
/* Puts a passphrase into `reply` with dbxauth_cache_reply_set_secret. Answers as the callbacks of a cache;
 * DBXAUTH_E_CANCELLED when its owner gave none. On the thread that needs it, one at a time; it must not use the cache
 * that asks. */
typedef dbxauth_status (*dbxauth_passphrase_fn)(void* user_data, dbxauth_cache_reply* reply);

/* The key comes from the first of key_file, passphrase and kernel_keyring that is given. */
typedef struct dbxauth_encrypted_file_options {
  size_t struct_size;
  void* user_data;
  dbxauth_destroy_fn destroy;
  dbxauth_passphrase_fn passphrase; /* asked once, and again after a wrong one; stretched with scrypt; NULL: none */
  const char* path;                 /* NULL: ~/.databricks/token-cache.enc */
  const char* key_file;             /* at least 32 bytes that only their owner can read; NULL: none */
  int32_t kernel_keyring;           /* 1: a random key in the kernel's user keyring, gone after a restart */
  int32_t reserved0;                /* must be 0 */
} dbxauth_encrypted_file_options;
DBXAUTH_API void dbxauth_encrypted_file_options_init(dbxauth_encrypted_file_options* options, size_t struct_size);

/* A file for machines without a keyring, sealed with AES-256-GCM. Nothing is created or asked yet.
 * DBXAUTH_E_CONFIGURATION when no key is configured or others can read the key file; later
 * DBXAUTH_E_AUTHENTICATION_FAILED for a wrong key or passphrase, and then nothing is written. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_encrypted_file_new(const dbxauth_encrypted_file_options* options,
                                                                  dbxauth_token_cache** out, dbxauth_error** error);
DBXAUTH_API void dbxauth_token_cache_free(dbxauth_token_cache* cache);

/* "memory", "file", "keyring", "encrypted-file", or what the host program named. Borrowed from the cache. */
DBXAUTH_API const char* dbxauth_token_cache_kind(const dbxauth_token_cache* cache);
DBXAUTH_API const char* dbxauth_token_cache_location(const dbxauth_token_cache* cache);

/* Direct use. No refresh: what is stored, expired or not. `call` NULL: the limits of the cache itself.
 * The token under `key`; DBXAUTH_E_NOT_FOUND when there is none. Secret. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_get_json(dbxauth_token_cache* cache, const char* key,
                                                        const dbxauth_call_options* call, dbxauth_string** out,
                                                        dbxauth_error** error);
/* Stores a token under every one of the keys: all or none. Unknown members of `token_json` are ignored. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_put_json(dbxauth_token_cache* cache, const char* const* keys,
                                                        size_t key_count, const char* token_json, size_t token_size,
                                                        const dbxauth_call_options* call, dbxauth_error** error);
/* Removing what is not there is success. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_remove(dbxauth_token_cache* cache, const char* key,
                                                      const dbxauth_call_options* call, dbxauth_error** error);
/* JSON, "schema": 1, keys[]. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_keys_json(dbxauth_token_cache* cache, const dbxauth_call_options* call,
                                                         dbxauth_string** out, dbxauth_error** error);
/* DBXAUTH_OK when tokens can be stored; otherwise DBXAUTH_E_STORAGE_UNAVAILABLE or DBXAUTH_E_IO with the reason. */
DBXAUTH_API dbxauth_status dbxauth_token_cache_availability(dbxauth_token_cache* cache,
                                                            const dbxauth_call_options* call, dbxauth_error** error);

/* ---- client ------------------------------------------------------------------------------------------------------ */

/* A client may be used from several threads at once. */
typedef struct dbxauth_client_options {
  size_t struct_size;
  const char* profile;                 /* explicitly named profile; NULL: none */
  const char* config_file;             /* NULL: DATABRICKS_CONFIG_FILE, else ~/.databrickscfg */
  const char* chain_rules;             /* "layered", "clone-xs", "databricks-sdk"; NULL: DBXAUTH_CHAIN, else layered */
  const dbxauth_attribute* attributes; /* explicit attributes, above everything else */
  size_t attribute_count;
  const dbxauth_attribute* environment; /* used instead of the process environment when replace_environment is 1 */
  size_t environment_count;
  int32_t replace_environment;
  int32_t load_dotenv;                /* 1: read a .env file */
  const char* dotenv_file;            /* NULL: .env in the current directory */
  const char* ca_bundle;              /* PEM file; NULL: as documented in docs/network.md */
  const char* proxy;                  /* URL; NULL: from the environment */
  const char* product;                /* "name/version" for the User-Agent; NULL: none */
  int32_t connect_timeout_ms;         /* 0: 5000 */
  int32_t attempt_timeout_ms;         /* 0: 15000 */
  int32_t auth_timeout_ms;            /* 0: 45000 */
  int32_t reserved0;                  /* must be 0 */
  dbxauth_provider* const* providers; /* tried before every built-in strategy */
  size_t provider_count;
  dbxauth_provider* notebook; /* asked last: its first Authorization header is taken, and its host from the header
                                 "X-Dbxauth-Host"; NULL: none */
  const dbxauth_attribute* custom_headers; /* sent along with the credentials of every built-in strategy and part of
                                              dbxauth_client_headers; `place` is not read; Authorization, Host and
                                              headers of the transfer are refused */
  size_t custom_header_count;
  int32_t probe_budget_ms;    /* 0: 3000; for strategies that nobody asked for and that look on the network whether they
                                 apply */
  int32_t program_timeout_ms; /* 0: 30000; longest run of a program, such as the Azure CLI */
  dbxauth_token_cache* token_cache; /* where shared logins are read, renewed and written back; NULL: where the
                                       Databricks CLI keeps them */
} dbxauth_client_options;
DBXAUTH_API void dbxauth_client_options_init(dbxauth_client_options* options, size_t struct_size);

/* Resolves the configuration; no network, no programs. `options` NULL: all defaults. */
DBXAUTH_API dbxauth_status dbxauth_client_new(const dbxauth_client_options* options, dbxauth_client** out,
                                              dbxauth_error** error);
/* Operations that were started with the client may outlive it. */
DBXAUTH_API void dbxauth_client_free(dbxauth_client* client);

/* Headers that authorise a request to the client's host for at least `min_validity_seconds`. Blocks for a refresh only;
 * default limit: auth_timeout_ms. */
DBXAUTH_API dbxauth_status dbxauth_client_headers(dbxauth_client* client, int32_t min_validity_seconds,
                                                  const dbxauth_call_options* call, dbxauth_headers** out,
                                                  dbxauth_error** error);
/* A server refused these headers (401, or 400 or 403 with words about the token): forgets them unless newer ones are
 * there already. */
DBXAUTH_API void dbxauth_client_reject(dbxauth_client* client, const dbxauth_headers* headers);

DBXAUTH_API size_t dbxauth_headers_count(const dbxauth_headers* headers);
DBXAUTH_API const char* dbxauth_headers_name(const dbxauth_headers* headers,
                                             size_t index); /* borrowed; NULL past the end */
DBXAUTH_API const char* dbxauth_headers_value(const dbxauth_headers* headers, size_t index); /* borrowed, secret */
DBXAUTH_API size_t dbxauth_headers_value_size(const dbxauth_headers* headers, size_t index);
DBXAUTH_API int64_t dbxauth_headers_expires_at(const dbxauth_headers* headers); /* unix seconds; INT64_MAX: never */
DBXAUTH_API const char* dbxauth_headers_strategy(const dbxauth_headers* headers);
DBXAUTH_API void dbxauth_headers_free(dbxauth_headers* headers); /* wipes */

/* The access token as `databricks auth token` prints it: JSON access_token, token_type, expiry, expires_in. Secret. */
DBXAUTH_API dbxauth_status dbxauth_client_token_json(dbxauth_client* client, int32_t min_validity_seconds,
                                                     const dbxauth_call_options* call, dbxauth_string** out,
                                                     dbxauth_error** error);
/* Which workspace, as whom, why: JSON, "schema": 1, without secrets: status, details {host, auth_type, profile,
 * configuration {name: {value, source}}}, attempts[], warnings[]; "error" when no credentials were found or they were
 * refused; with `verify` 1 the current user is asked for: username, user_id, workspace_id. */
DBXAUTH_API dbxauth_status dbxauth_client_describe_json(dbxauth_client* client, int32_t verify,
                                                        const dbxauth_call_options* call, dbxauth_string** out,
                                                        dbxauth_error** error);
/* JSON, "schema": 1, catalogs[] (name, catalog_type, owner, comment). Default limit 60 s. */
DBXAUTH_API dbxauth_status dbxauth_client_catalogs_json(dbxauth_client* client, const dbxauth_call_options* call,
                                                        dbxauth_string** out, dbxauth_error** error);
/* The variables that make another tool resolve to the same workspace and credentials. Resolves credentials first. JSON,
 * "schema": 1, env {NAME: value}. Secret. Default limit: auth_timeout_ms. */
DBXAUTH_API dbxauth_status dbxauth_client_environment_json(dbxauth_client* client, const dbxauth_call_options* call,
                                                           dbxauth_string** out, dbxauth_error** error);

/* ---- profiles ---------------------------------------------------------------------------------------------------- */

/* Which profile file, and how its profiles are tried. */
typedef struct dbxauth_profile_options {
  size_t struct_size;
  const char* config_file;              /* NULL: DATABRICKS_CONFIG_FILE, else ~/.databrickscfg */
  const dbxauth_attribute* environment; /* used instead of the process environment when replace_environment is 1 */
  size_t environment_count;
  int32_t replace_environment;
  int32_t parallelism;            /* profiles that are tried at the same time; 0: 8 */
  int32_t per_profile_timeout_ms; /* longest time one profile may take; 0: 5000 */
  int32_t reserved0;              /* must be 0 */
  const char* ca_bundle;          /* PEM file; NULL: as documented in docs/network.md */
  const char* proxy;              /* URL; NULL: from the environment */
} dbxauth_profile_options;
DBXAUTH_API void dbxauth_profile_options_init(dbxauth_profile_options* options, size_t struct_size);

/* These functions have no state: any of them may be called on any thread at any time, and `options` may be NULL. */
/* The profiles with a host or an account id, in the order of the file; none when there is no file. With `check` 1 each
 * is tried by itself, which environment variables with credentials do not change; that it fails is part of the result.
 * With `check` 0 there is no network and `valid` says nothing. JSON, "schema": 1, profiles[] (name, host, account_id,
 * workspace_id, cloud, auth_type, valid, username, default, error {code, message, …}), without secrets; members that
 * say nothing are left out. `auth_type` is what the file states, after a check the strategy that was used. */
DBXAUTH_API dbxauth_status dbxauth_profiles_json(const dbxauth_profile_options* options, int32_t check,
                                                 const dbxauth_call_options* call, dbxauth_string** out,
                                                 dbxauth_error** error);
/* Creates the profile or changes it: sets the attributes in `set` (their `place` is not read), and removes those in
 * `removed`; the others stay. The file is replaced atomically under a lock and its previous bytes are kept in
 * "<file>.bak". `make_default` 1: it becomes the default profile, as the first profile with a host does anyway. A
 * reserved or malformed name, and unknown attributes: DBXAUTH_E_INVALID_ARGUMENT. */
DBXAUTH_API dbxauth_status dbxauth_profile_save(const dbxauth_profile_options* options, const char* name,
                                                const dbxauth_attribute* set, size_t set_count,
                                                const char* const* removed, size_t removed_count, int32_t make_default,
                                                const dbxauth_call_options* call, dbxauth_error** error);
/* When it was the default profile, that setting goes too. DBXAUTH_E_NOT_FOUND, with the names, when there is none. */
DBXAUTH_API dbxauth_status dbxauth_profile_remove(const dbxauth_profile_options* options, const char* name,
                                                  const dbxauth_call_options* call, dbxauth_error** error);
/* DBXAUTH_E_NOT_FOUND, with the names, when there is no such profile. */
DBXAUTH_API dbxauth_status dbxauth_profile_set_default(const dbxauth_profile_options* options, const char* name,
                                                       const dbxauth_call_options* call, dbxauth_error** error);

/* ---- operations -------------------------------------------------------------------------------------------------- */

/* Called on a thread of the operation, calls do not overlap; `progress_json`:
 * {"phase","done","total","failed","current"}. */
typedef void (*dbxauth_progress_fn)(void* user_data, const char* progress_json, size_t size);

typedef struct dbxauth_operation_options {
  size_t struct_size;
  int64_t timeout_ms; /* of the whole operation; 0: none */
  dbxauth_progress_fn progress;
  void* user_data;
  dbxauth_destroy_fn destroy;
} dbxauth_operation_options;
DBXAUTH_API void dbxauth_operation_options_init(dbxauth_operation_options* options, size_t struct_size);

/* Each starts a thread and returns at once. `spec_json`: docs/cloning.md. Results are JSON, "schema": 1. */
/* Result: the inventory of a catalog. `warehouse_id` NULL: chosen. */
DBXAUTH_API dbxauth_status dbxauth_inventory_start(dbxauth_client* client, const char* catalog,
                                                   const char* warehouse_id, const dbxauth_operation_options* options,
                                                   dbxauth_operation** out, dbxauth_error** error);
/* Result: the plan. Changes nothing anywhere. */
DBXAUTH_API dbxauth_status dbxauth_clone_plan_start(dbxauth_client* client, const char* spec_json, size_t spec_size,
                                                    const dbxauth_operation_options* options, dbxauth_operation** out,
                                                    dbxauth_error** error);
/* Runs a plan made by dbxauth_clone_plan_start. Result: the report. */
DBXAUTH_API dbxauth_status dbxauth_clone_run_start(dbxauth_client* client, const char* plan_json, size_t plan_size,
                                                   const dbxauth_operation_options* options, dbxauth_operation** out,
                                                   dbxauth_error** error);
/* Plans and runs. Result: the report. Steps that failed are in the report: the operation itself succeeded. */
DBXAUTH_API dbxauth_status dbxauth_clone_start(dbxauth_client* client, const char* spec_json, size_t spec_size,
                                               const dbxauth_operation_options* options, dbxauth_operation** out,
                                               dbxauth_error** error);
/* Tests everything between this program and the workspace's answer to "who am I". Result: status ("healthy" or
 * "unhealthy"), host, auth_type, steps[] (name, verdict, elapsed_us, detail, fix), attempts[], warnings[], without
 * secrets: steps that failed are in it, the operation itself succeeded. Without a timeout of its own: 60 s. */
DBXAUTH_API dbxauth_status dbxauth_diagnose_start(dbxauth_client* client, const dbxauth_operation_options* options,
                                                  dbxauth_operation** out, dbxauth_error** error);
/* Runs one SQL statement. `request_json`: {"sql", "warehouse_id"?, "catalog"?, "schema"?,
 * "parameters"?: [{"name","value","type"?}]}. Result: {"statement_id","columns":[{"name","type"}],"rows":[[text|null]],
 * "row_count","truncated"}. */
DBXAUTH_API dbxauth_status dbxauth_sql_start(dbxauth_client* client, const char* request_json, size_t request_size,
                                             const dbxauth_operation_options* options, dbxauth_operation** out,
                                             dbxauth_error** error);

/* Waits `timeout_ms` at most (0: only looks). `*finished` tells whether it has ended; a timeout is not an error. One
 * thread at a time. */
DBXAUTH_API dbxauth_status dbxauth_operation_wait(dbxauth_operation* operation, int64_t timeout_ms, int32_t* finished,
                                                  dbxauth_error** error);
/* Any thread, any time. The operation then ends soon, with DBXAUTH_E_CANCELLED or with a report of what was done. */
DBXAUTH_API void dbxauth_operation_cancel(dbxauth_operation* operation);
/* How far it is, as in dbxauth_progress_fn. Any thread. */
DBXAUTH_API dbxauth_status dbxauth_operation_progress_json(dbxauth_operation* operation, dbxauth_string** out,
                                                           dbxauth_error** error);
/* Waits for the end; then the result, or the error it ended with. May be called again. */
DBXAUTH_API dbxauth_status dbxauth_operation_result_json(dbxauth_operation* operation, dbxauth_string** out,
                                                         dbxauth_error** error);
/* Cancels and waits for the thread. Not from inside its progress callback. */
DBXAUTH_API void dbxauth_operation_free(dbxauth_operation* operation);

/* A clone plan as the SQL script that a person can read and run. */
DBXAUTH_API dbxauth_status dbxauth_clone_plan_sql(const char* plan_json, size_t plan_size, dbxauth_string** out,
                                                  dbxauth_error** error);

#ifdef __cplusplus
}
#endif

#endif
