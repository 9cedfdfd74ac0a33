/* SPDX-License-Identifier: Apache-2.0 */
/* A C program that uses every handle type once, with credentials that need no server. */
#include <dbxauth.h>
#include <stdio.h>
#include <string.h>

static int failures;

#define EXPECT(condition)                                             \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

static dbxauth_attribute attribute(const char* name, const char* value) {
  dbxauth_attribute made;
  made.name = name;
  made.value.data = value;
  made.value.size = strlen(value);
  made.place = "the test";
  return made;
}

static void test_version(void) {
  EXPECT(dbxauth_abi_version() >> 16 == DBXAUTH_ABI_VERSION >> 16);
  EXPECT(strlen(dbxauth_version_string()) >= 5);
  EXPECT(dbxauth_has_feature("clone") == 1);
  EXPECT(dbxauth_has_feature("profiles") == 1);
  EXPECT(dbxauth_has_feature("diagnosis") == 1);
  EXPECT(dbxauth_has_feature("no such thing") == 0);
  EXPECT(strcmp(dbxauth_status_name(DBXAUTH_E_NO_CREDENTIALS), "no_credentials") == 0);
}

static void test_headers(void) {
  dbxauth_client_options options;
  dbxauth_attribute attributes[2];
  dbxauth_client* client = NULL;
  dbxauth_headers* headers = NULL;
  dbxauth_string* text = NULL;
  dbxauth_error* error = NULL;
  attributes[0] = attribute("host", "https://workspace.example.com");
  attributes[1] = attribute("token", "dapi-not-a-real-token");
  dbxauth_client_options_init(&options, sizeof options);
  options.attributes = attributes;
  options.attribute_count = 2;
  options.replace_environment = 1;
  EXPECT(dbxauth_client_new(&options, &client, &error) == DBXAUTH_OK);
  EXPECT(dbxauth_client_headers(client, 0, NULL, &headers, &error) == DBXAUTH_OK);
  EXPECT(dbxauth_headers_count(headers) == 1);
  EXPECT(strcmp(dbxauth_headers_name(headers, 0), "Authorization") == 0);
  EXPECT(strcmp(dbxauth_headers_value(headers, 0), "Bearer dapi-not-a-real-token") == 0);
  EXPECT(dbxauth_headers_value_size(headers, 0) == strlen("Bearer dapi-not-a-real-token"));
  EXPECT(dbxauth_headers_name(headers, 1) == NULL);
  EXPECT(strcmp(dbxauth_headers_strategy(headers), "pat") == 0);
  EXPECT(dbxauth_headers_expires_at(headers) == INT64_MAX);
  EXPECT(dbxauth_client_describe_json(client, 0, NULL, &text, &error) == DBXAUTH_OK);
  EXPECT(strstr(dbxauth_string_data(text), "workspace.example.com") != NULL);
  EXPECT(strstr(dbxauth_string_data(text), "dapi-not-a-real-token") == NULL);
  EXPECT(strlen(dbxauth_string_data(text)) == dbxauth_string_size(text));
  EXPECT(error == NULL);
  dbxauth_string_free(text);
  dbxauth_headers_free(headers);
  dbxauth_client_free(client);
}

static void test_no_credentials(void) {
  dbxauth_client_options options;
  dbxauth_client* client = NULL;
  dbxauth_headers* headers = NULL;
  dbxauth_error* error = NULL;
  dbxauth_client_options_init(&options, sizeof options);
  options.replace_environment = 1;
  options.config_file = "/nonexistent/databrickscfg";
  EXPECT(dbxauth_client_new(&options, &client, &error) == DBXAUTH_OK);
  EXPECT(dbxauth_client_headers(client, 0, NULL, &headers, &error) == DBXAUTH_E_NO_CREDENTIALS);
  EXPECT(headers == NULL);
  EXPECT(dbxauth_error_code(error) == DBXAUTH_E_NO_CREDENTIALS);
  EXPECT(strlen(dbxauth_error_message(error)) > 10);
  EXPECT(strstr(dbxauth_error_details_json(error), "\"attempts\"") != NULL);
  EXPECT(dbxauth_error_retry_after_ms(error) == -1);
  dbxauth_error_free(error);
  /* Without a place for the error the status alone tells. */
  EXPECT(dbxauth_client_headers(client, 0, NULL, &headers, NULL) == DBXAUTH_E_NO_CREDENTIALS);
  dbxauth_client_free(client);
}

static void test_profiles(void) {
  dbxauth_profile_options options;
  dbxauth_string* text = NULL;
  dbxauth_error* error = NULL;
  dbxauth_profile_options_init(&options, sizeof options);
  options.replace_environment = 1;
  options.config_file = "/nonexistent/databrickscfg";
  EXPECT(dbxauth_profiles_json(&options, 0, NULL, &text, &error) == DBXAUTH_OK);
  EXPECT(strstr(dbxauth_string_data(text), "\"profiles\"") != NULL);
  EXPECT(error == NULL);
  dbxauth_string_free(text);
  EXPECT(dbxauth_profile_remove(&options, "nobody", NULL, &error) == DBXAUTH_E_NOT_FOUND);
  EXPECT(strstr(dbxauth_error_message(error), "nobody") != NULL);
  dbxauth_error_free(error);
}

static void test_token_cache(void) {
  const char* const keys[] = {"dev", "https://workspace.example.com"};
  const char* token = "{\"access_token\":\"planted\",\"expiry\":\"2030-01-02T03:04:05Z\"}";
  dbxauth_token_cache* cache = NULL;
  dbxauth_string* text = NULL;
  dbxauth_error* error = NULL;
  EXPECT(dbxauth_has_feature("token-cache") == 1);
  EXPECT(dbxauth_token_cache_memory_new(&cache, &error) == DBXAUTH_OK);
  EXPECT(dbxauth_token_cache_put_json(cache, keys, 2, token, strlen(token), NULL, &error) == DBXAUTH_OK);
  EXPECT(dbxauth_token_cache_get_json(cache, keys[1], NULL, &text, &error) == DBXAUTH_OK);
  EXPECT(strstr(dbxauth_string_data(text), "\"access_token\":\"planted\"") != NULL);
  dbxauth_string_free(text);
  EXPECT(dbxauth_token_cache_remove(cache, keys[1], NULL, &error) == DBXAUTH_OK);
  EXPECT(dbxauth_token_cache_keys_json(cache, NULL, &text, &error) == DBXAUTH_OK);
  EXPECT(strcmp(dbxauth_string_data(text), "{\"schema\":1,\"keys\":[\"dev\"]}") == 0);
  dbxauth_string_free(text);
  EXPECT(error == NULL);
  EXPECT(dbxauth_token_cache_get_json(cache, "nobody", NULL, &text, &error) == DBXAUTH_E_NOT_FOUND);
  dbxauth_error_free(error);
  dbxauth_token_cache_free(cache);
}

int main(void) {
  test_version();
  test_token_cache();
  test_profiles();
  test_headers();
  test_no_credentials();
  dbxauth_error_free(NULL);
  dbxauth_headers_free(NULL);
  dbxauth_client_free(NULL);
  dbxauth_operation_free(NULL);
  dbxauth_string_free(NULL);
  dbxauth_provider_free(NULL);
  dbxauth_token_cache_free(NULL);
  dbxauth_cancel_free(NULL);
  if (failures == 0) puts("ok");
  return failures != 0;
}
