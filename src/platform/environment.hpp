// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace dbxauth::platform {

/// An immutable snapshot of environment variables: the library reads the process environment in one place, once per
/// client, so that a setenv() of another thread cannot race with it. Empty variables count as unset.
class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}
  static Environment of_process();

  std::optional<std::string> get(std::string_view name) const;
  const std::map<std::string, std::string>& variables() const noexcept { return variables_; }
  /// HOME, else the passwd entry of the user; empty when neither gives an absolute path.
  std::string home_directory() const;

 private:
  std::map<std::string, std::string> variables_;
};

}  // namespace dbxauth::platform
