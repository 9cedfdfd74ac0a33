// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dbxauth.h>

#include <cstring>
#include <string>
#include <vector>

namespace capi_test {

/// Frees an error and remembers what it said.
struct Failure {
  dbxauth_error* error = nullptr;
  Failure() = default;
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;
  ~Failure() { dbxauth_error_free(error); }
  std::string message() const { return dbxauth_error_message(error); }
};

/// Options that see no environment and no files: a client of them has only what the test gives.
class IsolatedOptions {
 public:
  IsolatedOptions() {
    dbxauth_client_options_init(&options, sizeof options);
    options.replace_environment = 1;
    options.config_file = "/nonexistent/databrickscfg";
  }
  void set(const char* name, const char* value) {
    attributes_.push_back({name, {value, std::strlen(value)}, nullptr});
    options.attributes = attributes_.data();
    options.attribute_count = attributes_.size();
  }
  dbxauth_client_options options;

 private:
  std::vector<dbxauth_attribute> attributes_;
};

}  // namespace capi_test
