// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "clone/clone_json.hpp"

namespace dbxauth {
namespace {

template <class Value, std::size_t N>
using Names = std::array<std::pair<Value, std::string_view>, N>;

constexpr Names<CloneMode, 3> modes = {
    {{CloneMode::deep, "deep"}, {CloneMode::shallow, "shallow"}, {CloneMode::schema_only, "schema_only"}}};
constexpr Names<IfExists, 3> if_exists_names = {
    {{IfExists::skip, "skip"}, {IfExists::replace, "replace"}, {IfExists::fail, "fail"}}};
constexpr Names<StepKind, 10> step_kinds = {{{StepKind::create_catalog, "create_catalog"},
                                             {StepKind::create_schema, "create_schema"},
                                             {StepKind::clone_table, "clone_table"},
                                             {StepKind::create_table, "create_table"},
                                             {StepKind::create_view, "create_view"},
                                             {StepKind::create_function, "create_function"},
                                             {StepKind::create_volume, "create_volume"},
                                             {StepKind::set_comment, "set_comment"},
                                             {StepKind::set_tags, "set_tags"},
                                             {StepKind::grant, "grant"}}};
constexpr Names<FidelityVerdict, 4> verdicts = {{{FidelityVerdict::copied, "copied"},
                                                 {FidelityVerdict::recreated, "recreated"},
                                                 {FidelityVerdict::already_there, "already_there"},
                                                 {FidelityVerdict::skipped, "skipped"}}};
constexpr Names<StepOutcome, 4> outcomes = {{{StepOutcome::succeeded, "succeeded"},
                                             {StepOutcome::failed, "failed"},
                                             {StepOutcome::blocked, "blocked"},
                                             {StepOutcome::cancelled, "cancelled"}}};

template <class Value, std::size_t N>
std::string_view name_in(const Names<Value, N>& names, Value value) noexcept {
  for (const auto& entry : names) {
    if (entry.first == value) return entry.second;
  }
  return "unknown";
}

template <class Value, std::size_t N>
std::optional<Value> value_in(const Names<Value, N>& names, std::string_view name) noexcept {
  for (const auto& entry : names) {
    if (entry.second == name) return entry.first;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(StepKind kind) noexcept {
  return name_in(step_kinds, kind);
}
std::string_view to_string(FidelityVerdict verdict) noexcept {
  return name_in(verdicts, verdict);
}
std::string_view to_string(StepOutcome outcome) noexcept {
  return name_in(outcomes, outcome);
}

namespace clone {

std::string_view to_string(CloneMode mode) noexcept {
  return name_in(modes, mode);
}
std::string_view to_string(IfExists if_exists) noexcept {
  return name_in(if_exists_names, if_exists);
}
std::optional<CloneMode> clone_mode_from(std::string_view name) noexcept {
  return value_in(modes, name);
}
std::optional<IfExists> if_exists_from(std::string_view name) noexcept {
  return value_in(if_exists_names, name);
}
std::optional<StepKind> step_kind_from(std::string_view name) noexcept {
  return value_in(step_kinds, name);
}
std::optional<FidelityVerdict> fidelity_verdict_from(std::string_view name) noexcept {
  return value_in(verdicts, name);
}

}  // namespace clone
}  // namespace dbxauth
