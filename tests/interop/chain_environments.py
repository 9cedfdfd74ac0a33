# SPDX-License-Identifier: Apache-2.0
"""Environments that the official Python SDK (chain_python_test.py) and, some of them, the official JavaScript SDK
(chain_javascript_test.py) resolve side by side with dbxauth.

name       unique; shown in reports and in docs/sdk-differences.md
login      the emulator's variables for that strategy (`environments` of its ready line), before `variables`
variables  further ones; None takes one away
files      below the home directory
options    explicit attributes; `profile` names a profile
expect     what both must come to: a strategy, or "error: kind"
differs    (Python SDK) instead of `expect` where the two are known to differ: what each comes to, and why. `aspects` (default: the
           outcome) says what differs while the outcome may be the same: headers, host
Values are string templates: $url, $token, $client_id, $client_secret, $workspace_id, $account_id, $carol (her
token), $tenant_id, $resource_id, $metadata_service_url, $oidc_token,
$oidc_token_file, $forged_token, $google_authorized_user, $HOME.

Kinds of errors: nothing (no strategy applies), conflict (more than one method), profile (a profile that is missing or
reserved), file (the profile file cannot be read), value (an attribute that cannot be parsed), refused STRATEGY.
"""

PAT_PROFILE = "host = $url\ntoken = $token\n"
M2M_PROFILE = "host = $url\nclient_id = $client_id\nclient_secret = $client_secret\n"


def cfg(text):
    return {".databrickscfg": text}


ABORTS = "the Python SDK ends the chain at the first strategy that fails; dbxauth goes on, as the Go SDK does"
GO_ORDER = "the order is the Go SDK's"
GO_INI = "the file is read as the Go SDK and the Databricks CLI read it"


def differs(sdk, dbxauth, why, aspects=("outcome",)):
    return {"sdk": sdk, "dbxauth": dbxauth, "why": why, "aspects": set(aspects)}


