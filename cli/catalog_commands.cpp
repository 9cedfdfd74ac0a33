// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"

namespace dbxauth::cli {

int catalog_list(const Arguments& arguments) {
  const OutputFormat format = arguments.global.output;
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), format);
  const Interrupt interrupt;
  const CallContext context = make_context(arguments.global, interrupt.token());
  const auto workspace = client->workspace(context);
  if (!workspace) return report(workspace.error(), format);
  const auto catalogs = workspace->catalogs(context);
  if (!catalogs) return report(catalogs.error(), format);
  if (format == OutputFormat::json) return print_json(to_json(*catalogs)) ? exit_ok : exit_failed;
  std::vector<std::vector<std::string>> rows;
  for (const CatalogInfo& catalog : *catalogs) {
    rows.push_back(
        {printable(catalog.name), catalog.catalog_type, printable(catalog.owner), printable(catalog.comment)});
  }
  return print(table({"NAME", "TYPE", "OWNER", "COMMENT"}, rows)) ? exit_ok : exit_failed;
}

}  // namespace dbxauth::cli
