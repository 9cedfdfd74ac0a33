// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/diagnosis.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "auth/authorizing_transport.hpp"
#include "auth/oauth/oidc_discovery.hpp"
#include "base/error_json.hpp"
#include "base/json_writer.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "client_network.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"
#include "net/connection_probe.hpp"
#include "net/http_transport.hpp"
#include "net/response_class.hpp"
#include "net/service_error.hpp"

namespace dbxauth {

namespace {

using std::chrono::microseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLongest{60000};
constexpr std::chrono::minutes kHarmlessSkew{5};
constexpr const char* kMetadataPath = "/.well-known/databricks-config";
constexpr const char* kServerMetadataPath = "/.well-known/oauth-authorization-server";
constexpr std::string_view kStepNames[] = {"configuration", "proxy",     "dns",   "tcp",     "tls",
                                           "clock",         "discovery", "token", "identity"};

/// A client's credentials for a transport of the diagnosis's own.
class ClientCredentials final : public CredentialProvider {
 public:
  explicit ClientCredentials(const Client& client) : client_(client) {}
  std::string_view name() const noexcept override { return "client"; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) override {
    return client_.headers(min_validity, context);
  }
  void reject(const AuthHeaders& rejected) noexcept override { client_.reject(rejected); }

 private:
  const Client client_;
};

/// What the first strategy that had something to say advises.
std::string fix_of(const Error& error, std::string_view otherwise) {
  for (const Attempt& attempt : error.attempts) {
    const bool speaks = attempt.verdict == AttemptVerdict::failed || attempt.verdict == AttemptVerdict::unavailable;
    if (speaks && !attempt.fix.empty()) return attempt.fix;
  }
  for (const Attempt& attempt : error.attempts) {
    if (!attempt.fix.empty()) return attempt.fix;
  }
  return std::string(otherwise);
}

std::string_view fix_for_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::authentication_failed:
      return "log in again, or replace the token or secret: it has ended, was revoked, or belongs to another workspace";
    case ErrorCode::permission_denied:
      return "ask an administrator to add this identity to the workspace, and to allow this machine's address";
    case ErrorCode::not_databricks:
      return "set host to the URL of the workspace, as in its address bar up to the first slash";
    case ErrorCode::rate_limited:
    case ErrorCode::unavailable:
    case ErrorCode::timed_out:
    case ErrorCode::server_error:
      return "try again later; if it stays, look at the status page of Databricks for your region";
    case ErrorCode::not_found:
      return "check the host, account_id and workspace_id";
    default:
      return "correct what the detail names, and run the diagnosis again";
  }
}

/// "3 min 20 s"
std::string in_words(std::chrono::seconds time) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(time);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time) % std::chrono::hours(1);
  const auto seconds = time % std::chrono::minutes(1);
  if (hours.count() > 0) return fmt::format("{} h {} min", hours.count(), minutes.count());
  if (minutes.count() > 0) return fmt::format("{} min {} s", minutes.count(), seconds.count());
  return fmt::format("{} s", seconds.count());
}

/// An answer, or why there is none, and when it came.
struct TimedAnswer {
  Result<net::HttpResponse> response;
  microseconds elapsed{0};
  std::chrono::system_clock::time_point received;
};

/// One run over all steps.
class Examination {
 public:
  Examination(const Client& client, CallContext context)
      : client_(client),
        context_(std::move(context)),
        network_(network_of(client)),
        transport_(net::make_curl_transport(network_.http, network_.environment)) {}

  void run() {
    configuration();
    if (diagnosis_.config.host.empty() || !host()) return;
    // Credentials may bring a host along that is another one than the first that is named.
    if (client_.config().host != diagnosis_.config.host) {
      diagnosis_.steps.clear();
      configuration();
      if (!host()) return;
    }
    identity();
  }

  /// Whatever happened, every step is there.
  Diagnosis take() {
    for (const std::string_view name : kStepNames) {
      if (!has(name)) skip(name, "not reached: an earlier step failed");
    }
    diagnosis_.config = client_.config();
    return std::move(diagnosis_);
  }

  void broke(std::string_view what) {
    for (const std::string_view name : kStepNames) {
      if (has(name)) continue;
      add(name, DiagnosisVerdict::failed, microseconds{0}, base::redact(fmt::format("unexpected exception: {}", what)),
          "please report this defect of dbxauth");
      return;
    }
  }

 private:
  bool has(std::string_view name) const {
    return std::any_of(diagnosis_.steps.begin(), diagnosis_.steps.end(),
                       [name](const DiagnosisStep& step) { return step.name == name; });
  }