ENVIRONMENTS = [
    # ---- one strategy each, as the emulator offers it --------------------------------------------------------------
    {"name": "pat", "login": "pat", "expect": "pat"},
    {"name": "oauth-m2m", "login": "oauth-m2m", "expect": "oauth-m2m"},
    {"name": "basic", "variables": {"DATABRICKS_HOST": "$url", "DATABRICKS_USERNAME": "alice@example.com", "DATABRICKS_PASSWORD": "pass word%"}, "expect": "basic"},
    {"name": "metadata-service", "login": "metadata-service", "expect": "metadata-service"},
    {"name": "env-oidc", "login": "env-oidc", "expect": "env-oidc"},
    {"name": "file-oidc", "login": "file-oidc", "expect": "file-oidc"},
    {"name": "github-oidc", "login": "github-oidc", "expect": "github-oidc"},
    {"name": "azure-devops-oidc", "login": "azure-devops-oidc", "expect": "azure-devops-oidc"},
    {"name": "azure-client-secret", "login": "azure-client-secret", "expect": "azure-client-secret"},
    {"name": "github-oidc-azure", "login": "github-oidc-azure", "expect": "github-oidc-azure"},
    {"name": "azure-cli", "login": "azure-cli", "differs": differs("azure-cli", "azure-cli", "for a person the Python SDK leaves the management token out; the Go SDK sends it whenever az gives one", ("headers",))},
    {"name": "google-credentials", "login": "google-credentials", "expect": "google-credentials"},
    {"name": "azure-msi", "login": "azure-msi", "differs": differs("error: nothing", "azure-msi", "the Python SDK has the attribute azure_use_msi and no strategy for it")},
    {"name": "google-id", "login": "google-id", "variables": {"GCE_METADATA_HOST": None, "GOOGLE_APPLICATION_CREDENTIALS": "$google_authorized_user"}, "expect": "google-id"},
    # ---- every way of stating a credential -------------------------------------------------------------------------
    {"name": "pat by options", "options": {"host": "$url", "token": "$token"}, "expect": "pat"},
    {"name": "pat by the DEFAULT profile", "files": cfg("[DEFAULT]\n" + PAT_PROFILE), "expect": "pat"},
    {"name": "pat by a named profile", "files": cfg("[work]\n" + PAT_PROFILE), "options": {"profile": "work"}, "expect": "pat"},
    {"name": "pat by the profile of a variable", "files": cfg("[work]\n" + PAT_PROFILE), "variables": {"DATABRICKS_CONFIG_PROFILE": "work"}, "expect": "pat"},
    {"name": "pat by default_profile", "files": cfg("[__settings__]\ndefault_profile = work\n[work]\n" + PAT_PROFILE), "expect": "pat"},
    {"name": "oauth-m2m by options", "options": {"host": "$url", "client_id": "$client_id", "client_secret": "$client_secret"}, "expect": "oauth-m2m"},
    {"name": "oauth-m2m by a profile", "files": cfg("[DEFAULT]\n" + M2M_PROFILE), "expect": "oauth-m2m"},
    {"name": "basic by a profile", "files": cfg("[DEFAULT]\nhost = $url\nusername = ann\npassword = secret\n"), "expect": "basic"},
    {"name": "metadata-service by a profile", "login": "metadata-service", "variables": {"DATABRICKS_METADATA_SERVICE_URL": None, "DATABRICKS_HOST": None}, "files": cfg("[DEFAULT]\nhost = $url\nmetadata_service_url = $metadata_service_url\n"), "expect": "metadata-service"},
    {"name": "file-oidc by a profile, account-wide", "files": cfg("[DEFAULT]\nhost = $url\noidc_token_filepath = $oidc_token_file\nclient_id = $client_id\nauth_type = file-oidc\n"), "expect": "file-oidc"},
    {"name": "another profile file", "files": {"elsewhere": "[DEFAULT]\n" + PAT_PROFILE}, "variables": {"DATABRICKS_CONFIG_FILE": "$HOME/elsewhere"}, "expect": "pat"},
    {"name": "another profile file, the tilde expanded", "files": {"elsewhere": "[DEFAULT]\n" + PAT_PROFILE}, "variables": {"DATABRICKS_CONFIG_FILE": "~/elsewhere"}, "expect": "pat"},
    {"name": "the file's own name of the OIDC variable", "login": "env-oidc", "variables": {"DATABRICKS_OIDC_TOKEN": None, "DATABRICKS_OIDC_TOKEN_FILE": "$oidc_token_file", "DATABRICKS_AUTH_TYPE": "file-oidc"}, "expect": "file-oidc"},
    {"name": "an ID token in a variable of another name", "login": "env-oidc", "variables": {"JOB_TOKEN": "$oidc_token", "DATABRICKS_OIDC_TOKEN": None, "DATABRICKS_OIDC_TOKEN_ENV": "JOB_TOKEN", "DATABRICKS_AUTH_TYPE": "env-oidc"}, "expect": "env-oidc"},
    {"name": "an Azure resource id beside the host", "login": "azure-client-secret", "variables": {"DATABRICKS_AZURE_RESOURCE_ID": "$resource_id"}, "expect": "azure-client-secret"},
    # ---- precedence ------------------------------------------------------------------------------------------------
    {"name": "an option before a variable", "login": "pat", "options": {"token": "$carol"}, "expect": "pat"},
    {"name": "a variable before a named profile", "login": "pat", "files": cfg("[work]\nhost = $url\ntoken = $carol\n"), "options": {"profile": "work"}, "expect": "pat"},
    {"name": "a variable before the profile of a variable", "login": "pat", "files": cfg("[work]\nhost = $url\ntoken = $carol\n"), "variables": {"DATABRICKS_CONFIG_PROFILE": "work"}, "expect": "pat"},
    {"name": "a token of the environment, the host of a profile", "files": cfg("[work]\nhost = $url\n"), "variables": {"DATABRICKS_TOKEN": "$token", "DATABRICKS_CONFIG_PROFILE": "work"}, "expect": "pat"},
    {"name": "a host in the environment hides the default profile", "files": cfg("[DEFAULT]\n" + PAT_PROFILE), "variables": {"DATABRICKS_HOST": "$url"}, "expect": "error: nothing"},
    {"name": "a token in the environment hides the default profile", "files": cfg("[DEFAULT]\n" + PAT_PROFILE), "variables": {"DATABRICKS_TOKEN": "$token"}, "expect": "error: nothing"},
    {"name": "a tenant in the environment hides the default profile", "files": cfg("[DEFAULT]\n" + PAT_PROFILE), "variables": {"ARM_TENANT_ID": "$tenant_id"}, "expect": "error: nothing"},
    {"name": "an account id in the environment does not", "files": cfg("[DEFAULT]\n" + PAT_PROFILE), "variables": {"DATABRICKS_ACCOUNT_ID": "$account_id"}, "expect": "pat"},
    {"name": "a cluster id in the environment does not", "files": cfg("[DEFAULT]\n" + PAT_PROFILE), "variables": {"DATABRICKS_CLUSTER_ID": "c"}, "expect": "pat"},
    {"name": "empty variables count as unset", "files": cfg("[DEFAULT]\n" + PAT_PROFILE), "variables": {"DATABRICKS_HOST": "", "DATABRICKS_TOKEN": "", "DATABRICKS_CONFIG_PROFILE": ""}, "expect": "pat"},
    {"name": "auth_type chooses among several", "login": "pat", "variables": {"DATABRICKS_CLIENT_ID": "$client_id", "DATABRICKS_CLIENT_SECRET": "$client_secret", "DATABRICKS_AUTH_TYPE": "oauth-m2m"}, "expect": "oauth-m2m"},
    {"name": "auth_type pat among several", "login": "oauth-m2m", "variables": {"DATABRICKS_TOKEN": "$token", "DATABRICKS_AUTH_TYPE": "pat"}, "expect": "pat"},
    {"name": "variables of a GitHub job beside a token", "login": "github-oidc", "variables": {"DATABRICKS_CLIENT_ID": None, "DATABRICKS_TOKEN": "$token"}, "expect": "pat"},
    {"name": "an Azure environment beside a token", "login": "pat", "variables": {"ARM_ENVIRONMENT": "PUBLIC"}, "expect": "pat"},
    # ---- errors ----------------------------------------------------------------------------------------------------
    {"name": "nothing at all", "expect": "error: nothing"},
    {"name": "a host and nothing else", "variables": {"DATABRICKS_HOST": "$url"}, "expect": "error: nothing"},
    {"name": "a client id without a secret", "variables": {"DATABRICKS_HOST": "$url", "DATABRICKS_CLIENT_ID": "$client_id"}, "expect": "error: nothing"},
    {"name": "a user name without a password", "variables": {"DATABRICKS_HOST": "$url", "DATABRICKS_USERNAME": "ann"}, "expect": "error: nothing"},
    {"name": "token and service principal", "login": "pat", "variables": {"DATABRICKS_CLIENT_ID": "c", "DATABRICKS_CLIENT_SECRET": "s"}, "expect": "error: conflict"},
    {"name": "token and user name", "login": "pat", "variables": {"DATABRICKS_USERNAME": "ann"}, "expect": "error: conflict"},
    {"name": "token and Azure client", "login": "pat", "variables": {"ARM_CLIENT_ID": "app"}, "expect": "error: conflict"},
    {"name": "token and Google account", "login": "pat", "variables": {"DATABRICKS_GOOGLE_SERVICE_ACCOUNT": "sa"}, "expect": "error: conflict"},
    {"name": "token and metadata service", "login": "metadata-service", "variables": {"DATABRICKS_TOKEN": "$token"}, "expect": "error: conflict"},
    {"name": "client id and OIDC token file", "login": "file-oidc", "variables": {"DATABRICKS_AUTH_TYPE": None}, "expect": "error: conflict"},
    {"name": "token of the environment and client of a profile", "files": cfg("[work]\n" + M2M_PROFILE), "variables": {"DATABRICKS_TOKEN": "$token", "DATABRICKS_CONFIG_PROFILE": "work"}, "expect": "error: conflict"},
    {"name": "a missing profile", "files": cfg("[work]\n" + PAT_PROFILE), "options": {"profile": "gone"}, "expect": "error: profile"},
    {"name": "a profile of another case", "files": cfg("[work]\n" + PAT_PROFILE), "options": {"profile": "WORK"}, "expect": "error: profile"},
    {"name": "default_profile names a missing one", "files": cfg("[__settings__]\ndefault_profile = gone\n[work]\n" + PAT_PROFILE), "expect": "error: profile"},
    {"name": "the section of settings as profile", "files": cfg("[__settings__]\ndefault_profile = work\n[work]\n" + PAT_PROFILE), "options": {"profile": "__settings__"}, "expect": "error: profile"},
    {"name": "a named profile and no file", "login": "pat", "variables": {"DATABRICKS_CONFIG_PROFILE": "work"}, "expect": "pat"},
    {"name": "a line without a delimiter", "files": cfg("[DEFAULT]\nhost\n"), "expect": "error: file"},
    {"name": "auth_type of a strategy that lacks everything", "variables": {"DATABRICKS_HOST": "$url", "DATABRICKS_AUTH_TYPE": "pat"}, "expect": "error: nothing"},
    {"name": "a wrong client secret", "login": "oauth-m2m", "variables": {"DATABRICKS_CLIENT_SECRET": "wrong"}, "expect": "error: refused oauth-m2m"},
    {"name": "a wrong client secret, auth_type set", "login": "oauth-m2m", "variables": {"DATABRICKS_CLIENT_SECRET": "wrong", "DATABRICKS_AUTH_TYPE": "oauth-m2m"}, "expect": "error: refused oauth-m2m"},
    {"name": "a wrong Azure secret", "login": "azure-client-secret", "variables": {"ARM_CLIENT_SECRET": "wrong"}, "expect": "error: refused azure-client-secret"},
    {"name": "an ID token of nobody's issuer", "login": "env-oidc", "variables": {"DATABRICKS_OIDC_TOKEN": "$forged_token"}, "expect": "error: refused env-oidc"},
    {"name": "a token that the server does not know", "login": "pat", "variables": {"DATABRICKS_TOKEN": "dapi00000000000000000000000000000000"}, "expect": "pat"},
    # ---- known differences -----------------------------------------------------------------------------------------
    {"name": "ARM_USE_MSI=false beside a token", "login": "pat", "variables": {"ARM_USE_MSI": "false"}, "differs": differs("error: conflict", "pat", "any text is true to the Python SDK")},
    {"name": "ARM_USE_MSI=yes", "login": "pat", "variables": {"ARM_USE_MSI": "yes", "DATABRICKS_AUTH_TYPE": "pat"}, "differs": differs("pat", "error: value", "the Go SDK refuses what is no boolean")},
    {"name": "an unknown auth_type", "login": "pat", "variables": {"DATABRICKS_AUTH_TYPE": "magic"}, "differs": differs("error: nothing", "error: value", "the Go SDK says that there is no such strategy")},
    {"name": "a refused secret before an ID token", "login": "env-oidc", "variables": {"DATABRICKS_CLIENT_SECRET": "wrong"}, "differs": differs("error: refused oauth-m2m", "env-oidc", ABORTS)},
    {"name": "variables of a GitHub job and an ID token", "login": "github-oidc", "variables": {"DATABRICKS_OIDC_TOKEN": "$oidc_token"}, "differs": differs("env-oidc", "github-oidc", GO_ORDER)},
    {"name": "variables of an Azure DevOps job and an ID token", "login": "azure-devops-oidc", "variables": {"DATABRICKS_OIDC_TOKEN": "$oidc_token"}, "differs": differs("env-oidc", "azure-devops-oidc", GO_ORDER)},
    {"name": "metadata service and service principal, auth_type unset", "login": "metadata-service", "variables": {"DATABRICKS_CLIENT_ID": "$client_id", "DATABRICKS_CLIENT_SECRET": "$client_secret"}, "expect": "error: conflict"},
    {"name": "an inline comment", "files": cfg("[DEFAULT]\nhost = $url\ntoken = $token # mine\n"), "differs": differs("pat", "pat", GO_INI, ("headers", "principal"))},
    {"name": "a quoted value", "files": cfg("[DEFAULT]\nhost = $url\ntoken = \"$token\"\n"), "differs": differs("pat", "pat", GO_INI, ("headers", "principal"))},
    {"name": "a key twice", "files": cfg("[DEFAULT]\nhost = $url\ntoken = x\ntoken = $token\n"), "differs": differs("error: file", "pat", GO_INI)},
    {"name": "a section twice", "files": cfg("[work]\nhost = $url\n[work]\ntoken = $token\n"), "options": {"profile": "work"}, "differs": differs("error: file", "pat", GO_INI)},
    {"name": "keys before any section", "files": cfg(PAT_PROFILE), "differs": differs("error: file", "pat", GO_INI)},
    {"name": "a byte order mark", "files": cfg("\ufeff[DEFAULT]\n" + PAT_PROFILE), "differs": differs("error: file", "pat", GO_INI)},
    {"name": "a key in upper case", "files": cfg("[DEFAULT]\nhost = $url\nTOKEN = $token\n"), "differs": differs("pat", "error: nothing", GO_INI)},
    {"name": "a directory instead of the file", "files": {".databrickscfg/x": ""}, "differs": differs("error: nothing", "error: file", "the Go SDK refuses what it cannot read")},
    {"name": "a section without keys", "files": cfg("[bare]\n[work]\n" + PAT_PROFILE), "options": {"profile": "bare"}, "differs": differs("error: nothing", "error: profile", "a section without keys is missing to the Go SDK")},
    {"name": "a workspace id", "login": "pat", "variables": {"DATABRICKS_WORKSPACE_ID": "$workspace_id"}, "expect": "pat"},
    {"name": "a host with a path", "login": "pat", "variables": {"DATABRICKS_HOST": "$url/login.html"}, "differs": differs("pat", "pat", "the Go SDK drops the path", ("host",))},
    {"name": "a host with an organisation", "login": "pat", "variables": {"DATABRICKS_HOST": "$url/?o=$workspace_id"}, "differs": differs("pat", "pat", "the Go SDK takes the workspace id from the query", ("host",))},
    {"name": "a token with a final line break", "login": "pat", "variables": {"DATABRICKS_TOKEN": "$token\n"}, "differs": differs("pat", "pat", "no server accepts such a header; dbxauth drops the blanks", ("headers", "principal"))},
    {"name": "an Azure service principal without a tenant", "login": "azure-client-secret", "variables": {"ARM_TENANT_ID": None}, "differs": differs("azure-client-secret", "error: nothing", "the Go SDK needs azure_tenant_id for azure-client-secret")},
    {"name": "an Azure resource id without a host", "login": "azure-client-secret", "variables": {"DATABRICKS_AZURE_RESOURCE_ID": "$resource_id", "DATABRICKS_HOST": None}, "differs": differs("azure-client-secret", "azure-client-secret", "ARM names the host without a scheme; dbxauth reaches a workspace of this computer in the clear when ARM was asked so", ("host",))},
    {"name": "GitHub without a client id", "login": "github-oidc", "variables": {"DATABRICKS_CLIENT_ID": None}, "differs": differs("error: nothing", "error: refused github-oidc", "account-wide federation needs no client id; the Python SDK asks for one. The emulator's account trusts no GitHub")},
    {"name": "Google credentials on a host that is not Google's", "login": "google-credentials", "variables": {"DATABRICKS_CLOUD": None}, "differs": differs("google-credentials", "error: nothing", "the Go SDK asks for a Google Cloud host")},
]

