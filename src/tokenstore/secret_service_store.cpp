// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/secret_service_store.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "tokenstore/keyring_error.hpp"
#include "tokenstore/secret_service_connection.hpp"
#include "tokenstore/secret_service_loader.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr const char* kContentType = "text/plain";

class SecretServiceStore final : public SecretStore {
 public:
  explicit SecretServiceStore(std::string bus_address) : bus_address_(std::move(bus_address)) {}

  Result<std::optional<SecretString>> lookup(const SecretName& name, KeyringCall& call) override {
    return with_service<std::optional<SecretString>>(
        call, [&](SecretServiceConnection& service) { return newest_secret(service, name, call); });
  }

  Result<void> store(const SecretName& name, const SecretString& secret, KeyringCall& call) override {
    return with_service<void>(call,
                              [&](SecretServiceConnection& service) { return create(service, name, secret, call); });
  }

  Result<void> erase(const SecretName& name, KeyringCall& call) override {
    return with_service<void>(call, [&](SecretServiceConnection& service) { return remove(service, name, call); });
  }

  Result<std::vector<std::string>> usernames(const std::string& service_name, KeyringCall& call) override {
    return with_service<std::vector<std::string>>(
        call, [&](SecretServiceConnection& service) { return list(service, service_name, call); });
  }

 private:
  // Once more, on a new connection, when the service went away under the first attempt.
  template <class T, class Work>
  Result<T> with_service(KeyringCall& call, Work work) {
    for (bool again = false;; again = true) {
      Result<void> connected = connect();
      if (!connected) return std::move(connected).error();
      const SecretServiceConnection::ContextGuard context(*connection_);
      Result<void> ready = connection_->make_ready(call);
      Result<T> result = ready ? work(*connection_) : Result<T>(std::move(ready).error());
      if (result || !connection_->lost() || again || call.abandoned()) return result;
    }
  }

  Result<void> connect() {
    if (connection_ != nullptr && !connection_->lost()) return {};
    connection_.reset();
    Result<std::unique_ptr<SecretServiceConnection>> opened = SecretServiceConnection::create(bus_address_);
    if (!opened) return std::move(opened).error();
    connection_ = std::move(*opened);
    return {};
  }

  static AttributeTable attributes_of(const SecretServiceLibrary& library, const SecretName& name) {
    AttributeTable table(library);
    table.add("service", name.service);
    table.add("username", name.username);
    return table;
  }

  static Result<std::optional<SecretString>> newest_secret(SecretServiceConnection& service, const SecretName& name,
                                                           KeyringCall& call) {
    const SecretServiceLibrary& library = service.library();
    Result<Items> items = service.search(attributes_of(library, name), call, SecretServiceConnection::Load::secrets);
    if (!items) return std::move(items).error();
    SecretItem* newest = nullptr;
    for (SecretItem* item : *items) {
      if (newest == nullptr || library.item_modified(item) > library.item_modified(newest)) newest = item;
    }
    if (newest == nullptr) return std::optional<SecretString>();
    SecretValue* const value = library.item_secret(newest);
    // An unlocked collection with a locked item: the service wants its owner to allow each access.
    if (value == nullptr) return keyring_locked();
    gsize size = 0;
    const gchar* const bytes = library.value_get(value, &size);
    std::optional<SecretString> secret(SecretString(std::string_view(bytes, size)));
    library.value_unref(value);
    return secret;
  }

  static Result<void> create(SecretServiceConnection& service, const SecretName& name, const SecretString& secret,
                             KeyringCall& call) {
    const SecretServiceLibrary& library = service.library();
    Result<GRef<SecretCollection>> collection = service.collection(call);
    if (!collection) return std::move(collection).error();
    const AttributeTable attributes = attributes_of(library, name);
    const std::string label = fmt::format("Password for '{}' on '{}'", name.username, name.service);
    if (!call.begin_write()) return keyring_call_abandoned();
    SecretValue* const value =
        library.value_new(secret.reveal().data(), static_cast<gssize>(secret.size()), kContentType);
    GError* error = nullptr;
    const GRef<SecretItem> item(library,
                                library.item_create(collection->get(), nullptr, attributes.get(), label.c_str(), value,
                                                    SECRET_ITEM_CREATE_REPLACE, nullptr, &error));
    library.value_unref(value);
    if (item.get() == nullptr) return service.failure(error, "storing");
    return {};
  }

  static Result<void> remove(SecretServiceConnection& service, const SecretName& name, KeyringCall& call) {
    const SecretServiceLibrary& library = service.library();
    Result<Items> items = service.search(attributes_of(library, name), call, SecretServiceConnection::Load::nothing);
    if (!items) return std::move(items).error();
    for (SecretItem* item : *items) {
      if (!call.begin_write()) return keyring_call_abandoned();
      GError* error = nullptr;
      if (!library.item_delete(item, nullptr, &error)) return service.failure(error, "removing");
    }
    return {};
  }

  static Result<std::vector<std::string>> list(SecretServiceConnection& service, const std::string& service_name,
                                               KeyringCall& call) {
    const SecretServiceLibrary& library = service.library();
    AttributeTable wanted(library);
    wanted.add("service", service_name);
    Result<Items> items = service.search(wanted, call, SecretServiceConnection::Load::nothing);
    if (!items) return std::move(items).error();
    std::vector<std::string> usernames;
    for (SecretItem* item : *items) {
      GHashTable* const attributes = library.item_attributes(item);
      if (attributes == nullptr) continue;
      const auto* const username = static_cast<const char*>(library.hash_table_lookup(attributes, "username"));
      if (username != nullptr) usernames.emplace_back(username);
      library.hash_table_unref(attributes);
    }
    return usernames;
  }

  const std::string bus_address_;
  std::unique_ptr<SecretServiceConnection> connection_;
};

}  // namespace

std::unique_ptr<SecretStore> open_secret_service_store(const std::string& bus_address) {
  return std::make_unique<SecretServiceStore>(bus_address);
}

}  // namespace dbxauth::tokenstore