  void add(std::string_view name, DiagnosisVerdict verdict, microseconds elapsed, std::string detail,
           std::string fix = {}) {
    diagnosis_.steps.push_back({std::string(name), verdict, elapsed, std::move(detail), std::move(fix)});
  }
  void skip(std::string_view name, std::string why) {
    add(name, DiagnosisVerdict::skipped, microseconds{0}, std::move(why));
  }
  void fail(std::string_view name, microseconds elapsed, const Error& error) {
    add(name, DiagnosisVerdict::failed, elapsed, error.message, fix_of(error, fix_for_code(error.code)));
  }

  static microseconds since(SteadyClock::time_point start) {
    return std::chrono::duration_cast<microseconds>(SteadyClock::now() - start);
  }

  TimedAnswer get(const std::string& url) const {
    net::HttpRequest request;
    request.url = url;
    const auto start = SteadyClock::now();
    auto response = transport_->send(request, context_);
    return {std::move(response), since(start), std::chrono::system_clock::now()};
  }

  // ---- configuration ----

  void configuration() {
    const auto start = SteadyClock::now();
    diagnosis_.config = client_.config();
    if (diagnosis_.config.host.empty()) {  // Some credentials bring their host along.
      resolve();
      diagnosis_.config = client_.config();
    }
    const Config& config = diagnosis_.config;
    if (config.host.empty()) {
      add("configuration", DiagnosisVerdict::failed, since(start), "no workspace is named",
          "set DATABRICKS_HOST, pass the host as an option, or name a profile that has one");
      return;
    }
    std::string detail = fmt::format("host {}", config.host);
    for (const ConfigValue& value : config.values) {
      if (value.name == "host") detail += fmt::format(" from {}", value.provenance.place);
    }
    if (!config.profile.empty()) detail += fmt::format(", profile {}", config.profile);
    detail += fmt::format(", rules {}", to_string(config.rules));
    if (config.warnings.empty()) {
      add("configuration", DiagnosisVerdict::passed, since(start), std::move(detail));
      return;
    }
    add("configuration", DiagnosisVerdict::warning, since(start),
        fmt::format("{}; {}", detail, base::join(config.warnings, "; ")), "correct what the warnings name");
  }

  /// The way to the host and the credentials for it. True when there are both.
  bool host() {
    if (!connection()) return false;
    const TimedAnswer answer = get(diagnosis_.config.host + kMetadataPath);
    clock(answer);
    discovery(answer);
    return token();
  }

  // ---- the connection ----

  /// True when the host answers in HTTP.
  bool connection() {
    const auto stages =
        net::probe_connection(diagnosis_.config.host + kMetadataPath, network_.http, network_.environment, context_);
    const auto find = [&stages](std::string_view name) {
      return std::find_if(stages.begin(), stages.end(), [name](const auto& stage) { return stage.name == name; });
    };
    const bool proxied = find("proxy") != stages.end() && find("tcp") == stages.end();
    // Who connects without a name to look up was given an address.
    const bool by_address = find("tcp") != stages.end() && find("dns") == stages.end();
    bool ended = false;
    for (const std::string_view name : {"proxy", "dns", "tcp", "tls"}) {
      const auto stage = find(name);
      if (stage != stages.end()) {
        add_stage(*stage);
        ended = ended || stage->error;
      } else if (name == "dns" && by_address) {
        skip(name, "the host is an address");
      } else if (ended || stages.empty() || stages.back().name != "http") {
        skip(name, "not reached");
      } else {
        skip(name, name == "tls" ? "plain http" : proxied ? "left to the proxy" : "not needed");
      }
    }
    const auto http = find("http");
    if (http == stages.end()) return false;
    if (!http->error) return true;
    skip("clock", "there is no answer to compare with");
    fail("discovery", http->elapsed, *http->error);
    return false;
  }

  void add_stage(const net::ConnectionStage& stage) {
    if (stage.error) return fail(stage.name, stage.elapsed, *stage.error);
    add(stage.name, DiagnosisVerdict::passed, stage.elapsed, stage.detail);
  }

  // ---- the clock ----

