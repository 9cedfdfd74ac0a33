// SPDX-License-Identifier: Apache-2.0
#include "auth/oauth/host_metadata.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "base/json_reader.hpp"
#include "base/json_writer.hpp"
#include "base/logging.hpp"
#include "base/text.hpp"
#include "encoding/sha256.hpp"
#include "net/service_error.hpp"
#include "platform/files.hpp"

namespace dbxauth::auth {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view log_subject = "auth.host-metadata";
constexpr std::size_t document_limit_bytes = 256u << 10;
constexpr std::int64_t file_schema = 1;
constexpr auto answer_validity = 1h;
constexpr auto failure_validity = 1min;
constexpr unsigned writable_by_others = 0022;

using SystemTime = std::chrono::system_clock::time_point;

/// A value that can go into a URL or a header; anything else is a mistake or an attack.
bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

/// Ids are numbers in some documents and text in others.
std::string plain_member(base::JsonView object, std::string_view name) {
  std::string value = object[name].as_text().value_or("");
  if (!is_plain(value)) value.clear();
  return value;
}

HostMetadata read_members(base::JsonView object) {
  HostMetadata metadata;
  if (object["oidc_endpoint"].is_string()) metadata.oidc_endpoint = plain_member(object, "oidc_endpoint");
  while (!metadata.oidc_endpoint.empty() && metadata.oidc_endpoint.back() == '/') metadata.oidc_endpoint.pop_back();
  metadata.account_id = plain_member(object, "account_id");
  metadata.workspace_id = plain_member(object, "workspace_id");
  metadata.cloud = base::to_upper(plain_member(object, "cloud"));
  metadata.host_type = base::to_lower(plain_member(object, "host_type"));
  object["token_federation_default_oidc_audiences"].each_element([&metadata](base::JsonView element) {
    const std::string_view audience = element.string_or();
    if (!audience.empty() && is_plain(audience)) metadata.audiences.emplace_back(audience);
  });
  return metadata;
}

/// What is remembered of one host.
struct Remembered {
  HostMetadata metadata;
  bool answered = false;
  SystemTime fetched_at;

