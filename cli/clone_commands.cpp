// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "commands.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress_bar.hpp"

namespace dbxauth::cli {

namespace {

/// "57 copied, 25 recreated".
template <class Kind>
std::string counted(const std::map<Kind, std::int64_t>& counts) {
  std::string text;
  for (const auto& [kind, count] : counts) {
    if (!text.empty()) text += ", ";
    text += std::to_string(count) + " " + std::string(to_string(kind));
  }
  return text;
}

// One line for all objects that share an aspect and a reason: a catalog of thousands of tables has a handful of them.
std::vector<std::vector<std::string>> losses(const std::vector<FidelityEntry>& fidelity) {
  std::map<std::pair<std::string, std::string>, std::vector<const FidelityEntry*>> groups;
  for (const FidelityEntry& entry : fidelity) {
    if (entry.verdict == FidelityVerdict::skipped) groups[{entry.aspect, entry.reason}].push_back(&entry);
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [group, entries] : groups) {
    std::string objects = entries.front()->object;
    if (entries.size() > 1) objects += " and " + std::to_string(entries.size() - 1) + " more";
    rows.push_back({group.first, std::to_string(entries.size()), printable(objects), printable(group.second)});
  }
  return rows;
}

std::string fidelity_text(const std::vector<FidelityEntry>& fidelity) {
  std::map<FidelityVerdict, std::int64_t> counts;
  for (const FidelityEntry& entry : fidelity) ++counts[entry.verdict];
  std::string text = "Fidelity: " + counted(counts);
  text += " (-o json lists every object and aspect)\n";
  const auto rows = losses(fidelity);
  if (!rows.empty()) text += "Not cloned:\n" + table({"ASPECT", "COUNT", "OBJECTS", "WHY"}, rows);
  return text;
}

std::string warnings_text(const std::vector<std::string>& warnings) {
  std::string text;
  for (const std::string& warning : warnings) text += "Warning: " + printable(warning) + "\n";
  return text;
}

/// Whether the plan goes without objects of the source.
bool leaves_objects_out(const ClonePlan& plan) {
  return std::any_of(plan.fidelity.begin(), plan.fidelity.end(), [](const FidelityEntry& entry) {
    return entry.verdict == FidelityVerdict::skipped && (entry.aspect == "data" || entry.aspect == "definition");
  });
}

std::string summary(const ClonePlan& plan) {
  std::map<StepKind, std::int64_t> kinds;
  for (const CloneStep& step : plan.steps) ++kinds[step.kind];
  std::string text = "Clone " + printable(plan.spec.source) + " -> " + printable(plan.spec.destination) + " on " +
                     printable(plan.host) + "\n";
  if (plan.nothing_to_do()) {
    return text + (leaves_objects_out(plan) ? "Nothing to do; what is not cloned is listed below.\n"
                                            : "Nothing to do: the destination has everything.\n");
  }
  return text + std::to_string(plan.steps.size()) + " statements: " + counted(kinds) + "\n";
}

std::string plan_text(const ClonePlan& plan) {
  std::string text = summary(plan);
  if (!plan.steps.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const CloneStep& step : plan.steps) {
      rows.push_back({std::string(to_string(step.kind)), printable(step.object), printable(step.reason)});
    }
    text += table({"STEP", "OBJECT", "WHY"}, rows);
  }
  return text + fidelity_text(plan.fidelity) + warnings_text(plan.warnings);
}

std::string report_text(const CloneReport& report) {
  std::string text;
  std::vector<std::vector<std::string>> troubles;
  std::int64_t copied_bytes = 0;
  for (const StepReport& step : report.steps) {
    if (step.copied_bytes > 0) copied_bytes += step.copied_bytes;
    if (step.outcome == StepOutcome::succeeded) continue;
    troubles.push_back({step.id, std::string(to_string(step.outcome)), printable(step.error)});
  }
  if (!troubles.empty()) text += table({"STEP", "OUTCOME", "WHY"}, troubles);
  text += "Cloned " + printable(report.spec.source) + " -> " + printable(report.spec.destination) + ": " +
          std::to_string(report.count(StepOutcome::succeeded)) + " of " + std::to_string(report.steps.size()) +
          " statements succeeded, " + std::to_string(report.count(StepOutcome::failed)) + " failed, " +
          std::to_string(report.count(StepOutcome::blocked)) + " blocked, " +
          std::to_string(report.count(StepOutcome::cancelled)) + " cancelled; " + std::to_string(copied_bytes) +
          " bytes copied in " + std::to_string(report.duration_ms) + " ms\n";
  return text + fidelity_text(report.fidelity) + warnings_text(report.warnings);
}

Result<void> check_spec(const Arguments& arguments) {
  if (arguments.spec.source.empty() || arguments.spec.destination.empty()) {
    return Error{ErrorCode::invalid_argument, "--source and --dest must be given"};
  }
  return {};
}

Result<ClonePlan> read_plan(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) return Error{ErrorCode::io, "could not read the plan " + path};
  auto plan = ClonePlan::from_json(text);
  if (plan) return plan;
  Error error = plan.error();
  error.message = path + ": " + error.message;
  return error;
}