  void clock(const TimedAnswer& answer) {
    if (!answer.response) return skip("clock", "there is no answer to compare with");
    const auto date = encoding::parse_http_date(answer.response->header("date"));
    if (!date) return skip("clock", "the server does not say its time");
    const auto ahead = std::chrono::duration_cast<std::chrono::seconds>(answer.received - *date);
    const auto apart = std::chrono::seconds(std::abs(ahead.count()));
    if (apart <= kHarmlessSkew) {
      add("clock", DiagnosisVerdict::passed, microseconds{0}, "agrees with the server's");
      return;
    }
    add("clock", DiagnosisVerdict::warning, microseconds{0},
        fmt::format("this machine's clock is {} {} the server's", in_words(apart),
                    ahead.count() > 0 ? "ahead of" : "behind"),
        "set this machine's clock, for example with timedatectl set-ntp true: tokens would end too early or too late");
  }

  // ---- discovery ----

  void discovery(const TimedAnswer& answer) {
    account_host_ = auth::is_account_host(diagnosis_.config.host);
    if (!answer.response) return fail("discovery", answer.elapsed, answer.response.error());
    std::string detail;
    std::string oidc_root;
    if (answer.response->status == 404 && net::classify_response(*answer.response) != net::ResponseClass::html_login) {
      detail = "the host has no metadata, as older workspaces";
    } else {
      auto metadata = net::json_body(*answer.response, "read the host's metadata");
      if (!metadata) return fail("discovery", answer.elapsed, metadata.error());
      detail = metadata_detail(*metadata);
      account_host_ = account_host_ || base::equals_ignoring_case((*metadata)["host_type"].string_or(), "account");
      oidc_root = stated_oidc_root(*metadata);
    }
    if (oidc_root.empty()) oidc_root = default_oidc_root();
    authorization_server(oidc_root + kServerMetadataPath, std::move(detail), answer.elapsed);
  }

  std::string default_oidc_root() const {
    const Config& config = diagnosis_.config;
    if (account_host_ && !config.account_id.empty()) {
      return fmt::format("{}/oidc/accounts/{}", config.host, encoding::percent_encode(config.account_id));
    }
    return config.host + "/oidc";
  }

  /// Empty when it cannot be used.
  std::string stated_oidc_root(const base::JsonDocument& metadata) const {
    std::string root(metadata["oidc_endpoint"].string_or());
    constexpr std::string_view kPlaceholder = "{account_id}";
    if (const std::size_t place = root.find(kPlaceholder); place != std::string::npos) {
      std::string account = diagnosis_.config.account_id;
      if (account.empty()) account = metadata["account_id"].string_or();
      if (account.empty()) return {};
      root.replace(place, kPlaceholder.size(), encoding::percent_encode(account));
    }
    while (!root.empty() && root.back() == '/') root.pop_back();
    const auto url = encoding::parse_url(root);
    return url && (url->scheme == "https" || url->is_loopback()) ? root : std::string();
  }

  static std::string metadata_detail(const base::JsonDocument& metadata) {
    std::string detail;
    for (const char* name : {"host_type", "cloud", "account_id", "workspace_id"}) {
      const auto value = metadata[name].as_text();
      if (!value || value->empty()) continue;
      detail += fmt::format("{}{} {}", detail.empty() ? "" : ", ", name, base::redact_excerpt(*value, 100));
    }
    return detail.empty() ? "the host's metadata says nothing" : detail;
  }

  void authorization_server(const std::string& url, std::string detail, microseconds elapsed) {
    const TimedAnswer answer = get(url);
    elapsed += answer.elapsed;
    auto metadata = answer.response ? net::json_body(*answer.response, fmt::format("read {}", url))
                                    : Result<base::JsonDocument>(answer.response.error());
    if (metadata) {
      const std::string endpoint = base::redact_excerpt((*metadata)["token_endpoint"].string_or(), 200);
      if (!endpoint.empty()) {
        add("discovery", DiagnosisVerdict::passed, elapsed, fmt::format("{}; tokens from {}", detail, endpoint));
        return;
      }
      metadata = Error(ErrorCode::protocol, fmt::format("{} names no token endpoint", url));
    }
    if (metadata.error().code == ErrorCode::not_databricks) return fail("discovery", elapsed, metadata.error());
    add("discovery", DiagnosisVerdict::warning, elapsed, fmt::format("{}; {}", detail, metadata.error().message),
        "check host and account_id: without these metadata OAuth does not work here, while personal access tokens do");
  }

  // ---- who ----

  void resolve() {
    if (headers_) return;
    const auto start = SteadyClock::now();
    headers_ = client_.headers(std::chrono::seconds{0}, context_);
    resolving_ = since(start);
    diagnosis_.attempts = *headers_ ? client_.attempts(context_) : headers_->error().attempts;
  }

