// SPDX-License-Identifier: Apache-2.0
#include "config/profile_store.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "config/profile_file.hpp"
#include "platform/files.hpp"

namespace dbxauth::config {
namespace {

constexpr std::chrono::milliseconds kLockLimit{10000};
constexpr unsigned kNewFileMode = 0600;

Error cannot_change(const std::string& path, Error error) {
  error.message = fmt::format("the profile file {} cannot be changed: {}", path, error.message);
  return error;
}

Result<SecretString> read_present(const std::string& path) {
  Result<SecretString> text = platform::read_file(path, kLargestProfileFile);
  if (!text && text.error().code == ErrorCode::not_found) return SecretString();
  return text;
}

/// What a change says of an empty file still counts; whether a directory is to be made is for its owner to decide.
Result<void> change_without_directory(const std::string& path, const std::function<Result<void>(IniEditor&)>& change) {
  Result<IniEditor> editor = IniEditor::open(SecretString(), path);
  if (!editor) return std::move(editor).error();
  if (Result<void> changed = change(*editor); !changed) return changed;
  if (!editor->changed()) return {};
  return cannot_change(path, {ErrorCode::configuration,
                              fmt::format("the directory {} does not exist; make it, or name another file with "
                                          "DATABRICKS_CONFIG_FILE",
                                          platform::parent_directory(path))});
}

}  // namespace

Result<void> edit_profile_file(const std::string& path, const std::function<Result<void>(IniEditor&)>& change,
                               const CallContext& context) {
  if (path.empty() || path == "/dev/null") {
    return Error(ErrorCode::configuration, path.empty()
                                               ? "there is no home directory and hence no profile file; set "
                                                 "DATABRICKS_CONFIG_FILE"
                                               : "the profile file is /dev/null and cannot hold a profile; set "
                                                 "DATABRICKS_CONFIG_FILE to another file");
  }
  if (const auto directory = platform::file_status(platform::parent_directory(path)); !directory) {
    return change_without_directory(path, change);
  }
  auto lock = platform::FileLock::acquire(path + ".lock", context, kLockLimit);
  if (!lock) return cannot_change(path, std::move(lock).error());
  Result<SecretString> present = read_present(path);
  if (!present) return cannot_change(path, std::move(present).error());
  const SecretString previous = present->clone();
  Result<IniEditor> editor = IniEditor::open(std::move(*present), path);
  if (!editor) return cannot_change(path, std::move(editor).error());
  if (Result<void> changed = change(*editor); !changed) return changed;
  if (!editor->changed() || editor->text().equals(previous)) return {};
  if (editor->text().size() > kLargestProfileFile) {
    return cannot_change(path, {ErrorCode::invalid_argument,
                                fmt::format("it would be larger than {} bytes and not be read", kLargestProfileFile)});
  }
  if (!previous.empty()) {
    auto kept = platform::write_file_atomically(path + ".bak", previous.reveal(), kNewFileMode);
    if (!kept) return cannot_change(path, std::move(kept).error());
  }
  const auto status = platform::file_status(path);
  auto written = platform::write_file_atomically(path, editor->text().reveal(), status ? status->mode : kNewFileMode);
  if (!written) return cannot_change(path, std::move(written).error());
  return {};
}

}  // namespace dbxauth::config
