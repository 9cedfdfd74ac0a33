// SPDX-License-Identifier: Apache-2.0
// Clones a catalog: clone_catalog SOURCE DESTINATION
#include <dbxauth/dbxauth.hpp>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto client = dbxauth::Client::create();
  if (!client) return std::cerr << client.error().message << '\n', 1;
  dbxauth::CloneSpec spec;
  spec.source = argv[1];
  spec.destination = argv[2];
  const auto report = client->clone(spec);
  if (!report) return std::cerr << report.error().message << '\n', 1;
  std::cout << report->count(dbxauth::StepOutcome::succeeded) << " of " << report->steps.size()
            << " statements succeeded\n";
  return report->complete() ? 0 : 1;
}
