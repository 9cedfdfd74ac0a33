// SPDX-License-Identifier: Apache-2.0
#include "net/curl_library.hpp"

#include <dlfcn.h>

#include <mutex>
#include <string>

#include <fmt/format.h>

#include "platform/library_symbols.hpp"

namespace dbxauth::net {
namespace {

constexpr const char* kLibraryName = "libcurl.so.4";

Error not_usable(std::string_view reason) {
  return {ErrorCode::unsupported,
          fmt::format("{} cannot be used ({}); install it, on Debian and Ubuntu with: apt install libcurl4",
                      kLibraryName, reason)};
}

/// The name of the first function that is missing, or null.
const char* read_functions(void* library, CurlLibrary& table) {
  platform::LibrarySymbols symbols(library);
  symbols.read("curl_global_init", table.global_init);
  symbols.read("curl_easy_init", table.easy_init);
  symbols.read("curl_easy_cleanup", table.easy_cleanup);
  symbols.read("curl_easy_reset", table.easy_reset);
  symbols.read("curl_easy_setopt", table.easy_setopt);
  symbols.read("curl_easy_getinfo", table.easy_getinfo);
  symbols.read("curl_easy_strerror", table.easy_strerror);
  symbols.read("curl_multi_init", table.multi_init);
  symbols.read("curl_multi_cleanup", table.multi_cleanup);
  symbols.read("curl_multi_setopt", table.multi_setopt);
  symbols.read("curl_multi_add_handle", table.multi_add_handle);
  symbols.read("curl_multi_remove_handle", table.multi_remove_handle);
  symbols.read("curl_multi_perform", table.multi_perform);
  symbols.read("curl_multi_poll", table.multi_poll);
  symbols.read("curl_multi_info_read", table.multi_info_read);
  symbols.read("curl_multi_strerror", table.multi_strerror);
  symbols.read("curl_share_init", table.share_init);
  symbols.read("curl_share_setopt", table.share_setopt);
  symbols.read("curl_share_cleanup", table.share_cleanup);
  symbols.read("curl_slist_append", table.slist_append);
  symbols.read("curl_slist_free_all", table.slist_free_all);
  return symbols.missing();
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::load() {
  static std::mutex mutex;
  static const CurlLibrary* loaded = nullptr;
  const std::lock_guard lock(mutex);
  if (loaded != nullptr) return loaded;
  void* const library = ::dlopen(kLibraryName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = ::dlerror();
    return not_usable(reason == nullptr ? "unknown reason" : reason);
  }
  static CurlLibrary table;
  if (const char* const missing = read_functions(library, table)) {
    return not_usable(fmt::format("it is too old: it lacks {}", missing));
  }
  if (const CURLcode code = table.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return not_usable(table.easy_strerror(code));
  }
  loaded = &table;
  return loaded;
}

}  // namespace dbxauth::net
