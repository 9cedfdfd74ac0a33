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

std::size_t skipped_count(const std::vector<FidelityEntry>& fidelity) {
  std::size_t count = 0;
  for (const FidelityEntry& entry : fidelity) count += entry.verdict == FidelityVerdict::skipped ? 1 : 0;
  return count;
}

}  // namespace

std::string ClonePlan::to_sql_script() const {
  std::string script = comment_line(fmt::format("Clone of {} to {}: mode {}, if_exists {}.", catalog::quote_identifier(spec.source),
                                                catalog::quote_identifier(spec.destination), clone::to_string(spec.mode),
                                                clone::to_string(spec.if_exists)));
  if (!host.empty()) script += comment_line("Workspace: " + host);
  script += comment_line(fmt::format("{} statements; run them from top to bottom.", steps.size()));
  for (const std::string& warning : warnings) script += comment_line("Warning: " + warning);
  if (skipped_count(fidelity) > 0) script += comment_line("Not in the clone:");
  for (const FidelityEntry& entry : fidelity) {
    if (entry.verdict != FidelityVerdict::skipped) continue;
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
