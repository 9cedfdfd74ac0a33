// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/redaction.hpp"
#include "catalog/sql_text.hpp"
#include "clone/clone_json.hpp"
#include "clone/plan_check.hpp"
#include "clone/sql_tokenizer.hpp"

namespace dbxauth {
namespace {

/// A `--` comment on exactly one line: names may hold line breaks, and a backslash at the end would continue it.
std::string comment_line(std::string_view text) {
  std::string line = "--";
  if (!text.empty()) line += ' ';
  for (const char c : base::redact(text)) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (line.back() == '\\') line += ' ';
  return line + "\n";
}

std::string statement(std::string_view sql) {
  // A comment at the end of a view's text would swallow the semicolon.
  return std::string(sql) + (clone::ends_in_line_comment(sql) ? "\n;\n" : ";\n");
}

/// Left out of the head of a script, because it is so for every object: the plan's JSON has it.
bool is_inherent(const FidelityEntry& entry) {
  return entry.aspect == "owner" || entry.aspect == "history" || entry.aspect == "keys" ||
         entry.aspect == "view properties";
}

}  // namespace

std::string ClonePlan::to_sql_script() const {
  std::string script = comment_line(fmt::format(
      "Clone of {} to {}: mode {}, if_exists {}.", catalog::quote_identifier(spec.source),
      catalog::quote_identifier(spec.destination), clone::to_string(spec.mode), clone::to_string(spec.if_exists)));
  if (!host.empty()) script += comment_line("Workspace: " + host);
  script += comment_line(fmt::format("{} statements; run them from top to bottom.", steps.size()));
  for (const std::string& warning : warnings) script += comment_line("Warning: " + warning);
  script +=
      comment_line("Not in the clone: owners, histories of tables, primary and foreign keys, properties of views");
  for (const FidelityEntry& entry : fidelity) {
    if (entry.verdict != FidelityVerdict::skipped || is_inherent(entry)) continue;
    script += comment_line(fmt::format("  {}, {}: {}", entry.object, entry.aspect, entry.reason));
  }
  clone::SessionDefaults current;
  for (const CloneStep& step : steps) {
    script += "\n" + comment_line(step.id + ": " + step.reason);
    const clone::SessionDefaults defaults = clone::session_defaults(step);
    const bool same = defaults.catalog == current.catalog && defaults.schema == current.schema;
    if (!defaults.catalog.empty() && !same) {
      script += statement("USE SCHEMA " + catalog::quote_name({defaults.catalog, defaults.schema}));
      current = defaults;
    }
    script += statement(step.sql);
  }
  return script;
}

}  // namespace dbxauth
