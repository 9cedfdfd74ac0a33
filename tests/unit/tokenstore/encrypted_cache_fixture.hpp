// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/token_cache.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::testing {

/// An encrypted token cache under a key file, in a directory of its own.
struct EncryptedCache {
  TemporaryDirectory directory;
  std::string key_file = directory.write("key", "planted-key-bytes-planted-key-bytes!", 0600);
  std::string path = directory / "store/token-cache.enc";
  std::shared_ptr<TokenCache> cache = open();

  std::shared_ptr<TokenCache> open() const {
    return make_encrypted_file_token_cache({path, key_file, {}, false}).value();
  }
  std::string text() const { return directory.read("store/token-cache.enc"); }
  void write(std::string_view text) { directory.write("store/token-cache.enc", text); }

  /// The files beside the cache whose name holds `part`.
  std::vector<std::string> files(std::string_view part) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory / "store")) {
      if (entry.path().filename().string().find(part) != std::string::npos) found.push_back(entry.path().string());
    }
    return found;
  }
  std::vector<std::string> copies() const { return files(".corrupt-"); }
  void remove_copies() const {
    for (const std::string& copy : copies()) std::filesystem::remove(copy);
  }
};

}  // namespace dbxauth::testing
