// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include "auth/strategies/google.hpp"
#include "auth/strategies/google_service_account_key.hpp"
#include "auth/strategies/google_token_requests.hpp"
#include "auth/strategy_error.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "platform/files.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view subject = "auth.google-credentials";
constexpr std::string_view attribute = "google_credentials (GOOGLE_CREDENTIALS)";
constexpr std::size_t key_file_limit_bytes = 1u << 20;
constexpr std::size_t longest_path_shown = 256;

class GoogleCredentialsSource final : public TokenSource {
 public:
  GoogleCredentialsSource(GoogleServiceAccountKey key, std::string host, std::shared_ptr<net::HttpTransport> transport,
                          std::shared_ptr<const platform::Clock> clock)
      : key_(std::move(key)),
        host_(std::move(host)),
        transport_(std::move(transport)),
        clock_(std::move(clock)),
        scope_(std::string(google_cloud_platform_scope) + " " + std::string(google_compute_scope)) {}

  Result<IssuedToken> issue(const TokenDemand&, const CallContext& context) override {
    const GoogleKeyRequest request{key_, *transport_, *clock_, subject};
    auto id_token = request_google_id_token(request, host_, context);
    if (!id_token) return std::move(id_token).error();
    return pair_google_tokens(std::move(*id_token), request_google_access_token(request, scope_, context), subject);
  }

 private:
  const GoogleServiceAccountKey key_;
  const std::string host_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  const std::string scope_;
};

// What was meant as a path may be a piece of a key; base64 and PEM text do not end like this.
bool may_be_shown(std::string_view path) {
  constexpr std::string_view ending = ".json";
  return path.size() <= longest_path_shown && path.size() > ending.size() &&
         path.substr(path.size() - ending.size()) == ending && path.find_first_of("{\n\"") == std::string_view::npos;
}

Result<SecretString> read_key_file(std::string_view path, const std::string& home_directory) {
  const std::string expanded = platform::expand_home(path, home_directory);
  auto text = platform::read_file(expanded, key_file_limit_bytes);
  if (text) return text;
  const auto status = platform::file_status(expanded);
  const char* trouble = status && status->directory ? "is a directory" : "cannot be read";
  const bool missing = text.error().code == ErrorCode::not_found;
  const std::string named = may_be_shown(path) ? "the file " + base::redact_excerpt(path) : std::string("a file");
  return with_fix(Error(ErrorCode::configuration, std::string(attribute) + " is not the JSON text of a key and names " +
                                                      named + " that " + (missing ? "does not exist" : trouble)),
                  "set it to the JSON text of a service account's key, or to the path of the file with it");
}

}  // namespace

Result<std::shared_ptr<TokenSource>> make_google_credentials_source(const SecretString& credentials, std::string host,
                                                                    std::string home_directory,
                                                                    std::shared_ptr<net::HttpTransport> transport,
                                                                    std::shared_ptr<const platform::Clock> clock) {
  const std::string_view given = base::trim(credentials.reveal());
  SecretString from_file;
  const bool is_text = !given.empty() && given.front() == '{';
  if (!is_text) {
    auto text = read_key_file(given, home_directory);
    if (!text) return std::move(text).error();
    from_file = std::move(*text);
  }
  const std::string origin = is_text ? std::string(attribute) : "the file that " + std::string(attribute) + " names";
  auto key = read_google_service_account_key(is_text ? given : from_file.reveal(), origin);
  if (!key) return std::move(key).error();
  return std::shared_ptr<TokenSource>(std::make_shared<GoogleCredentialsSource>(
      std::move(*key), std::move(host), std::move(transport), std::move(clock)));
}

}  // namespace dbxauth::auth
