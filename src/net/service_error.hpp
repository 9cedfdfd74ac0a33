// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/json_reader.hpp"
#include "dbxauth/error.hpp"
#include "dbxauth/result.hpp"
#include "net/http_transport.hpp"

namespace dbxauth::net {

/// Turns an answer outside 2xx, or HTML where JSON was due, into an Error. One parser for every dialect: Databricks
/// (`error_code`, `message`, `details`), API 1.2 (`error`), SCIM (`detail`, `scimType`), OAuth (`error`,
/// `error_description`, AADSTS codes), ARM (`error.code`, `error.message`), `CODE: text`, HTML, empty bodies. What it
/// is comes from classify_response(), whatever the status. `doing` completes "could not …", for example "list
/// catalogs".
Error service_error(const HttpResponse& response, std::string_view doing);

/// The parsed body of a 2xx JSON answer, else the Error. HTML or a login page gives ErrorCode::not_databricks naming
/// the URL.
Result<base::JsonDocument> json_body(const HttpResponse& response, std::string_view doing);

}  // namespace dbxauth::net
