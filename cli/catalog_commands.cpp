// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"

namespace dbxauth::cli {

int catalog_list(const Arguments& arguments) {
  const Interrupt interrupt;
  const OutputFormat format = arguments.global.output;
  const CallContext context = make_context(arguments.global, interrupt.token());
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), format);
  const auto workspace = client->workspace(context);
  if (!workspace) return report(workspace.error(), format);
  const auto catalogs = workspace->catalogs(context);
  if (!catalogs) return report(catalogs.error(), format);
  if (format == OutputFormat::json) return print(to_json(*catalogs) + "\n") ? exit_ok : exit_failed;
  std::vector<std::vector<std::string>> rows;
  for (const CatalogInfo& catalog : *catalogs) {
    rows.push_back(
        {printable(catalog.name), catalog.catalog_type, printable(catalog.owner), printable(catalog.comment)});
  }
  return print(table({"NAME", "TYPE", "OWNER", "COMMENT"}, rows)) ? exit_ok : exit_failed;
}

}  // namespace dbxauth::cli
