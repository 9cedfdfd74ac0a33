/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the names of the headers that authorise a request, and who supplied them. */
#include <dbxauth.h>
#include <stdio.h>

int main(void) {
  dbxauth_client* client = NULL;
  dbxauth_headers* headers = NULL;
  dbxauth_error* error = NULL;
  if (dbxauth_client_new(NULL, &client, &error) == DBXAUTH_OK &&
      dbxauth_client_headers(client, 60, NULL, &headers, &error) == DBXAUTH_OK) {
    for (size_t i = 0; i < dbxauth_headers_count(headers); ++i) puts(dbxauth_headers_name(headers, i));
    printf("from %s\n", dbxauth_headers_strategy(headers));
  } else {
    fprintf(stderr, "%s\n", dbxauth_error_message(error));
  }
  int failed = error != NULL;
  dbxauth_error_free(error);
  dbxauth_headers_free(headers);
  dbxauth_client_free(client);
  return failed;
}
