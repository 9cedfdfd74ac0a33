// SPDX-License-Identifier: Apache-2.0
// Lists the catalogs of the workspace that the environment, profile or session names.
#include <dbxauth/dbxauth.hpp>
#include <iostream>

int main() {
  const auto catalogs = dbxauth::Client::create()
                            .and_then([](const dbxauth::Client& client) { return client.workspace(); })
                            .and_then([](const dbxauth::WorkspaceClient& workspace) { return workspace.catalogs(); });
  if (!catalogs) {
    std::cerr << catalogs.error().message << '\n';
    return 1;
  }
  for (const auto& catalog : *catalogs) std::cout << catalog.name << '\n';
}
