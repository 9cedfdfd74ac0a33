// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/client.hpp"

namespace dbxauth::cli {

/// Client of the global arguments.
Result<Client> make_client(const GlobalArguments& global);
/// Network options of the global arguments.
HttpOptions http_options(const GlobalArguments& global);
/// Deadline and cancellation of a command.
CallContext make_context(const GlobalArguments& global, CancelToken cancel);

// Each runs one command and returns its exit status.
int auth_describe(const Arguments& arguments);
int auth_doctor(const Arguments& arguments);
int auth_env(const Arguments& arguments);
int auth_profiles(const Arguments& arguments);
int auth_storage_migrate(const Arguments& arguments);
int auth_storage_status(const Arguments& arguments);
int auth_switch(const Arguments& arguments);
int auth_token(const Arguments& arguments);
int catalog_list(const Arguments& arguments);
int clone_plan(const Arguments& arguments);
int clone_run(const Arguments& arguments);
int configure(const Arguments& arguments);
int sql(const Arguments& arguments);

}  // namespace dbxauth::cli
