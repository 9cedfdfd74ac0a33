// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_DBXAUTH_HPP
#define DBXAUTH_DBXAUTH_HPP

// The whole public C++ API.
#include "dbxauth/call_context.hpp"
#include "dbxauth/catalog.hpp"
#include "dbxauth/client.hpp"
#include "dbxauth/clone.hpp"
#include "dbxauth/config.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/description.hpp"
#include "dbxauth/diagnosis.hpp"
#include "dbxauth/error.hpp"
#include "dbxauth/http_options.hpp"
#include "dbxauth/log.hpp"
#include "dbxauth/operation.hpp"
#include "dbxauth/profiles.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "dbxauth/token_cache.hpp"
#include "dbxauth/token_storage.hpp"
#include "dbxauth/version.hpp"
#include "dbxauth/workspace.hpp"

#endif
