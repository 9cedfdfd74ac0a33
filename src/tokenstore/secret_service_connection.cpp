// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/secret_service_connection.hpp"

#include <unistd.h>

#include <atomic>

#include <fmt/format.h>

#include "base/logging.hpp"
#include "base/redaction.hpp"
#include "tokenstore/keyring_error.hpp"
#include "tokenstore/secret_service_store.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr const char* kServiceName = "org.freedesktop.secrets";
constexpr const char* kLoginCollection = "/org/freedesktop/secrets/collection/login";
constexpr int kBusTimeout_ms = 10000;

// The process whose GLib has started its D-Bus thread for us; 0 before.
std::atomic<pid_t> g_connected_process{0};

Error unusable_after_fork() {
  return keyring_unusable("this process was forked from one that had already used it, and GLib does not survive that",
                          "start worker processes afresh (Python: multiprocessing with \"spawn\") or read the token "
                          "before the fork");
}

Error no_service() {
  return keyring_unusable("no Secret Service runs on the D-Bus session bus",
                          "start gnome-keyring, KWallet or KeePassXC");
}

Error no_collection() {
  return keyring_unusable("the Secret Service has neither a collection 'login' nor a default one",
                          "create a keyring in its application (gnome-keyring: Passwords and Keys; without a desktop: "
                          "gnome-keyring-daemon --unlock, with a new password on standard input)");
}

/// libsecret's service on a connection that is given to it; its own class always takes the bus of the process
/// environment, on a shared connection that ends the process when the bus goes away.
class PrivateService {
 public:
  static GType type(const SecretServiceLibrary& library) {
    static const GType registered = register_type(library);
    return registered;
  }

 private:
  static GType register_type(const SecretServiceLibrary& library) {
    library_ = &library;
    GTypeQuery parent{};
    library.type_query(library.service_type(), &parent);
    GTypeInfo info{};
    info.class_size = static_cast<guint16>(parent.class_size);
    info.class_init = &init_class;
    info.instance_size = static_cast<guint16>(parent.instance_size);
    // Two copies of this library in one process must not meet in one name.
    const std::string name = fmt::format("DbxauthSecretService{:x}", reinterpret_cast<std::uintptr_t>(&library_));
    return library.type_register(library.service_type(), name.c_str(), &info, static_cast<GTypeFlags>(0));
  }

  static void init_class(gpointer type_class, gpointer) {
    parent_ = static_cast<GObjectClass*>(library_->type_class_peek_parent(type_class));
    static_cast<GObjectClass*>(type_class)->constructor = &construct;
  }

  // During construction, the only time at which this property can still be changed.
  static GObject* construct(GType type, guint count, GObjectConstructParam* properties) {
    GObject* const object = parent_->constructor(type, count, properties);
    library_->object_set(object, "g-bus-type", static_cast<int>(G_BUS_TYPE_NONE), nullptr);
    return object;
  }

  static inline const SecretServiceLibrary* library_ = nullptr;
  static inline GObjectClass* parent_ = nullptr;
};

/// A GCancellable that is triggered when the caller gives up.
class Interrupt {
 public:
  Interrupt(const SecretServiceLibrary& library, KeyringCall& call)
      : cancellable_(std::make_shared<GRef<GCancellable>>(library, library.cancellable_new())),
        hook_(call, [&library, held = cancellable_] { library.cancellable_cancel(held->get()); }) {}
  GCancellable* get() const noexcept { return cancellable_->get(); }

 private:
  std::shared_ptr<GRef<GCancellable>> cancellable_;
  KeyringCall::CancelHook hook_;
};

}  // namespace

Result<void> check_usable_after_fork() {
  const pid_t connected = g_connected_process.load();
  if (connected != 0 && connected != ::getpid()) return unusable_after_fork();
  return {};
}

AttributeTable::AttributeTable(const SecretServiceLibrary& library)
    : library_(library), table_(library.hash_table_new(library.str_hash, library.str_equal)) {}

AttributeTable::AttributeTable(AttributeTable&& other) noexcept
    : library_(other.library_), table_(std::exchange(other.table_, nullptr)) {}

AttributeTable::~AttributeTable() {
  if (table_ != nullptr) library_.hash_table_unref(table_);
}

void AttributeTable::add(const char* name, const std::string& value) {
  library_.hash_table_insert(table_, const_cast<char*>(name), const_cast<char*>(value.c_str()));
}

Items::Items(const SecretServiceLibrary& library, GList* list) : library_(&library) {
  for (const GList* node = list; node != nullptr; node = node->next) {
    items_.push_back(static_cast<SecretItem*>(node->data));
  }
  library.list_free(list);
}

Items::~Items() {
  for (SecretItem* item : items_) library_->object_unref(item);
}

