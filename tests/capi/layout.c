/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the layout of every struct of dbxauth.h as JSON. */
#include <dbxauth.h>
#include <stdio.h>

static int first_struct = 1, first_field;

static void open_struct(const char* name, size_t size) {
  printf("%s\n \"%s\": {\"size\": %zu, \"fields\": {", first_struct ? "{" : ",", name, size);
  first_struct = 0;
  first_field = 1;
}

static void field(const char* name, size_t offset) {
  printf("%s\"%s\": %zu", first_field ? "" : ", ", name, offset);
  first_field = 0;
}

#define STRUCT(type) open_struct(#type, sizeof(type))
#define FIELD(type, name) field(#name, offsetof(type, name))
#define END() printf("}}")

int main(void) {
  STRUCT(dbxauth_bytes);
  FIELD(dbxauth_bytes, data);
  FIELD(dbxauth_bytes, size);
  END();
  STRUCT(dbxauth_attribute);
  FIELD(dbxauth_attribute, name);
  FIELD(dbxauth_attribute, value);
  FIELD(dbxauth_attribute, place);
  END();
  STRUCT(dbxauth_call_options);
  FIELD(dbxauth_call_options, struct_size);
  FIELD(dbxauth_call_options, timeout_ms);
  FIELD(dbxauth_call_options, cancel);
  END();
  STRUCT(dbxauth_operation_options);
  FIELD(dbxauth_operation_options, struct_size);
  FIELD(dbxauth_operation_options, timeout_ms);
  FIELD(dbxauth_operation_options, progress);
  FIELD(dbxauth_operation_options, user_data);
  FIELD(dbxauth_operation_options, destroy);
  END();
  STRUCT(dbxauth_client_options);
  FIELD(dbxauth_client_options, struct_size);
  FIELD(dbxauth_client_options, profile);
  FIELD(dbxauth_client_options, config_file);
  FIELD(dbxauth_client_options, chain_rules);
  FIELD(dbxauth_client_options, attributes);
  FIELD(dbxauth_client_options, attribute_count);
  FIELD(dbxauth_client_options, environment);
  FIELD(dbxauth_client_options, environment_count);
  FIELD(dbxauth_client_options, replace_environment);
  FIELD(dbxauth_client_options, load_dotenv);
  FIELD(dbxauth_client_options, dotenv_file);
  FIELD(dbxauth_client_options, ca_bundle);
  FIELD(dbxauth_client_options, proxy);
  FIELD(dbxauth_client_options, product);
  FIELD(dbxauth_client_options, connect_timeout_ms);
  FIELD(dbxauth_client_options, attempt_timeout_ms);
  FIELD(dbxauth_client_options, auth_timeout_ms);
  FIELD(dbxauth_client_options, reserved0);
  FIELD(dbxauth_client_options, providers);
  FIELD(dbxauth_client_options, provider_count);
  FIELD(dbxauth_client_options, notebook);
  FIELD(dbxauth_client_options, custom_headers);
  FIELD(dbxauth_client_options, custom_header_count);
  FIELD(dbxauth_client_options, probe_budget_ms);
  FIELD(dbxauth_client_options, program_timeout_ms);
  FIELD(dbxauth_client_options, token_cache);
  END();
  STRUCT(dbxauth_profile_options);
  FIELD(dbxauth_profile_options, struct_size);
  FIELD(dbxauth_profile_options, config_file);
  FIELD(dbxauth_profile_options, environment);
  FIELD(dbxauth_profile_options, environment_count);
  FIELD(dbxauth_profile_options, replace_environment);
  FIELD(dbxauth_profile_options, parallelism);
  FIELD(dbxauth_profile_options, per_profile_timeout_ms);
  FIELD(dbxauth_profile_options, reserved0);
  FIELD(dbxauth_profile_options, ca_bundle);
  FIELD(dbxauth_profile_options, proxy);
  END();
  STRUCT(dbxauth_token_cache_callbacks);
  FIELD(dbxauth_token_cache_callbacks, struct_size);
  FIELD(dbxauth_token_cache_callbacks, user_data);
  FIELD(dbxauth_token_cache_callbacks, destroy);
  FIELD(dbxauth_token_cache_callbacks, get);
  FIELD(dbxauth_token_cache_callbacks, put);
  FIELD(dbxauth_token_cache_callbacks, remove);
  FIELD(dbxauth_token_cache_callbacks, list);
  FIELD(dbxauth_token_cache_callbacks, availability);
  END();
  STRUCT(dbxauth_encrypted_file_options);
  FIELD(dbxauth_encrypted_file_options, struct_size);
  FIELD(dbxauth_encrypted_file_options, user_data);
  FIELD(dbxauth_encrypted_file_options, destroy);
  FIELD(dbxauth_encrypted_file_options, passphrase);
  FIELD(dbxauth_encrypted_file_options, path);
  FIELD(dbxauth_encrypted_file_options, key_file);
  FIELD(dbxauth_encrypted_file_options, kernel_keyring);
  FIELD(dbxauth_encrypted_file_options, reserved0);
  END();
  puts("\n}");
  return 0;
}