  bool counts_at(SystemTime now) const {
    const auto validity = answered ? std::chrono::seconds(answer_validity) : std::chrono::seconds(failure_validity);
    return fetched_at <= now && now - fetched_at < validity;
  }
};

std::int64_t unix_seconds(SystemTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string file_text(const std::string& host, const Remembered& remembered) {
  const HostMetadata& metadata = remembered.metadata;
  base::JsonWriter writer(2);
  writer.begin_object();
  writer.member("schema", file_schema);
  writer.member("host", host);
  writer.member("fetched_at_s", unix_seconds(remembered.fetched_at));
  writer.member("answered", remembered.answered);
  writer.member("oidc_endpoint", metadata.oidc_endpoint);
  writer.member("account_id", metadata.account_id);
  writer.member("workspace_id", metadata.workspace_id);
  writer.member("cloud", metadata.cloud);
  writer.member("host_type", metadata.host_type);
  writer.member("token_federation_default_oidc_audiences", metadata.audiences);
  writer.end_object();
  return writer.take() + "\n";
}

std::optional<Remembered> read_file_text(std::string_view text, const std::string& host) {
  const auto document = base::JsonDocument::parse(text, "the file of host metadata");
  if (!document || !document->root().is_object()) return std::nullopt;
  const base::JsonView root = document->root();
  const auto fetched_at_s = root["fetched_at_s"].as_integer();
  // Beyond this the clock's type overflows; such a file is damaged anyway.
  constexpr std::int64_t latest_s = 9'000'000'000;
  if (root["schema"].integer_or(0) != file_schema || root["host"].string_or() != host || !fetched_at_s ||
      *fetched_at_s < 0 || *fetched_at_s > latest_s || !root["answered"].as_boolean()) {
    return std::nullopt;
  }
  Remembered remembered;
  remembered.metadata = read_members(root);
  remembered.answered = root["answered"].boolean_or(false);
  remembered.fetched_at = SystemTime(std::chrono::seconds(*fetched_at_s));
  return remembered;
}

/// The files that all processes of the user share. Whatever goes wrong with them is as if they were not there.
class MetadataFiles {
 public:
  explicit MetadataFiles(std::string directory) : directory_(std::move(directory)) {}

  std::optional<Remembered> read(const std::string& host) const {
    const std::string path = path_of(host);
    if (path.empty() || !is_private_directory()) return std::nullopt;
    const auto status = platform::file_status(path);
    if (!status || !status->regular || !status->owned_by_me || (status->mode & writable_by_others) != 0) {
      return std::nullopt;
    }
    const auto text = platform::read_file(path, document_limit_bytes);
    if (!text) return std::nullopt;
    return read_file_text(text->reveal(), host);
  }

  void write(const std::string& host, const Remembered& remembered) const {
    const std::string path = path_of(host);
    if (path.empty()) return;
    auto written = platform::make_directories(directory_);
    // A link laid by somebody else would lead the write astray.
    if (written && !is_private_directory()) {
      written = Error(ErrorCode::io, "others may write to the directory " + directory_ + ", so it is not used");
    }
    if (written) written = platform::write_file_atomically(path, file_text(host, remembered));
    if (!written) {
      base::log(LogLevel::debug, log_subject, "host metadata is kept in memory only: " + written.error().message);
    }
  }

 private:
  std::string path_of(const std::string& host) const {
    if (directory_.empty()) return {};
    const auto digest = encoding::sha256_hex(host);
    return digest ? platform::join_path(directory_, *digest + ".json") : std::string();
  }

  bool is_private_directory() const {
    const auto status = platform::file_status(directory_);
    return status && status->directory && status->owned_by_me && (status->mode & writable_by_others) == 0;
  }

  const std::string directory_;
};

class CachingHostMetadataSource final : public HostMetadataSource {
 public:
  CachingHostMetadataSource(std::shared_ptr<net::HttpTransport> transport, std::shared_ptr<const platform::Clock> clock,
                            std::string directory)
      : transport_(std::move(transport)), clock_(std::move(clock)), files_(std::move(directory)) {}

  Result<HostMetadata> metadata(const std::string& host, const CallContext& context) override {
    if (auto known = from_memory(host)) return std::move(*known);
    if (auto stored = files_.read(host); stored && stored->counts_at(clock_->now())) {
      return keep(host, std::move(*stored));
    }
    auto answer = request_host_metadata(*transport_, host, context);
    if (!answer) return std::move(answer).error();
    Remembered remembered;
    remembered.answered = answer->has_value();
    if (*answer) remembered.metadata = std::move(**answer);
    remembered.fetched_at = clock_->now();
    files_.write(host, remembered);
    return keep(host, std::move(remembered));
  }

 private:
  std::optional<HostMetadata> from_memory(const std::string& host) {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(host);
    if (known == known_.end() || !known->second.counts_at(clock_->now())) return std::nullopt;
    return known->second.metadata;
  }

  HostMetadata keep(const std::string& host, Remembered remembered) {
    const std::lock_guard lock(mutex_);
    return known_.insert_or_assign(host, std::move(remembered)).first->second.metadata;
  }

  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  const MetadataFiles files_;
  std::mutex mutex_;
  std::map<std::string, Remembered> known_;
};

}  // namespace

Result<HostMetadata> parse_host_metadata(std::string_view text) {
  const auto document = base::JsonDocument::parse(text, "the host's metadata");
  if (!document) return document.error();
  if (!document->root().is_object()) return Error(ErrorCode::protocol, "the host's metadata is not a JSON object");
  return read_members(document->root());
}

Result<std::optional<HostMetadata>> request_host_metadata(net::HttpTransport& transport, const std::string& host,
                                                          const CallContext& context) {
  net::HttpRequest request;
  request.url = host + "/.well-known/databricks-config";
  request.headers.emplace_back("Accept", "application/json");
  request.attempt_timeout = host_metadata_limit;
  request.response_limit = document_limit_bytes;
  request.follow_redirects = true;
  request.subject = log_subject;

  const bool caller_waits_longer = context.remaining(host_metadata_limit) == host_metadata_limit;
  const auto answer = transport.send(request, context.limited_to(host_metadata_limit));
  if (!answer) {
    if (auto running = context.check("reading the host's metadata"); !running) return std::move(running).error();
    const ErrorCode code = answer.error().code;
    if (code == ErrorCode::cancelled || (code == ErrorCode::timed_out && !caller_waits_longer)) return answer.error();
    base::log(LogLevel::info, log_subject, "no host metadata at " + request.url + ": " + answer.error().message);
    return std::optional<HostMetadata>();
  }
  const auto document = net::json_body(*answer, "read the host's metadata from " + request.url);
  if (document && document->root().is_object()) return std::optional<HostMetadata>(read_members(document->root()));
  base::log(answer->status == 404 ? LogLevel::debug : LogLevel::info, log_subject,
            document ? "the host's metadata at " + request.url + " is not a JSON object" : document.error().message);
  return std::optional<HostMetadata>();
}

std::shared_ptr<HostMetadataSource> make_host_metadata_source(std::shared_ptr<net::HttpTransport> transport,
                                                              std::shared_ptr<const platform::Clock> clock,
                                                              std::string cache_directory) {
  return std::make_shared<CachingHostMetadataSource>(std::move(transport), std::move(clock),
                                                     std::move(cache_directory));
}

}  // namespace dbxauth::auth
