// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <iostream>

#include "commands.hpp"
#include "dbxauth/version.hpp"

namespace dbxauth::cli {

HttpOptions http_options(const GlobalArguments& global) {
  HttpOptions options;
  options.ca_bundle = global.ca_bundle;
  options.product = "dbxauth-cli/" DBXAUTH_VERSION_STRING;
  return options;
}

namespace {

Result<SecretString> token_argument(const GlobalArguments& global) {
  if (global.token.reveal() != "-") return global.token.clone();
  std::string line;
  std::getline(std::cin, line);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  if (line.empty()) {
    return Error{ErrorCode::invalid_argument, "--token -: standard input holds no token"};
  }
  return SecretString::take(std::move(line));
}

Result<void> add_explicit_attributes(const GlobalArguments& global, ClientOptions& options) {
  if (!global.host.empty()) {
    options.set("host", global.host);
    options.attribute_places["host"] = "--host";
  }
  if (!global.token.empty()) {
    auto token = token_argument(global);
    if (!token) return token.error();
    options.attributes.insert_or_assign("token", std::move(*token));
    options.attribute_places["token"] = "--token";
  }
  return {};
}

}  // namespace

Result<Client> make_client(const GlobalArguments& global) {
  ClientOptions options;
  if (!global.profile.empty()) options.profile = global.profile;
  options.config_file = global.config_file;
  options.load_dotenv = !global.no_env_file;
  options.dotenv_file = global.env_file;
  options.http = http_options(global);
  if (!global.chain_rules.empty()) {
    const auto rules = parse_chain_rules(global.chain_rules);
    if (!rules) return Error{ErrorCode::invalid_argument, "--chain: " + rules.error().message};
    options.rules = *rules;
  }
  if (auto added = add_explicit_attributes(global, options); !added) return added.error();
  return Client::create(std::move(options));
}

CallContext make_context(const GlobalArguments& global, CancelToken cancel) {
  CallContext context;
  if (global.timeout_s > 0) context = CallContext::with_timeout(std::chrono::seconds(global.timeout_s));
  context.cancel = std::move(cancel);
  return context;
}

}  // namespace dbxauth::cli
