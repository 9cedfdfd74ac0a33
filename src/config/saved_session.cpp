// SPDX-License-Identifier: Apache-2.0
#include "config/saved_session.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "platform/files.hpp"

namespace dbxauth::config {
namespace {

constexpr std::size_t kLargestSessionFile = 64u << 10;
constexpr double kClockSkewSeconds = 300;

struct Session {
  AttributeLayer layer;
  double timestamp = 0;
};

void add(AttributeLayer& layer, std::string_view name, std::string_view value, const std::string& path) {
  if (value.empty()) return;
  AttributeValue stated;
  stated.value = SecretString(value);
  stated.provenance = {Layer::saved_session, path};
  layer.values.emplace(std::string(name), std::move(stated));
}

double seconds_since_epoch(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::optional<Session> read_session(const std::string& path, std::chrono::system_clock::time_point now,
                                    std::vector<std::string>& warnings) {
  const auto skip = [&](std::string_view reason) {
    warnings.push_back(fmt::format("the saved session {} was ignored: {}", path, reason));
    return std::nullopt;
  };
  Result<SecretString> text = platform::read_file(path, kLargestSessionFile);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return std::nullopt;
    return skip(text.error().message);
  }
  Result<base::JsonDocument> document = base::JsonDocument::parse(text->reveal(), "the session");
  if (!document || !document->root().is_object()) return skip("it is not a JSON object");
  const std::optional<double> timestamp = (*document)["timestamp"].as_number();
  if (!timestamp || !std::isfinite(*timestamp)) return skip("it has no timestamp");
  const double age = seconds_since_epoch(now) - *timestamp;
  if (age < -kClockSkewSeconds) return skip("its timestamp is in the future");
  if (age >= std::chrono::duration<double>(kSavedSessionLifetime).count()) {
    return skip("it has expired (sessions count for 8 hours); log in again or delete the file");
  }
  const std::string_view host = (*document)["host"].string_or();
  if (host.empty()) return skip("it names no host");

  Session session;
  session.timestamp = *timestamp;
  session.layer.layer = Layer::saved_session;
  session.layer.label = "saved session";
  add(session.layer, "host", host, path);
  const std::string_view token = (*document)["token"].string_or();
  add(session.layer, "token", token, path);
  // Clone-Xs writes this word where no warehouse was chosen.
  const std::string_view warehouse = (*document)["warehouse_id"].string_or();
  if (warehouse != "SERVERLESS") add(session.layer, "warehouse_id", warehouse, path);
  const std::optional<platform::FileStatus> status = platform::file_status(path);
  if (!token.empty() && status && (status->mode & 077u) != 0) {
    warnings.push_back(fmt::format("{0} holds a token and others may read it; run: chmod 600 {0}", path));
  }
  return session;
}

}  // namespace

std::optional<AttributeLayer> read_saved_session(std::string_view home, std::chrono::system_clock::time_point now,
                                                 std::vector<std::string>& warnings) {
  if (home.empty()) return std::nullopt;
  std::optional<Session> newest;
  for (std::string_view name : {".clone-xs/session.json", ".clxs-session.json"}) {
    std::optional<Session> session = read_session(platform::join_path(home, name), now, warnings);
    if (session && (!newest || session->timestamp > newest->timestamp)) newest = std::move(session);
  }
  if (!newest) return std::nullopt;
  return std::move(newest->layer);
}

}  // namespace dbxauth::config
