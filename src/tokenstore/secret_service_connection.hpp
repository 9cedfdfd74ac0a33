// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbxauth/result.hpp"
#include "tokenstore/keyring_call.hpp"
#include "tokenstore/secret_service_loader.hpp"

namespace dbxauth::tokenstore {

/// Owns one reference to a GObject; null is allowed.
template <class Object>
class GRef {
 public:
  GRef() = default;
  GRef(const SecretServiceLibrary& library, Object* object) : library_(&library), object_(object) {}
  GRef(GRef&& other) noexcept : library_(other.library_), object_(std::exchange(other.object_, nullptr)) {}
  GRef& operator=(GRef&& other) noexcept {
    std::swap(library_, other.library_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~GRef() {
    if (object_ != nullptr) library_->object_unref(object_);
  }
  Object* get() const noexcept { return object_; }

 private:
  const SecretServiceLibrary* library_ = nullptr;
  Object* object_ = nullptr;
};

/// Attributes to search or store by. Owns the table, not the values.
class AttributeTable {
 public:
  explicit AttributeTable(const SecretServiceLibrary& library);
  AttributeTable(AttributeTable&& other) noexcept;
  AttributeTable& operator=(AttributeTable&&) = delete;
  ~AttributeTable();
  /// Both must outlive the table.
  void add(const char* name, const std::string& value);
  GHashTable* get() const noexcept { return table_; }

 private:
  const SecretServiceLibrary& library_;
  GHashTable* table_;
};

/// The items that a search found. Owns them.
class Items {
 public:
  Items(const SecretServiceLibrary& library, GList* list);
  Items(Items&& other) noexcept = default;
  Items& operator=(Items&&) = delete;
  ~Items();
  auto begin() const noexcept { return items_.begin(); }
  auto end() const noexcept { return items_.end(); }

 private:
  const SecretServiceLibrary* library_;
  std::vector<SecretItem*> items_;
};

/// A private connection to the bus with a session of the Secret Service. For one thread.
class SecretServiceConnection {
 public:
  enum class Load { nothing, secrets };

  /// Loads the library; connects to nothing yet.
  static Result<std::unique_ptr<SecretServiceConnection>> create(std::string bus_address);
  ~SecretServiceConnection();
  SecretServiceConnection(const SecretServiceConnection&) = delete;
  SecretServiceConnection& operator=(const SecretServiceConnection&) = delete;

  /// While it lives, what GLib delivers goes to this connection's own context and not to the host's main loop.
  class ContextGuard {
   public:
    explicit ContextGuard(SecretServiceConnection& connection);
    ContextGuard(const ContextGuard&) = delete;
    ContextGuard& operator=(const ContextGuard&) = delete;
    ~ContextGuard();

   private:
    SecretServiceConnection& connection_;
  };

  const SecretServiceLibrary& library() const noexcept { return library_; }
  /// True after the bus or the service went away: make a new connection.
  bool lost() const noexcept { return lost_; }

  /// Connects, and opens a session with the service that owns the name at present.
  Result<void> make_ready(KeyringCall& call);
  /// `login` where there is one, else the default one, unlocked.
  Result<GRef<SecretCollection>> collection(KeyringCall& call);
  Result<Items> search(const AttributeTable& attributes, KeyringCall& call, Load load);
  /// Translates and frees `error`.
  Error failure(GError* error, std::string_view doing);

 private:
  SecretServiceConnection(const SecretServiceLibrary& library, std::string bus_address);
  void deliver();
  Result<void> connect_to_bus(GCancellable* cancellable);
  std::string service_owner(GCancellable* cancellable);
  Result<GRef<SecretCollection>> find_collection(GCancellable* cancellable);
  Result<void> unlock(SecretCollection* collection, GCancellable* cancellable, KeyringCall& call);
  bool means_lost(const GError& error) const;
  bool means_no_service(const GError& error) const;
  bool means_no_such_object(const GError& error) const;

  const SecretServiceLibrary& library_;
  const std::string bus_address_;
  GMainContext* context_;
  GRef<GDBusConnection> bus_;
  GRef<SecretService> service_;
  std::string owner_;
  bool lost_ = false;
};

}  // namespace dbxauth::tokenstore
