// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "commands.hpp"
#include "dbxauth/diagnosis.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"

namespace dbxauth::cli {

namespace {

std::string milliseconds_text(std::chrono::microseconds elapsed) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", static_cast<double>(elapsed.count()) / 1000.0);
  return text;
}

std::string host_text(const Diagnosis& diagnosis) {
  return diagnosis.config.host.empty() ? std::string() : "Host: " + printable(diagnosis.config.host) + "\n";
}

std::string steps_text(const Diagnosis& diagnosis) {
  std::vector<std::vector<std::string>> rows;
  std::string fixes;
  for (const DiagnosisStep& step : diagnosis.steps) {
    const bool taken = step.verdict != DiagnosisVerdict::skipped;
    rows.push_back(
        {step.name, std::string(to_string(step.verdict)), taken ? milliseconds_text(step.elapsed) : "-", step.detail});
    if (!step.fix.empty()) fixes += "  " + printable(step.name) + ": " + printable(step.fix) + "\n";
  }
  std::string text = table({"STEP", "VERDICT", "TIME", "FOUND"}, rows);
  for (const std::string& warning : diagnosis.config.warnings) text += "  ! " + printable(warning) + "\n";
  if (!fixes.empty()) text += "-----\nWhat to do:\n" + fixes;
  return text;
}

/// Of the step that failed first.
int exit_status_of(const Diagnosis& diagnosis) {
  for (const DiagnosisStep& step : diagnosis.steps) {
    if (step.verdict != DiagnosisVerdict::failed) continue;
    if (step.name == "token" || step.name == "identity") return exit_credentials;
    if (step.name == "configuration" || step.name == "clock") return exit_failed;
    return exit_network;
  }
  return exit_ok;
}

}  // namespace

int auth_doctor(const Arguments& arguments) {
  const OutputFormat format = arguments.global.output;
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), format);
  const Interrupt interrupt;
  const Diagnosis diagnosis = diagnose(*client, make_context(arguments.global, interrupt.token()));
  std::string summary = "Everything works.\n";
  if (!diagnosis.healthy()) summary = "Something on the way to the workspace does not work.\n";
  const bool written = format == OutputFormat::json ? print_json(diagnosis.to_json())
                                                    : print(host_text(diagnosis) + steps_text(diagnosis) + summary);
  if (interrupt.token().cancelled()) return exit_interrupted;
  return written ? exit_status_of(diagnosis) : exit_failed;
}

}  // namespace dbxauth::cli