# By name: those that the JavaScript SDK resolves too. It has no workload identity, no `default_profile`, no cloud
# attribute and no host metadata.
JAVASCRIPT = {
    "pat": None,
    "oauth-m2m": None,
    "basic": None,
    "metadata-service": None,
    "pat by options": None,
    "pat by the DEFAULT profile": None,
    "pat by a named profile": None,
    "pat by the profile of a variable": None,
    "oauth-m2m by a profile": None,
    "basic by a profile": None,
    "another profile file": None,
    "another profile file, the tilde expanded": None,
    "an option before a variable": None,
    "a variable before a named profile": None,
    "a token of the environment, the host of a profile": None,
    "a host in the environment hides the default profile": None,
    "a token in the environment hides the default profile": None,
    "a cluster id in the environment does not": None,
    "auth_type chooses among several": None,
    "auth_type pat among several": None,
    "nothing at all": None,
    "a host and nothing else": None,
    "a client id without a secret": None,
    "token and service principal": None,
    "token and user name": None,
    "a missing profile": None,
    "a named profile and no file": None,
    "a wrong client secret": None,
    "a token that the server does not know": None,
    "a host with a path": None,
    "an inline comment": None,
    "a quoted value": None,
    "pat by default_profile": differs("error: nothing", "pat", "the JavaScript SDK knows no `[__settings__] default_profile`"),
    "empty variables count as unset": differs("error: nothing", "pat", "an empty variable is a set value to the JavaScript SDK"),
    "token and metadata service": differs("pat", "error: conflict", "metadata_service_url is no method of its own to the JavaScript SDK's conflict rule"),
    "an unknown auth_type": differs("error: nothing", "error: value", "the Go SDK says that there is no such strategy"),
    "ARM_USE_MSI=false beside a token": differs("error: conflict", "pat", "any text is true to the JavaScript SDK"),
}
