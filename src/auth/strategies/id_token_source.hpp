// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "net/http_transport.hpp"
#include "platform/environment.hpp"

namespace dbxauth::auth {

/// The environment at the moment of the call. Reads the process, or returns what the program gave instead.
using EnvironmentReader = std::function<platform::Environment()>;

/// Obtains an ID token (a JWT of somebody else's OpenID provider) for the machine or job the program runs on. Nothing
/// is cached: every exchange asks again. Thread-safe.
class IdTokenSource {
 public:
  virtual ~IdTokenSource() = default;
  /// `audience` goes into the request where the provider takes one. ErrorCode::no_credentials when the source does not
  /// exist here (variable not set, not in such a job); other codes when it exists and fails.
  virtual Result<SecretString> id_token(std::string_view audience, const CallContext& context) = 0;
  /// False when `audience` is ignored: then nobody need find it out before asking.
  virtual bool takes_audience() const noexcept { return true; }
};

/// A projected token file, read at each call; surrounding white space is dropped, an empty file is an error. `setting`
/// is what named the file, for messages.
std::shared_ptr<IdTokenSource> make_file_id_token_source(
    std::string path, std::string setting = "oidc_token_filepath (DATABRICKS_OIDC_TOKEN_FILEPATH)");

/// The value of a variable, read at each call.
std::shared_ptr<IdTokenSource> make_environment_id_token_source(std::string variable, EnvironmentReader environment);

/// GitHub Actions: `GET {request_url}&audience=…` (percent-encoded) with the request token as bearer; JSON `value`.
std::shared_ptr<IdTokenSource> make_github_id_token_source(std::string request_url, SecretString request_token,
                                                           std::shared_ptr<net::HttpTransport> transport);

/// The variables of an Azure DevOps job that azure-devops-oidc reads: SYSTEM_ACCESSTOKEN,
/// SYSTEM_TEAMFOUNDATIONCOLLECTIONURI, SYSTEM_PLANID, SYSTEM_JOBID, SYSTEM_TEAMPROJECTID, SYSTEM_HOSTTYPE.
inline constexpr std::string_view azure_devops_variables[] = {
    "SYSTEM_ACCESSTOKEN", "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "SYSTEM_PLANID", "SYSTEM_JOBID", "SYSTEM_TEAMPROJECTID",
    "SYSTEM_HOSTTYPE"};

/// Azure DevOps: `POST {collection}/{project}/_apis/distributedtask/hubs/{host type}/plans/{plan}/jobs/{job}/oidctoken?
/// api-version=7.2-preview.1` with SYSTEM_ACCESSTOKEN as bearer; JSON `oidcToken`. Exactly one slash follows the
/// collection whether or not it ends with one. The provider takes no audience.
std::shared_ptr<IdTokenSource> make_azure_devops_id_token_source(EnvironmentReader environment,
                                                                 std::shared_ptr<net::HttpTransport> transport);

}  // namespace dbxauth::auth
