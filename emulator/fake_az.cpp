// SPDX-License-Identifier: Apache-2.0
#include "fake_az.hpp"

#include <httplib.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_reader.hpp"
#include "base/json_writer.hpp"

namespace dbxauth::emulator {

namespace {

constexpr int exit_usage = 2;
constexpr int exit_failure = 1;
constexpr int answer_timeout_s = 600;

int fail(int status, const std::string& message) {
  std::fprintf(stderr, "ERROR: %s\n", message.c_str());
  return status;
}

/// The value of each `--name value` or `--name=value`; nothing when an option is unknown or lacks its value.
std::optional<std::map<std::string, std::string>> read_options(const std::vector<std::string>& arguments,
                                                               std::string& failure) {
  static const std::map<std::string, std::string> known{
      {"--output", "output"}, {"-o", "output"},           {"--resource", "resource"},
      {"--tenant", "tenant"}, {"-t", "tenant"},           {"--subscription", "subscription"},
      {"-s", "subscription"}, {"--name", "subscription"}, {"-n", "subscription"}};
  std::map<std::string, std::string> options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::size_t equals = arguments[i].find('=');
    const auto name = known.find(arguments[i].substr(0, equals));
    if (name == known.end()) {
      failure = "unrecognized arguments: " + arguments[i];
      return std::nullopt;
    }
    if (equals != std::string::npos) {
      options[name->second] = arguments[i].substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      options[name->second] = arguments[++i];
    } else {
      failure = "argument " + arguments[i] + ": expected one argument";
      return std::nullopt;
    }
  }
  return options;
}

/// az prints the time of the place it runs in, without a zone.
std::string local_time(std::int64_t unix_s) {
  const time_t moment = static_cast<time_t>(unix_s);
  struct tm parts = {};
  ::localtime_r(&moment, &parts);
  char text[40];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S.000000", &parts));
}

void print_token(base::JsonView answer) {
  const std::int64_t expires_on = answer["expires_on"].integer_or(0);
  base::JsonWriter json(2);
  json.begin_object().member("accessToken", answer["accessToken"].string_or());
  json.member("expiresOn", local_time(expires_on));
  if (answer["epoch_expiry"].boolean_or(true)) json.member("expires_on", expires_on);
  if (answer["subscription"].is_string()) json.member("subscription", answer["subscription"].string_or());
  json.member("tenant", answer["tenant"].string_or()).member("tokenType", answer["tokenType"].string_or());
  json.end_object();
  std::printf("%s\n", json.text().c_str());
}

int ask(const char* url, const char* path, const std::map<std::string, std::string>& options, bool token) {
  base::JsonWriter body;
  body.begin_object();
  for (const auto& [name, value] : options) body.member(name, value);
  body.end_object();
  httplib::Client client(url);
  client.set_read_timeout(answer_timeout_s);
  client.enable_server_certificate_verification(false);  // its CA is made anew for each run
  const auto result = client.Post(path, body.text(), "application/json");
  if (!result) return fail(exit_failure, std::string("cannot reach the emulator at ") + url);
  const auto answer = base::JsonDocument::parse(result->body, "the emulator's answer");
  if (result->status != 200 || !answer) {
    const std::string message(answer ? (*answer)["message"].string_or() : std::string_view());
    return fail(exit_failure, message.empty() ? "HTTP " + std::to_string(result->status) : message);
  }
  if (token)
    print_token(answer->root());
  else
    std::printf("%s\n", result->body.c_str());
  return 0;
}

}  // namespace

bool is_called_az(std::string_view program) {
  const std::size_t slash = program.rfind('/');
  return (slash == std::string_view::npos ? program : program.substr(slash + 1)) == "az";
}

int run_fake_az(int argc, const char* const* argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const char* url = std::getenv("DBXAUTH_EMULATOR_URL");
  if (url == nullptr || *url == '\0')
    return fail(exit_failure, "This is the fake Azure CLI of dbxauth-emulator; set DBXAUTH_EMULATOR_URL.");
  const bool show = arguments.size() >= 2 && arguments[0] == "account" && arguments[1] == "show";
  const bool token = arguments.size() >= 2 && arguments[0] == "account" && arguments[1] == "get-access-token";
  if (!show && !token) return fail(exit_usage, "the fake az knows 'account show' and 'account get-access-token' only");
  std::string failure;
  auto options = read_options({arguments.begin() + 2, arguments.end()}, failure);
  if (!options) return fail(exit_usage, failure);
  if (options->count("output") != 0 && options->at("output") != "json")
    return fail(exit_usage, "the fake az prints --output json only");
  options->erase("output");
  // The default of az is Azure Resource Manager.
  if (token && options->count("resource") == 0) options->emplace("resource", "https://management.core.windows.net/");
  return ask(url, token ? "/az/get-access-token" : "/az/account-show", *options, token);
}

}  // namespace dbxauth::emulator