Result<ClonePlan> make_plan(const Client& client, const Arguments& arguments, const CallContext& context,
                            ProgressBar& bar) {
  if (!arguments.plan_file.empty()) return read_plan(arguments.plan_file);
  if (auto checked = check_spec(arguments); !checked) return checked.error();
  CloneSpec spec = arguments.spec;
  if (spec.warehouse_id.empty()) spec.warehouse_id = client.config().warehouse_id;
  auto plan = client.plan_clone(spec, context, [&bar](const Progress& progress) { bar.show(progress); });
  bar.clear();
  return plan;
}

bool save(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << '\n';
  return static_cast<bool>(file.flush());
}

// Only a person at a terminal is asked; scripts and pipelines never wait for an answer.
bool confirmed(const Arguments& arguments, const ClonePlan& plan, const CancelToken& cancel) {
  if (arguments.yes || isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) return true;
  tell(summary(plan) + fidelity_text(plan.fidelity) + warnings_text(plan.warnings) + "Run it? [y/N] ");
  std::string answer;
  if (!read_line(cancel, answer)) tell("\n");
  return answer == "y" || answer == "Y" || answer == "yes";
}

int show_plan(const Arguments& arguments, const ClonePlan& plan) {
  if (!arguments.save_file.empty() && !save(arguments.save_file, plan.to_json())) {
    return report(Error{ErrorCode::io, "could not write the plan to " + arguments.save_file}, arguments.global.output);
  }
  if (arguments.global.output == OutputFormat::json) return print_json(plan.to_json()) ? exit_ok : exit_failed;
  if (!arguments.as_sql) return print(plan_text(plan)) ? exit_ok : exit_failed;
  const std::string script = plan.to_sql_script();
  // In a file the script is exact; names and comments must not take a terminal over.
  return print(isatty(STDOUT_FILENO) == 1 ? printable_lines(script) : script) ? exit_ok : exit_failed;
}

int exit_status_of(const CloneReport& outcome, const CallContext& context) {
  if (outcome.complete()) return exit_ok;
  const auto ended = context.check("cloning a catalog");
  return ended ? exit_partial : cli::exit_status_of(ended.error().code);
}

int run_plan(const Client& client, const Arguments& arguments, const ClonePlan& plan, const CallContext& context,
             ProgressBar& bar) {
  const OutputFormat format = arguments.global.output;
  const auto workspace = client.workspace(context);
  if (!workspace) return report(workspace.error(), format);
  const auto outcome = run_clone(*workspace, plan, context, [&bar](const Progress& progress) { bar.show(progress); });
  bar.clear();
  if (!outcome) return report(outcome.error(), format);
  std::string text = format == OutputFormat::json ? printable_json(outcome->to_json()) + "\n" : report_text(*outcome);
  if (format == OutputFormat::text && plan.nothing_to_do()) text = plan_text(plan);
  if (!print(text)) return exit_failed;
  return exit_status_of(*outcome, context);
}

}  // namespace

int clone_plan(const Arguments& arguments) {
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), arguments.global.output);
  const Interrupt interrupt;
  const CallContext context = make_context(arguments.global, interrupt.token());
  ProgressBar bar;
  const auto plan = make_plan(*client, arguments, context, bar);
  if (!plan) return report(plan.error(), arguments.global.output);
  return show_plan(arguments, *plan);
}

int clone_run(const Arguments& arguments) {
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), arguments.global.output);
  const Interrupt interrupt;
  const CallContext context = make_context(arguments.global, interrupt.token());
  ProgressBar bar;
  const auto plan = make_plan(*client, arguments, context, bar);
  if (!plan) return report(plan.error(), arguments.global.output);
  if (arguments.dry_run) return show_plan(arguments, *plan);
  if (!plan->nothing_to_do() && !confirmed(arguments, *plan, context.cancel)) {
    tell("Nothing was changed.\n");
    return context.cancel.cancelled() ? exit_interrupted : exit_failed;
  }
  return run_plan(*client, arguments, *plan, context, bar);
}

}  // namespace dbxauth::cli
