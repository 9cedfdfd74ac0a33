// SPDX-License-Identifier: Apache-2.0
#include "workspace/statement_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/redaction.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"

namespace dbxauth::workspace {
namespace {

using std::chrono::seconds;

constexpr seconds link_safety_margin{30};
constexpr std::chrono::minutes link_fetch_limit{5};
constexpr std::size_t link_response_limit = std::size_t{512} << 20;
constexpr int link_attempts = 3;

// What object stores answer to a signature that is no longer valid: 403 (S3, ADLS), 400 "ExpiredToken" (GCS, S3 with
// session tokens), 401 and 410 for completeness.
bool link_was_refused(int status) noexcept {
  return status == 400 || status == 401 || status == 403 || status == 410;
}

std::string origin_of(std::string_view url) {
  auto parsed = encoding::parse_url(url);
  return parsed ? parsed->origin() : std::string("the object store");
}

// A transport may quote the URL in its message; the signature in it is a credential.
std::string without_link(std::string message, std::string_view url) {
  const std::size_t query = url.find('?');
  const std::string_view secret = query == std::string_view::npos ? url : url.substr(query);
  for (std::size_t at = message.find(secret); !secret.empty() && at != std::string::npos; at = message.find(secret)) {
    message.erase(at, secret.size());
  }
  return base::redact(message);
}

}  // namespace

Error StatementResultReader::malformed(std::string_view what) const {
  Error error(ErrorCode::protocol, fmt::format("the result of statement {} cannot be read: {}", statement_id_, what));
  error.request_id = statement_id_;
  return error;
}

Result<StatementResult> StatementResultReader::read(base::JsonView answer) {
  result_ = StatementResult();
  result_.statement_id = statement_id_;
  const base::JsonView manifest = answer["manifest"];
  if (auto columns = read_columns(manifest); !columns) return columns.error();
  result_.truncated = manifest["truncated"].boolean_or(false);
  const std::optional<std::int64_t> row_count = manifest["total_row_count"].as_integer();
  const std::optional<std::int64_t> chunk_count = manifest["total_chunk_count"].as_integer();

  std::optional<std::int64_t> next;
  std::int64_t chunks_read = 0;
  if (answer["result"].is_object()) {
    const base::JsonView first = answer["result"];
    auto after = read_chunk(first, first["chunk_index"].integer_or(0));
    if (!after) return after.error();
    next = *after;
    ++chunks_read;
  } else if (row_count.value_or(0) > 0) {
    next = 0;
  }
  while (next) {
    const std::int64_t index = *next;
    if (chunk_count && index >= *chunk_count) return malformed("it names a chunk beyond its last one");
    if (auto running = context_.check("fetching the result of a statement"); !running) return running.error();
    auto chunk = request_chunk(index);
    if (!chunk) return chunk.error();
    auto after = read_chunk(chunk->root(), index);
    if (!after) return after.error();
    ++chunks_read;
    next = *after;
    if (next && *next <= index) return malformed("its chunks do not come to an end");
  }
  const auto rows = static_cast<std::int64_t>(result_.rows.size());
  if (row_count && !result_.truncated && *row_count != rows) {
    return malformed(fmt::format("{} of {} rows arrived in {} chunks", rows, *row_count, chunks_read));
  }
  result_.total_row_count = row_count.value_or(rows);
  return std::move(result_);
}

Result<void> StatementResultReader::read_columns(base::JsonView manifest) {
  std::vector<std::pair<std::int64_t, StatementColumn>> columns;
  manifest["schema"]["columns"].each_element([&columns](base::JsonView column) {
    const auto position = column["position"].integer_or(static_cast<std::int64_t>(columns.size()));
    columns.emplace_back(position, StatementColumn{std::string(column["name"].string_or()),
                                                   std::string(column["type_text"].string_or())});
  });
  std::stable_sort(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& entry : columns) result_.columns.push_back(std::move(entry.second));
  const std::int64_t stated = manifest["schema"]["column_count"].integer_or(static_cast<std::int64_t>(columns.size()));
  if (stated != static_cast<std::int64_t>(columns.size())) return malformed("its column list is incomplete");
  return {};
}

Result<base::JsonDocument> StatementResultReader::request_chunk(std::int64_t index) const {
  RestCall call;
  call.path = RestPath("/api/2.0/sql/statements")
                  .segment(statement_id_)
                  .segment("result")
                  .segment("chunks")
                  .segment(std::to_string(index))
                  .text();
  // An inline chunk may take the whole inline limit, and more once escaped.
  call.attempt_timeout = seconds(60);
  return rest_.json(call, fmt::format("fetch chunk {} of the result of statement {}", index, statement_id_),
                    context_.limited_to(seconds(120)));
}

// The index is authoritative; a server that sends only the link names the index in its path, and nothing else of the
// link is used, so that no answer can direct an authorised request elsewhere.
std::optional<std::int64_t> StatementResultReader::next_chunk_of(base::JsonView entry) const {
  if (const auto index = entry["next_chunk_index"].as_integer()) return index;
  const std::string_view link = entry["next_chunk_internal_link"].string_or();
  constexpr std::string_view label = "/result/chunks/";
  const std::size_t at = link.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t index = 0;
  const char* begin = link.data() + at + label.size();
  const auto [end, failure] = std::from_chars(begin, link.data() + link.size(), index);
  return failure == std::errc() && end != begin ? std::optional(index) : std::nullopt;
}

Result<std::optional<std::int64_t>> StatementResultReader::read_chunk(base::JsonView chunk, std::int64_t index) {
  if (chunk["external_links"].is_array()) {
    std::vector<Link> links;
    std::optional<Error> failure;
    chunk["external_links"].each_element([&](base::JsonView entry) {
      auto link = parse_link(entry, index);
      if (!link) {
        failure = link.error();
      } else {
        links.push_back(std::move(*link));
      }
    });
    if (failure) return *failure;
    std::optional<std::int64_t> next;
    for (Link& link : links) {
      next = link.next_chunk;
      if (auto read = read_link(std::move(link)); !read) return read.error();
    }
    return next;
  }
  const base::JsonView rows = chunk["data_array"];
  if (!rows.is_null_or_missing()) {
    if (auto appended = append_rows(rows); !appended) return appended.error();
  }
  return next_chunk_of(chunk);
}

Result<void> StatementResultReader::append_rows(base::JsonView rows) {
  if (!rows.is_array()) return malformed("its rows are not an array");
  std::string_view problem;
  rows.each_element([&](base::JsonView row) {
    if (!row.is_array()) {
      problem = "a row is not an array";
      return;
    }
    std::vector<StatementCell> cells;
    cells.reserve(result_.columns.size());
    row.each_element([&](base::JsonView cell) {
      if (cell.kind() == base::JsonKind::null) {
        cells.emplace_back(std::nullopt);
      } else if (const auto text = cell.as_string()) {
        cells.emplace_back(std::string(*text));
      } else if (auto scalar = cell.as_text()) {
        cells.emplace_back(std::move(*scalar));
      } else {
        problem = "a cell is neither text nor null";
      }
    });
    if (problem.empty() && !result_.columns.empty() && cells.size() != result_.columns.size()) {
      problem = "a row has not one cell per column";
    }
    result_.rows.push_back(std::move(cells));
  });
  if (!problem.empty()) return malformed(problem);
  return {};
}

Result<StatementResultReader::Link> StatementResultReader::parse_link(base::JsonView entry,
                                                                      std::int64_t fallback_index) const {
  const auto url = entry["external_link"].as_string();
  if (!url || url->empty()) return malformed("an external link is missing");
  Link link;
  link.url = SecretString(*url);
  entry["http_headers"].each_member([&link](std::string_view name, base::JsonView value) {
    link.headers.emplace_back(std::string(name), SecretString(value.string_or()));
  });
  link.expires_at = encoding::parse_rfc3339(entry["expiration"].string_or());
  link.chunk_index = entry["chunk_index"].integer_or(fallback_index);
  link.next_chunk = next_chunk_of(entry);
  return link;
}

bool StatementResultReader::about_to_expire(const Link& link) const {
  return link.expires_at && clock_.now() + link_safety_margin >= *link.expires_at;
}

Result<StatementResultReader::Link> StatementResultReader::request_link_again(std::int64_t chunk_index) const {
  auto chunk = request_chunk(chunk_index);
  if (!chunk) return chunk.error();
  std::optional<Result<Link>> found;
  chunk->root()["external_links"].each_element([&](base::JsonView entry) {
    if (!found && entry["chunk_index"].integer_or(chunk_index) == chunk_index) found = parse_link(entry, chunk_index);
  });
  if (!found) return malformed("the server gave no new link for an expired one");
  return std::move(*found);
}

Result<net::HttpResponse> StatementResultReader::fetch(const Link& link) const {
  net::HttpRequest request;
  request.url = std::string(link.url.reveal());
  for (const auto& [name, value] : link.headers) request.secret_headers.emplace_back(name, value.clone());
  request.attempt_timeout = link_fetch_limit;
  request.response_limit = link_response_limit;
  request.subject = "workspace.result";
  auto response = plain_.send(request, context_.limited_to(2 * link_fetch_limit));
  if (!response) {
    Error error = response.error();
    error.message = fmt::format("could not fetch chunk {} of the result of statement {} from {}: {}", link.chunk_index,
                                statement_id_, origin_of(link.url.reveal()),
                                without_link(std::move(error.message), link.url.reveal()));
    return error;
  }
  return response;
}

Result<void> StatementResultReader::read_link(Link link) {
  const std::int64_t index = link.chunk_index;
  // Asked once only: with a wrong clock here every link looks expired, and the store is the judge of that.
  if (about_to_expire(link)) {
    auto fresh = request_link_again(index);
    if (!fresh) return fresh.error();
    link = std::move(*fresh);
  }
  for (int attempt = 1;; ++attempt) {
    auto response = fetch(link);
    if (!response) return response.error();
    if (response->ok()) {
      auto rows = base::JsonDocument::parse(response->body.reveal(), "a chunk of a result");
      if (!rows) return malformed(rows.error().message);
      return append_rows(rows->root());
    }
    if (!link_was_refused(response->status) || attempt == link_attempts) {
      Error error(
          ErrorCode::unavailable,
          fmt::format("could not fetch chunk {} of the result of statement {}: {} answered HTTP {}{}", index,
                      statement_id_, origin_of(link.url.reveal()), response->status,
                      link_was_refused(response->status) ? " to a fresh link too; check the clock and whether a "
                                                           "proxy changes requests to the object store"
                                                         : ""));
      error.http_status = response->status;
      error.request_id = statement_id_;
      return error;
    }
    auto fresh = request_link_again(index);
    if (!fresh) return fresh.error();
    link = std::move(*fresh);
  }
}

}  // namespace dbxauth::workspace
