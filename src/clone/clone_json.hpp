// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/json_reader.hpp"
#include "base/json_writer.hpp"
#include "dbxauth/clone.hpp"

namespace dbxauth::clone {

// The JSON of specs, plans and reports. Canonical: members in a fixed order, all of them written, two spaces deep, so
// that equal values give equal bytes. Reading checks every type and names the member that is wrong.

void write_spec(base::JsonWriter& json, const CloneSpec& spec);
/// Strict: an unknown member is an error, because a misspelt option would be an option not followed.
Result<CloneSpec> read_spec(base::JsonView json);

/// The members that plan and report have in common: spec, host, fidelity, warnings.
void write_outline(base::JsonWriter& json, const CloneSpec& spec, const std::string& host,
                   const std::vector<FidelityEntry>& fidelity, const std::vector<std::string>& warnings);

std::string_view to_string(CloneMode mode) noexcept;
std::string_view to_string(IfExists if_exists) noexcept;
std::optional<CloneMode> clone_mode_from(std::string_view name) noexcept;
std::optional<IfExists> if_exists_from(std::string_view name) noexcept;
std::optional<StepKind> step_kind_from(std::string_view name) noexcept;
std::optional<FidelityVerdict> fidelity_verdict_from(std::string_view name) noexcept;

}  // namespace dbxauth::clone
