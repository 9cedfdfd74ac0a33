// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "auth/header_value.hpp"
#include "auth/oauth/token_endpoint.hpp"
#include "property.hpp"

using dbxauth::SecretString;
using dbxauth::Token;
using dbxauth::fuzz::require;
using TimePoint = std::chrono::system_clock::time_point;

namespace {

class StoppedClock final : public dbxauth::platform::Clock {
 public:
  TimePoint now() const noexcept override { return std::chrono::system_clock::from_time_t(1767225600); }
};

void check(const Token& token, const dbxauth::platform::Clock& clock) {
  require(!token.access_token.empty(), "a token is not empty");
  require(dbxauth::auth::authorization_value(token).has_value(), "a token can be sent in a header");
  require(token.lifetime.count() >= 0, "a lifetime is not negative");
  const bool ends = token.expires_at != TimePoint::max();
  require(ends || token.lifetime.count() == 0, "what does not end has no lifetime");
  require(token.lifetime.count() == 0 || token.expires_at > clock.now(), "what has a lifetime ends in the future");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const StoppedClock clock;
  for (const std::string_view member : {"access_token", "id_token"}) {
    dbxauth::net::HttpResponse answer;
    answer.status = 200;
    answer.headers.emplace_back("content-type", "application/json");
    answer.body = SecretString(text);
    answer.url = "https://fuzz.example/token";
    const auto token = dbxauth::auth::read_token_answer(answer, answer.url, clock, member);
    if (token) {
      check(*token, clock);
    } else {
      require(token.error().message.find("fuzz.example") != std::string::npos, "an error names the endpoint");
    }
  }
  return 0;
}
