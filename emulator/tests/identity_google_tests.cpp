// SPDX-License-Identifier: Apache-2.0
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/json_writer.hpp"
#include "emulator_fixture.hpp"
#include "encoding/base64url.hpp"
#include "google_identity_service.hpp"
#include "seed_data.hpp"

namespace dbxauth::emulator::testing {

namespace {

constexpr const char* me = "/api/2.0/preview/scim/v2/Me";
constexpr const char* machine_token_path = "/computeMetadata/v1/instance/service-accounts/default/token";
const httplib::Headers flavor{{"Metadata-Flavor", "Google"}};

/// Signs as a client does, with the key file's private key.
std::string rs256(const std::string& private_key, const std::string& text) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(private_key.data(), static_cast<int>(private_key.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  REQUIRE(key != nullptr);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::size_t size = 512;
  std::string signature(size, '\0');
  REQUIRE(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  REQUIRE(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
  signature.resize(size);
  return encoding::base64url(signature);
}

struct Assertion {
  std::string issuer = GoogleIdentityService::service_account;
  std::string audience;  // empty: the key's token_uri
  std::string member = "target_audience";
  std::string value;
  std::int64_t age_s = 0;
  std::int64_t lifetime_s = 3600;
};

class GoogleWorkspace {
 public:
  GoogleWorkspace() : workspace("empty"), key(workspace.send("GET", "/_emulator/google-key")) {
    REQUIRE(key.status == 200);
  }

  std::string sign(const Assertion& wanted) const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t issued = std::chrono::duration_cast<std::chrono::seconds>(now).count() - wanted.age_s;
    base::JsonWriter claims;
    claims.begin_object().member("iss", wanted.issuer).member("sub", wanted.issuer);
    claims.member("aud", wanted.audience.empty() ? key.text("token_uri") : wanted.audience);
    claims.member("iat", issued).member("exp", issued + wanted.lifetime_s);
    if (!wanted.value.empty()) claims.member(wanted.member, wanted.value);
    claims.end_object();
    const std::string header = R"({"alg":"RS256","typ":"JWT","kid":")" + key.text("private_key_id") + "\"}";
    const std::string text = encoding::base64url(header) + "." + encoding::base64url(claims.text());
    return text + "." + rs256(key.text("private_key"), text);
  }
  Answer redeem(const std::string& assertion) {
    return workspace.form("/google/token",
                          "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion);
  }
  Answer redeem(const Assertion& wanted) { return redeem(sign(wanted)); }
  /// For the workspace itself.
  Assertion for_host() const {
    Assertion wanted;
    wanted.value = workspace.credentials().url;
    return wanted;
  }
  Answer impersonate(const std::string& token, const std::string& method, const std::string& body,
                     const std::string& account = GoogleIdentityService::service_account) {
    return workspace.post_as(
        token, "/v1/projects/-/serviceAccounts/" + encoding::percent_encode(account) + ":" + method, body);
  }
  std::string machine_token() { return workspace.send("GET", machine_token_path, {}, flavor).text("access_token"); }

  TestWorkspace workspace;
  Answer key;
};

}  // namespace

TEST_CASE("a service account key opens the workspace") {
  GoogleWorkspace google;
  const Answer answer = google.redeem(google.for_host());
  REQUIRE(answer.status == 200);
  const std::string id_token = answer.text("id_token");
  CHECK(google.workspace.get_as(id_token, me).text("userName") == SeedPrincipals::service_principal);

  Assertion scoped;
  scoped.member = "scope";
  scoped.value = "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/compute";
  const Answer access = google.redeem(scoped);
  REQUIRE(access.status == 200);
  CHECK(access.text("expires_in") == "3599");
  const auto with = [&](const std::string& token) {
    auto headers = TestWorkspace::bearer(id_token);
    headers.emplace("X-Databricks-GCP-SA-Access-Token", token);
    return google.workspace.send("GET", me, {}, headers).status;
  };
  CHECK(with(access.text("access_token")) == 200);
  CHECK(with("wrong") == 401);
  CHECK(with(google.machine_token()) == 401);
  // An access token is no identity.
  CHECK(google.workspace.get_as(access.text("access_token"), me).status == 401);

  CHECK(google.workspace.control("tokens/expire", R"({"kind":"google_identity"})").text("expired") == "1");
  CHECK(google.workspace.get_as(id_token, me).status == 401);
}

TEST_CASE("an ID token for another host is refused") {
  GoogleWorkspace google;
  Assertion wanted = google.for_host();
  wanted.value = "https://other.gcp.databricks.com";
  const Answer answer = google.redeem(wanted);
  REQUIRE(answer.status == 200);
  CHECK(google.workspace.get_as(answer.text("id_token"), me).status == 401);
}

TEST_CASE("Google refuses an assertion that is wrong") {
  GoogleWorkspace google;
  const auto refusal = [&](const Answer& answer) {
    CHECK(answer.status == 400);
    return answer.text("error") + ": " + answer.text("error_description");
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(refusal(google.redeem("a.b.c")), Contains("invalid_grant"));
  std::string changed = google.sign(google.for_host());
  changed[changed.size() - 20] = changed[changed.size() - 20] == 'A' ? 'B' : 'A';
  CHECK(refusal(google.redeem(changed)) == "invalid_grant: Invalid JWT Signature.");
  Assertion wrong = google.for_host();
  wrong.issuer = "other@example.iam.gserviceaccount.com";
  CHECK_THAT(refusal(google.redeem(wrong)), Contains("account not found"));
  wrong = google.for_host();
  wrong.audience = "https://elsewhere.example/token";
  CHECK_THAT(refusal(google.redeem(wrong)), Contains("audience"));
  wrong = google.for_host();
  wrong.age_s = 3700;
  CHECK_THAT(refusal(google.redeem(wrong)), Contains("reasonable timeframe"));
  wrong = google.for_host();
  wrong.lifetime_s = 7200;
  CHECK_THAT(refusal(google.redeem(wrong)), Contains("reasonable timeframe"));
  CHECK_THAT(refusal(google.redeem(Assertion())), Contains("invalid_scope"));
  CHECK(google.workspace.form("/google/token", "grant_type=password").text("error") == "unsupported_grant_type");
}

TEST_CASE("the user of gcloud gets an access token by its refresh token") {
  GoogleWorkspace google;
  TestWorkspace& workspace = google.workspace;
  const Answer file = workspace.send("GET", "/_emulator/google-authorized-user");
  REQUIRE(file.status == 200);
  const auto text = [&](const char* name) { return file.text(name); };
  CHECK(text("type") == "authorized_user");
  const auto refresh = [&](const std::string& secret, const std::string& token) {
    return workspace.form("/google/token", "grant_type=refresh_token&client_id=" + text("client_id") +
                                               "&client_secret=" + secret +
                                               "&refresh_token=" + encoding::percent_encode(token));
  };
  const Answer answer = refresh(text("client_secret"), text("refresh_token"));
  REQUIRE(answer.status == 200);
  CHECK(google.impersonate(answer.text("access_token"), "generateIdToken", R"({"audience":"x","includeEmail":true})")
            .status == 200);
  CHECK(refresh(text("client_secret"), "1//wrong").text("error") == "invalid_grant");
  CHECK(refresh("wrong", text("refresh_token")).text("error") == "invalid_client");
}

TEST_CASE("a virtual machine impersonates the service account") {
  GoogleWorkspace google;
  TestWorkspace& workspace = google.workspace;
  const Answer machine = workspace.send("GET", machine_token_path, {}, flavor);
  REQUIRE(machine.status == 200);
  CHECK(machine.header("Metadata-Flavor") == "Google");
  CHECK(workspace.send("GET", machine_token_path).status == 403);
  const std::string token = machine.text("access_token");

  const std::string audience = R"({"audience":")" + workspace.credentials().url + "\"";
  const Answer id_token = google.impersonate(token, "generateIdToken", audience + R"(,"includeEmail":true})");
  REQUIRE(id_token.status == 200);
  CHECK(workspace.get_as(id_token.text("token"), me).text("userName") == SeedPrincipals::service_principal);
  // Without the e-mail address nobody knows whose it is.
  const Answer nameless = google.impersonate(token, "generateIdToken", audience + "}");
  CHECK(workspace.get_as(nameless.text("token"), me).status == 403);

  const Answer access = google.impersonate(token, "generateAccessToken",
                                           R"({"scope":["https://www.googleapis.com/auth/cloud-platform"]})");
  REQUIRE(access.status == 200);
  CHECK(access.text("expireTime").back() == 'Z');
  auto both = TestWorkspace::bearer(id_token.text("token"));
  both.emplace("X-Databricks-GCP-SA-Access-Token", access.text("accessToken"));
  CHECK(workspace.send("GET", me, {}, both).status == 200);
}

TEST_CASE("impersonation is refused in Google's words") {
  GoogleWorkspace google;
  const std::string body = R"({"audience":"x","includeEmail":true})";
  const auto status = [](const Answer& answer) { return std::string(answer.json()["error"]["status"].string_or()); };
  CHECK(status(google.impersonate("wrong", "generateIdToken", body)) == "UNAUTHENTICATED");
  CHECK(status(google.impersonate(google.workspace.credentials().token, "generateIdToken", body)) == "UNAUTHENTICATED");
  const std::string token = google.machine_token();
  CHECK(status(google.impersonate(token, "generateIdToken", body, "other@example.com")) == "PERMISSION_DENIED");
  CHECK(status(google.impersonate(token, "generateIdToken", "{}")) == "INVALID_ARGUMENT");
  CHECK(status(google.impersonate(token, "generateAccessToken", "{}")) == "INVALID_ARGUMENT");
  CHECK(status(google.impersonate(token, "signJwt", "{}")) == "NOT_FOUND");
  Assertion own;
  own.member = "scope";
  own.value = "https://www.googleapis.com/auth/cloud-platform";
  CHECK(status(google.impersonate(google.redeem(own).text("access_token"), "generateIdToken", body)) ==
        "PERMISSION_DENIED");
  google.workspace.advance(std::chrono::hours(1));
  CHECK(status(google.impersonate(token, "generateIdToken", body)) == "UNAUTHENTICATED");
}

}  // namespace dbxauth::emulator::testing