SecretServiceConnection::ContextGuard::ContextGuard(SecretServiceConnection& connection) : connection_(connection) {
  connection_.library_.main_context_push(connection_.context_);
  // Signals that came since the last call would pile up.
  connection_.deliver();
}

SecretServiceConnection::ContextGuard::~ContextGuard() {
  connection_.library_.main_context_pop(connection_.context_);
}

Result<std::unique_ptr<SecretServiceConnection>> SecretServiceConnection::create(std::string bus_address) {
  const Result<const SecretServiceLibrary*> library = SecretServiceLibrary::load();
  if (!library) return library.error();
  return std::unique_ptr<SecretServiceConnection>(new SecretServiceConnection(**library, std::move(bus_address)));
}

SecretServiceConnection::SecretServiceConnection(const SecretServiceLibrary& library, std::string bus_address)
    : library_(library), bus_address_(std::move(bus_address)), context_(library.main_context_new()) {}

SecretServiceConnection::~SecretServiceConnection() {
  service_ = {};
  bus_ = {};
  // Subscriptions that end are freed by their context.
  deliver();
  library_.main_context_unref(context_);
}

void SecretServiceConnection::deliver() {
  while (library_.main_context_iteration(context_, FALSE)) {
  }
}

Result<void> SecretServiceConnection::connect_to_bus(GCancellable* cancellable) {
  if (bus_.get() != nullptr && !library_.connection_is_closed(bus_.get())) return {};
  g_connected_process.store(::getpid());
  GError* error = nullptr;
  const auto flags = static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                       G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION);
  service_ = {};
  bus_ = {library_, library_.connection_new(bus_address_.c_str(), flags, nullptr, cancellable, &error)};
  if (bus_.get() != nullptr) return {};
  const std::string reason = base::redact_excerpt(error->message);
  library_.error_free(error);
  lost_ = true;
  return keyring_unusable(
      fmt::format("the D-Bus session bus at {} cannot be reached ({})", base::redact_excerpt(bus_address_), reason),
      "log in to the desktop again, or start the program under dbus-run-session together with a "
      "keyring service");
}

// Empty when nobody owns the name.
std::string SecretServiceConnection::service_owner(GCancellable* cancellable) {
  GVariant* const answer = library_.connection_call(
      bus_.get(), "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner",
      library_.variant_new("(s)", kServiceName), nullptr, G_DBUS_CALL_FLAGS_NONE, kBusTimeout_ms, cancellable, nullptr);
  if (answer == nullptr) return {};
  const gchar* owner = nullptr;
  library_.variant_get(answer, "(&s)", &owner);
  std::string name(owner);
  library_.variant_unref(answer);
  return name;
}

Result<void> SecretServiceConnection::make_ready(KeyringCall& call) {
  const Interrupt interrupt(library_, call);
  if (Result<void> connected = connect_to_bus(interrupt.get()); !connected) return connected;
  // A service that was restarted does not know the session of its predecessor.
  std::string owner = service_owner(interrupt.get());
  if (service_.get() != nullptr && !owner.empty() && owner == owner_) return {};
  service_ = {};
  GError* error = nullptr;
  gpointer made = library_.initable_new(PrivateService::type(library_), interrupt.get(), &error, "g-connection",
                                        bus_.get(), "flags", static_cast<int>(SECRET_SERVICE_OPEN_SESSION), nullptr);
  if (made == nullptr) return failure(error, "opening a session");
  service_ = {library_, static_cast<SecretService*>(made)};
  owner_ = owner.empty() ? service_owner(interrupt.get()) : std::move(owner);
  return {};
}

Result<GRef<SecretCollection>> SecretServiceConnection::find_collection(GCancellable* cancellable) {
  GError* error = nullptr;
  GRef<SecretCollection> login(
      library_, library_.collection_new(service_.get(), kLoginCollection, SECRET_COLLECTION_NONE, cancellable, &error));
  if (login.get() != nullptr) return login;
  if (!means_no_such_object(*error)) return failure(error, "looking for the collection 'login'");
  library_.error_free(std::exchange(error, nullptr));
  gchar* const path = library_.service_read_alias(service_.get(), "default", cancellable, &error);
  if (path == nullptr) return error != nullptr ? failure(error, "looking for the default collection") : no_collection();
  const std::string default_path(path);
  library_.free(path);
  if (default_path == "/") return no_collection();
  GRef<SecretCollection> found(library_, library_.collection_new(service_.get(), default_path.c_str(),
                                                                 SECRET_COLLECTION_NONE, cancellable, &error));
  if (found.get() == nullptr) return failure(error, "opening the default collection");
  return found;
}

