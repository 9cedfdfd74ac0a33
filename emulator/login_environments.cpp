// SPDX-License-Identifier: Apache-2.0
#include "login_environments.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "new_file.hpp"

namespace dbxauth::emulator {

namespace {

using Variables = std::map<std::string, std::string>;

constexpr std::int64_t file_token_lifetime_s = 24 * 3600;

Variables joined(Variables base, const Variables& more) {
  for (const auto& [name, value] : more) base.insert_or_assign(name, value);
  return base;
}

std::string federated_token(const LoginSources& sources, const std::string& audience) {
  IdTokenRequest request;
  request.subject = FederationService::generic_subject;
  request.audience = audience;
  request.lifetime_s = file_token_lifetime_s;
  return sources.id_tokens.issue(request);
}

Variables any_login(const LoginSources& sources) {
  const EmulatorCredentials& known = sources.credentials;
  Variables variables{{"DATABRICKS_HOST", known.url}};
  if (!known.ca_bundle.empty()) variables["DATABRICKS_CA_BUNDLE"] = known.ca_bundle;
  if (sources.options.host_type != "workspace") variables["DATABRICKS_ACCOUNT_ID"] = known.account_id;
  if (sources.options.host_type == "unified") variables["DATABRICKS_WORKSPACE_ID"] = known.workspace_id;
  return variables;
}

void add_databricks(const LoginSources& sources, const Variables& any, LoginEnvironments& made) {
  const EmulatorCredentials& known = sources.credentials;
  made.by_strategy["pat"] = joined(any, {{"DATABRICKS_TOKEN", known.token}});
  made.by_strategy["oauth-m2m"] =
      joined(any, {{"DATABRICKS_CLIENT_ID", known.client_id}, {"DATABRICKS_CLIENT_SECRET", known.client_secret}});
  made.by_strategy["metadata-service"] = joined(any, {{"DATABRICKS_METADATA_SERVICE_URL", known.metadata_service_url}});
}

void add_federation(const LoginSources& sources, const Variables& any, LoginEnvironments& made) {
  const EmulatorCredentials& known = sources.credentials;
  const FederationService& federation = sources.federation;
  const Variables principal = joined(any, {{"DATABRICKS_CLIENT_ID", known.client_id}});
  made.by_strategy["github-oidc"] =
      joined(principal, {{"ACTIONS_ID_TOKEN_REQUEST_URL", federation.github_request_url()},
                         {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", federation.github_request_token()}});
  made.by_strategy["azure-devops-oidc"] =
      joined(principal, {{"SYSTEM_ACCESSTOKEN", federation.azure_devops_access_token()},
                         {"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", federation.azure_devops_collection()},
                         {"SYSTEM_PLANID", "9c1f6b0e-3a52-4d57-8f0c-6f1f7c3f2a10"},
                         {"SYSTEM_JOBID", "12f1170f-54f2-53f3-20dd-22fc7dff55f9"},
                         {"SYSTEM_TEAMPROJECTID", "4b9d2c61-7e0a-4c38-b1a5-0d8e6f3a9b72"},
                         {"SYSTEM_HOSTTYPE", "build"}});
  made.by_strategy["env-oidc"] =
      joined(principal, {{"DATABRICKS_OIDC_TOKEN", federated_token(sources, known.account_id)}});
  const auto file = made.files.find("oidc_token");
  // The official SDKs take a token file and a client id for two methods unless one is chosen.
  if (file != made.files.end())
    made.by_strategy["file-oidc"] =
        joined(principal, {{"DATABRICKS_OIDC_TOKEN_FILEPATH", file->second}, {"DATABRICKS_AUTH_TYPE", "file-oidc"}});
}

void add_azure(const LoginSources& sources, const Variables& any, LoginEnvironments& made) {
  const EmulatorCredentials& known = sources.credentials;
  const Variables azure = joined(any, {{"DATABRICKS_CLOUD", "AZURE"},
                                       {"AZURE_AUTHORITY_HOST", known.url},
                                       {"DBXAUTH_AZURE_RESOURCE_MANAGER_URL", known.url}});
  const Variables application = joined(azure, {{"ARM_CLIENT_ID", known.client_id}, {"ARM_TENANT_ID", known.tenant_id}});
  made.by_strategy["azure-client-secret"] = joined(application, {{"ARM_CLIENT_SECRET", known.client_secret}});
  made.by_strategy["github-oidc-azure"] =
      joined(application, {{"ACTIONS_ID_TOKEN_REQUEST_URL", sources.federation.github_request_url()},
                           {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", sources.federation.github_request_token()}});
  const Variables machine = joined(azure, {{"ARM_USE_MSI", "true"}});
  made.by_strategy["azure-msi"] = joined(machine, {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", known.url}});
  made.by_strategy["azure-msi-app-service"] = joined(
      machine,
      {{"IDENTITY_ENDPOINT", known.url + "/msi/token"}, {"IDENTITY_HEADER", sources.azure.app_service_header()}});
  const auto token = made.files.find("federated_token");
  if (token != made.files.end())
    made.by_strategy["azure-msi-workload-identity"] = joined(machine, {{"AZURE_FEDERATED_TOKEN_FILE", token->second},
                                                                       {"AZURE_CLIENT_ID", known.client_id},
                                                                       {"AZURE_TENANT_ID", known.tenant_id}});
  if (made.files.count("az") == 0) return;
  const char* path = std::getenv("PATH");
  made.by_strategy["azure-cli"] =
      joined(azure, {{"DBXAUTH_EMULATOR_URL", known.url},
                     {"PATH", sources.options.identity_directory + (path == nullptr ? "" : ":" + std::string(path))}});
}

void add_google(const LoginSources& sources, const Variables& any, LoginEnvironments& made) {
  const std::string& url = sources.credentials.url;
  const Variables google = joined(any, {{"DATABRICKS_CLOUD", "GCP"}});
  const Variables impersonation = joined(google, {{"DATABRICKS_GOOGLE_SERVICE_ACCOUNT", sources.google.service_account},
                                                  {"DBXAUTH_GOOGLE_IAM_CREDENTIALS_URL", url}});
  const auto user = made.files.find("google_authorized_user");
  if (!sources.options.tls)
    made.by_strategy["google-id"] = joined(impersonation, {{"GCE_METADATA_HOST", url.substr(url.find("://") + 3)}});
  else if (user != made.files.end())  // metadata servers speak plain HTTP
    made.by_strategy["google-id"] = joined(impersonation, {{"GOOGLE_APPLICATION_CREDENTIALS", user->second}});
  const auto key = made.files.find("google_key");
  if (key != made.files.end())
    made.by_strategy["google-credentials"] = joined(google, {{"GOOGLE_CREDENTIALS", key->second}});
}

bool link_program(const std::string& program, const std::string& path, std::string& failure) {
  ::unlink(path.c_str());
  if (::symlink(program.c_str(), path.c_str()) == 0) return true;
  failure = "cannot link " + path + ": " + std::strerror(errno);
  return false;
}

std::string write_files(const LoginSources& sources, LoginEnvironments& made) {
  const std::string& directory = sources.options.identity_directory;
  if (directory.empty()) return {};
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(directory, error);
  if (is_new && !error) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (error) return "cannot use the directory " + directory + ": " + error.message();

  std::string failure;
  const auto write = [&](const char* name, const char* file, const std::string& text) {
    const std::string path = directory + "/" + file;
    made.files[name] = path;
    return write_new_file(path, text, 0600, failure);
  };
  // Token files end with a line break, as those do that a shell writes.
  const bool written =
      write("oidc_token", "oidc-token", federated_token(sources, sources.credentials.account_id) + "\n") &&
      write("federated_token", "azure-federated-token", federated_token(sources, FederationService::entra_audience)) &&
      write("google_key", "google-key.json", sources.google.service_account_key_json()) &&
      write("google_authorized_user", "google-authorized-user.json", sources.google.authorized_user_json());
  if (!written || sources.options.az_program.empty()) return failure;
  made.files["az"] = directory + "/az";
  link_program(sources.options.az_program, made.files["az"], failure);
  return failure;
}

}  // namespace

std::string make_login_environments(const LoginSources& sources, LoginEnvironments& made) {
  if (std::string failure = write_files(sources, made); !failure.empty()) return failure;
  const Variables any = any_login(sources);
  add_databricks(sources, any, made);
  add_federation(sources, any, made);
  add_azure(sources, any, made);
  add_google(sources, any, made);
  return {};
}

}  // namespace dbxauth::emulator