  bool token() {
    resolve();
    if (!*headers_) {
      fail("token", resolving_, headers_->error());
      return false;
    }
    const AuthHeaders& headers = ***headers_;
    std::string detail = fmt::format("strategy {}", headers.strategy);
    for (const Attempt& attempt : diagnosis_.attempts) {
      if (attempt.verdict == AttemptVerdict::used && !attempt.layer.empty()) {
        detail += fmt::format(" from {}", attempt.layer);
      }
    }
    if (headers.expires_at != std::chrono::system_clock::time_point::max()) {
      const auto left =
          std::chrono::duration_cast<std::chrono::seconds>(headers.expires_at - std::chrono::system_clock::now());
      detail += left.count() > 0 ? fmt::format(", valid for {} more", in_words(left))
                                 : fmt::format(", ended {} ago by this machine's clock", in_words(-left));
    }
    add("token", DiagnosisVerdict::passed, resolving_, std::move(detail));
    return true;
  }

  void identity() {
    const auto start = SteadyClock::now();
    const auto found = account_host_ ? account() : workspace_user();
    if (!found) return fail("identity", since(start), found.error());
    add("identity", DiagnosisVerdict::passed, since(start), *found);
  }

  Result<std::string> workspace_user() const {
    auto workspace = client_.workspace(context_);
    if (!workspace) return std::move(workspace).error();
    auto user = workspace->current_user(context_);
    if (!user) return std::move(user).error();
    std::string text = base::redact_excerpt(user->user_name, 200);
    if (!user->workspace_id.empty()) text += fmt::format(" in workspace {}", base::redact(user->workspace_id));
    return text;
  }

  /// Accounts have no "who am I": that their list of workspaces is answered has to do.
  Result<std::string> account() const {
    const Config& config = diagnosis_.config;
    if (config.account_id.empty()) {
      return Error(ErrorCode::configuration,
                   fmt::format("{} is an account console and no account is named; set DATABRICKS_ACCOUNT_ID or the "
                               "attribute account_id",
                               config.host));
    }
    auto authorised =
        auth::make_authorizing_transport(transport_, std::make_shared<ClientCredentials>(client_), config.host);
    if (!authorised) return std::move(authorised).error();
    net::HttpRequest request;
    request.url =
        fmt::format("{}/api/2.0/accounts/{}/workspaces", config.host, encoding::percent_encode(config.account_id));
    auto response = (*authorised)->send(request, context_);
    if (!response) return std::move(response).error();
    auto list = net::json_body(*response, "list the workspaces of the account");
    if (!list) return std::move(list).error();
    return fmt::format("account {}, {} workspaces", config.account_id, list->root().size());
  }

  const Client& client_;
  const CallContext context_;
  const ClientNetwork& network_;
  const std::shared_ptr<net::HttpTransport> transport_;  ///< Fresh connections, no retries, no credentials.
  std::optional<Result<AuthHeadersPtr>> headers_;
  microseconds resolving_{0};
  bool account_host_ = false;
  Diagnosis diagnosis_;
};

}  // namespace

std::string_view to_string(DiagnosisVerdict verdict) noexcept {
  switch (verdict) {
    case DiagnosisVerdict::passed:
      return "passed";
    case DiagnosisVerdict::warning:
      return "warning";
    case DiagnosisVerdict::failed:
      return "failed";
    case DiagnosisVerdict::skipped:
      break;
  }
  return "skipped";
}

bool Diagnosis::healthy() const noexcept {
  return std::none_of(steps.begin(), steps.end(),
                      [](const DiagnosisStep& step) { return step.verdict == DiagnosisVerdict::failed; });
}

std::string Diagnosis::to_json() const {
  base::JsonWriter json(2);
  json.begin_object()
      .member("schema", 1)
      .member("status", healthy() ? "healthy" : "unhealthy")
      .member("host", config.host)
      .member("auth_type", config.auth_type)
      .key("steps")
      .begin_array();
  for (const DiagnosisStep& step : steps) {
    json.begin_object()
        .member("name", step.name)
        .member("verdict", to_string(step.verdict))
        .member("elapsed_us", static_cast<std::int64_t>(step.elapsed.count()))
        .member("detail", step.detail)
        .member("fix", step.fix)
        .end_object();
  }
  json.end_array().key("attempts");
  base::write_attempts(json, attempts);
  json.member("warnings", config.warnings).end_object();
  return json.take();
}

Diagnosis diagnose(const Client& client, const CallContext& context) {
  Examination examination(client, context.deadline ? context : context.limited_to(kLongest));
  try {
    examination.run();
  } catch (const std::exception& failure) {
    examination.broke(failure.what());
  }
  return examination.take();
}

}  // namespace dbxauth
