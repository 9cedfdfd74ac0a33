// SPDX-License-Identifier: Apache-2.0
#include "case_run.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "auth/chain_builder.hpp"
#include "auth/credential_resolver.hpp"
#include "auth/oauth/host_metadata.hpp"
#include "base/text.hpp"
#include "dbxauth/log.hpp"
#include "dbxauth/token_cache.hpp"
#include "encoding/url.hpp"
#include "support/fake_clock.hpp"

namespace dbxauth::conformance {

namespace {

using testing::RecordedRequest;
using testing::TemporaryDirectory;

bool url_fits(const std::string& pattern, const std::string& url) {
  if (pattern.empty() || pattern.back() != '*') return pattern == url;
  return url.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
}

Texts fields_of(std::string_view encoded) {
  Texts fields;
  for (const std::string_view field : base::split(encoded, '&')) {
    const auto equals = std::min(field.find('='), field.size());
    const auto value = encoding::percent_decode(field.substr(std::min(equals + 1, field.size())), true);
    fields.emplace(std::string(field.substr(0, equals)), value.value_or("(not decodable)"));
  }
  return fields;
}

bool fits(const Stub& stub, const RecordedRequest& request) {
  if (stub.method != request.method) return false;
  if (stub.query.empty()) {
    if (!url_fits(stub.url, request.url)) return false;
  } else {
    const auto question = std::min(request.url.find('?'), request.url.size());
    const std::string query = request.url.substr(std::min(question + 1, request.url.size()));
    if (request.url.substr(0, question) != stub.url || fields_of(query) != stub.query) return false;
  }
  const bool has_form = request.content_type == "application/x-www-form-urlencoded";
  const Texts form = has_form ? fields_of(request.body) : Texts{};
  for (const auto& [name, value] : stub.form) {
    const auto found = form.find(name);
    // An empty value asks that the field is absent or empty.
    if (value.empty() && (found == form.end() || found->second.empty())) continue;
    if (found == form.end() || found->second != value) return false;
  }
  return std::all_of(stub.headers.begin(), stub.headers.end(),
                     [&](const auto& header) { return request.header(header.first) == header.second; });
}

/// Answers by the stubs of a case and keeps which requests had none.
class StubNetwork {
 public:
  explicit StubNetwork(const Case& made) : made_(made) {
    for (const net::HttpMethod method : {net::HttpMethod::get, net::HttpMethod::head, net::HttpMethod::post,
                                         net::HttpMethod::put, net::HttpMethod::patch, net::HttpMethod::del}) {
      wire_->on(method, "", [this](const RecordedRequest& request) { return answer(request); });
    }
  }

  std::shared_ptr<testing::ScriptedTransport> wire() const { return wire_; }

  std::vector<std::string> unexpected() const {
    const std::lock_guard lock(mutex_);
    return unexpected_;
  }

 private:
  Result<net::HttpResponse> answer(const RecordedRequest& request) {
    for (const Stub& stub : made_.stubs) {
      if (!fits(stub, request)) continue;
      if (stub.refused) break;
      std::vector<std::pair<std::string, std::string>> headers(stub.answer_headers.begin(), stub.answer_headers.end());
      const bool typed = stub.answer_headers.count("content-type") != 0;
      return testing::http_response(stub.status, stub.body, std::move(headers), typed ? "" : "application/json");
    }
    const bool stubbed = std::any_of(made_.stubs.begin(), made_.stubs.end(),
                                     [&](const Stub& stub) { return stub.refused && fits(stub, request); });
    if (!made_.offline && !stubbed) {
      const std::lock_guard lock(mutex_);
      unexpected_.push_back(std::string(net::to_string(request.method)) + " " + request.url + " " + request.body);
    }
    Error refused(ErrorCode::network, "connection refused");
    refused.server_code = std::string(net::kNotSent);
    return refused;
  }