Result<GRef<SecretCollection>> SecretServiceConnection::collection(KeyringCall& call) {
  const Interrupt interrupt(library_, call);
  Result<GRef<SecretCollection>> found = find_collection(interrupt.get());
  if (!found || !library_.collection_locked(found->get())) return found;
  if (!call.may_prompt()) return keyring_locked();
  if (Result<void> unlocked = unlock(found->get(), interrupt.get(), call); !unlocked) {
    return std::move(unlocked).error();
  }
  return found;
}

Result<void> SecretServiceConnection::unlock(SecretCollection* collection, GCancellable* cancellable,
                                             KeyringCall& call) {
  base::log(LogLevel::warning, "tokenstore", "the OS keyring is locked; its password dialog is being opened");
  GList* const wanted = library_.list_append(nullptr, collection);
  GList* unlocked = nullptr;
  GError* error = nullptr;
  call.prompt_begins();
  const gint count = library_.service_unlock(service_.get(), wanted, cancellable, &unlocked, &error);
  call.prompt_ends();
  library_.list_free(wanted);
  const Items owned(library_, unlocked);
  if (error != nullptr) return failure(error, "unlocking");
  if (count < 1) return keyring_stays_locked();
  return {};
}

Result<Items> SecretServiceConnection::search(const AttributeTable& attributes, KeyringCall& call, Load load) {
  Result<GRef<SecretCollection>> place = collection(call);
  if (!place) return std::move(place).error();
  const Interrupt interrupt(library_, call);
  GError* error = nullptr;
  Items items(library_, library_.collection_search(place->get(), nullptr, attributes.get(), SECRET_SEARCH_ALL,
                                                   interrupt.get(), &error));
  if (error != nullptr) return failure(error, "searching");
  if (load == Load::nothing || items.begin() == items.end()) return items;
  GList* list = nullptr;
  for (SecretItem* item : items) list = library_.list_append(list, item);
  library_.items_load_secrets(list, interrupt.get(), &error);
  library_.list_free(list);
  if (error != nullptr) return failure(error, "reading");
  return items;
}

bool SecretServiceConnection::means_lost(const GError& error) const {
  const auto is_io = [&](int code) { return library_.error_matches(&error, library_.io_error_domain(), code) != 0; };
  const auto is_bus = [&](int code) { return library_.error_matches(&error, library_.dbus_error_domain(), code) != 0; };
  return is_io(G_IO_ERROR_CLOSED) || is_io(G_IO_ERROR_CONNECTION_CLOSED) || is_io(G_IO_ERROR_BROKEN_PIPE) ||
         is_bus(G_DBUS_ERROR_NO_REPLY) || is_bus(G_DBUS_ERROR_DISCONNECTED) || is_bus(G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

bool SecretServiceConnection::means_no_service(const GError& error) const {
  const auto is_bus = [&](int code) { return library_.error_matches(&error, library_.dbus_error_domain(), code) != 0; };
  return is_bus(G_DBUS_ERROR_SERVICE_UNKNOWN) || is_bus(G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
         (error.domain == library_.dbus_error_domain() && error.code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
          error.code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

bool SecretServiceConnection::means_no_such_object(const GError& error) const {
  const auto is_bus = [&](int code) { return library_.error_matches(&error, library_.dbus_error_domain(), code) != 0; };
  return is_bus(G_DBUS_ERROR_UNKNOWN_METHOD) || is_bus(G_DBUS_ERROR_UNKNOWN_OBJECT) ||
         is_bus(G_DBUS_ERROR_UNKNOWN_INTERFACE);
}

Error SecretServiceConnection::failure(GError* error, std::string_view doing) {
  if (error == nullptr) return keyring_unusable(fmt::format("{} failed without a reason", doing), "try again");
  const auto is_io = [&](int code) { return library_.error_matches(error, library_.io_error_domain(), code) != 0; };
  const bool interrupted = is_io(G_IO_ERROR_CANCELLED);
  const bool silent = is_io(G_IO_ERROR_TIMED_OUT);
  const bool missing = means_no_service(*error);
  const bool locked = library_.error_matches(error, library_.secret_error_domain(), SECRET_ERROR_IS_LOCKED) != 0;
  lost_ = lost_ || missing || means_lost(*error);
  const std::string reason = base::redact_excerpt(error->message);
  library_.error_free(error);
  if (interrupted) return keyring_call_abandoned();
  if (silent) return {ErrorCode::timed_out, fmt::format("the Secret Service did not answer while {}", doing)};
  if (missing) return no_service();
  if (locked) return keyring_locked();
  return keyring_unusable(fmt::format("the Secret Service failed while {} ({})", doing, reason),
                          "look at the service's own application, restart it");
}

}  // namespace dbxauth::tokenstore
