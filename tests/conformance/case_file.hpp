// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dbxauth/config.hpp"
#include "net/http_transport.hpp"

namespace dbxauth::conformance {

using Texts = std::map<std::string, std::string>;

/// A file below the home directory.
struct CaseFile {
  std::string contents;
  bool directory = false;
};

/// One answer of the pretended network. The first stub that fits a request answers it, as often as it comes.
struct Stub {
  net::HttpMethod method = net::HttpMethod::get;
  std::string url;  ///< Exact, or up to a final `*`.
  Texts query;      ///< Fields of the request's query, all of them; then `url` ends before the question mark.
  Texts form;       ///< Fields that the request's form must hold.
  Texts headers;    ///< Headers that the request must carry.
  int status = 200;
  Texts answer_headers;  ///< Names in lower case.
  std::string body;
  bool refused = false;  ///< There is no answer: the connection was refused.
};

struct ExpectedAttribute {
  std::string name;
  std::optional<std::string> value;  ///< Unset: the attribute must not be set at all.
  std::string place;                 ///< Empty: not looked at.
  std::string layer;
};

/// What one rule set must make of a case. Members that are not given are not looked at.
struct Expectation {
  std::optional<std::string> auth_type;
  std::optional<std::string> layer;
  std::optional<std::string> host;
  std::optional<std::string> workspace_id;
  std::optional<std::string> account_id;
  std::optional<Texts> headers;  ///< All of them: exact names, exact values.
  std::optional<std::string> error;
  std::vector<std::string> message;  ///< Parts of the error's message.
  std::optional<std::size_t> request_count;
  std::optional<std::vector<std::string>> requests;  ///< "GET https://…", all of them, in any order.
  Texts attempts;                                    ///< Strategy, or strategy@layer, to verdict.
  std::vector<std::string> reasons;                  ///< Parts of the account: reasons, fixes, missing variables.
  std::vector<std::string> warnings;                 ///< Parts of warnings of the configuration.
  std::vector<ExpectedAttribute> attributes;
};

struct Case {
  std::string name;
  std::string source;  ///< The row of the reference that the expected values were derived from.
  Texts variables;
  std::map<std::string, CaseFile> files;
  Texts options;
  std::optional<std::string> profile;
  std::string config_file;
  bool dotenv = false;
  std::map<std::string, CaseFile> programs;                     ///< Shell scripts in the only directory of PATH.
  std::optional<std::pair<std::string, std::string>> notebook;  ///< Host and token.
  std::vector<Stub> stubs;
  bool offline = false;  ///< Requests without a stub are refused; otherwise they fail the case.
  std::vector<std::pair<ChainRules, Expectation>> expectations;
};

/// Cases of one file, rows of `for` expanded. `texts` are placeholders such as {{HOME}}; {{case}} is a number of the
/// case: client ids hold it, since token requests of one client are limited for the whole process. Throws
/// std::runtime_error, naming file and case, for text that is not such a file: an unknown or repeated member, a wrong
/// type, an unknown placeholder. `shared_file` holds stubs and texts that cases name.
std::vector<Case> read_cases(const std::string& path, const std::string& shared_file, const Texts& texts);

}  // namespace dbxauth::conformance