  const Case& made_;
  std::shared_ptr<testing::ScriptedTransport> wire_ = std::make_shared<testing::ScriptedTransport>();
  mutable std::mutex mutex_;
  std::vector<std::string> unexpected_;
};

/// Collects every log record of the process while it lives.
class LogCollector {
 public:
  LogCollector() {
    set_log_sink(LogLevel::trace, [this](LogLevel, std::string_view subject, std::string_view message) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::string(subject) + ": " + std::string(message));
    });
  }
  LogCollector(const LogCollector&) = delete;
  LogCollector& operator=(const LogCollector&) = delete;
  ~LogCollector() { set_log_sink(LogLevel::off, {}); }

  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

void write_files(const Case& made, const TemporaryDirectory& home) {
  for (const auto& [name, file] : made.files) {
    if (file.directory) {
      std::filesystem::create_directories(home / name);
    } else {
      home.write(name, file.contents);
    }
  }
  std::filesystem::create_directories(home / "bin");
  for (const auto& [name, program] : made.programs) home.write("bin/" + name, program.contents, 0755);
}

Texts environment_of(const Case& made, const TemporaryDirectory& home) {
  Texts variables = made.variables;
  variables.emplace("HOME", home.path());
  variables.emplace("PATH", home / "bin");
  return variables;
}

ClientOptions client_options(const Case& made, ChainRules rules, const Texts& environment,
                             const TemporaryDirectory& home) {
  ClientOptions options;
  for (const auto& [name, value] : made.options) options.set(name, value);
  options.profile = made.profile;
  options.config_file = made.config_file;
  options.rules = rules;
  options.load_dotenv = made.dotenv;
  if (made.dotenv) options.dotenv_file = home / ".env";
  options.environment = environment;
  return options;
}

Result<config::ConfigSources> load(const ClientOptions& options, const Texts& environment) {
  config::SourceOptions request;
  request.attributes = &options.attributes;
  request.profile = options.profile;
  request.config_file = options.config_file;
  request.rules = options.rules;
  request.load_dotenv = options.load_dotenv;
  request.dotenv_file = options.dotenv_file;
  request.environment = platform::Environment(environment);
  return config::load_sources(request);
}

void resolve(const auth::ChainInputs& inputs, Outcome& outcome) {
  auth::CredentialResolver resolver(auth::plan_credentials(inputs));
  auto headers = resolver.headers(std::chrono::seconds{0}, CallContext{}.limited_to(std::chrono::seconds{30}));
  outcome.attempts = resolver.attempts();
  if (!headers) {
    outcome.error = headers.error();
    if (outcome.attempts.empty()) outcome.attempts = outcome.error.attempts;
    return;
  }
  const auth::Candidate* winner = resolver.winner();
  if (winner == nullptr) throw std::logic_error("headers without a winner");
  outcome.resolved = true;
  outcome.headers = *headers;
  outcome.auth_type = winner->attempt.strategy;
  outcome.layer = winner->attempt.layer;
  outcome.host = winner->late_host ? winner->late_host() : winner->host;
}

}  // namespace

const Attempt* Outcome::attempt(const std::string& name) const {
  const auto at = name.find('@');
  for (const Attempt& attempt : attempts) {
    if (attempt.strategy != name.substr(0, at)) continue;
    if (at == std::string::npos || attempt.layer == name.substr(at + 1)) return &attempt;
  }
  return nullptr;
}

std::vector<std::string> Outcome::visible_texts() const {
  std::vector<std::string> texts{error.message, to_json(error)};
  for (const Attempt& attempt : attempts) {
    std::string text = attempt.strategy + " " + attempt.layer + " " + attempt.reason + " " + attempt.fix;
    for (const std::string& name : attempt.missing) text += " " + name;
    texts.push_back(std::move(text));
  }
  texts.insert(texts.end(), sources.warnings.begin(), sources.warnings.end());
  texts.insert(texts.end(), log_lines.begin(), log_lines.end());
  for (const ConfigValue& value : config.values) texts.push_back(value.name + "=" + value.value);
  return texts;
}

Outcome run_case(const Case& made, ChainRules rules, const TemporaryDirectory& home) {
  write_files(made, home);
  const Texts environment = environment_of(made, home);
  const ClientOptions options = client_options(made, rules, environment, home);
  Outcome outcome;
  const LogCollector log;

  // Resolving the configuration is the client's: no network, no program.
  auto client = Client::create(client_options(made, rules, environment, home));
  auto sources = client ? load(options, environment) : Result<config::ConfigSources>(client.error());
  if (!sources) {
    outcome.error = sources.error();
    outcome.log_lines = log.lines();
    return outcome;
  }
  outcome.config = client->config();
  outcome.sources = std::move(*sources);

  StubNetwork network(made);
  auth::ChainInputs inputs;
  inputs.sources = &outcome.sources;
  inputs.transport = network.wire();
  inputs.single_try_transport = network.wire();
  inputs.clock = std::make_shared<testing::FakeClock>();
  inputs.host_metadata = auth::make_host_metadata_source(inputs.transport, inputs.clock, {});
  inputs.environment = [environment] { return platform::Environment(environment); };
  inputs.lock_directory = home / ".databricks/locks";
  if (made.notebook) {
    inputs.notebook = [&made]() -> Result<NotebookContext> {
      return NotebookContext{made.notebook->first, SecretString(made.notebook->second)};
    };
  }
  auto cache = make_file_token_cache(home / ".databricks/token-cache.json");
  if (!cache) throw std::runtime_error(cache.error().message);
  inputs.token_cache = std::move(*cache);

  resolve(inputs, outcome);
  outcome.requests = network.wire()->requests();
  outcome.unexpected_requests = network.unexpected();
  outcome.log_lines = log.lines();
  return outcome;
}

}  // namespace dbxauth::conformance
