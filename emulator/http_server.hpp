// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "counters.hpp"
#include "faults.hpp"
#include "http_message.hpp"
#include "stop_signal.hpp"
#include "tls_certificate.hpp"

namespace dbxauth::emulator {

enum class Access {
  open,     ///< No credential is looked at.
  bearer,   ///< A valid workspace token; HttpRequest::caller says whose.
  control,  ///< `/_emulator/…`: open, not counted, without latency and faults.
};

struct HttpServerOptions {
  std::string bind_address = "127.0.0.1";
  int port = 0;  ///< 0: any free one.
  std::optional<TlsFiles> tls;
  std::chrono::milliseconds latency{0};            ///< Added to every request that is not control.
  std::size_t max_body_bytes = 32u * 1024 * 1024;  ///< More is 413.
  std::size_t max_connections = 512;  ///< Connections served at once, one thread each; more wait in the backlog.
};

/// The HTTP(S) server: routes "METHOD /path/{parameter}", checks credentials, counts, applies faults, writes errors in
/// the dialect of the route. Handlers run on one thread per connection.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  using Authenticator = std::function<Principal(const HttpRequest&)>;

  HttpServer(HttpServerOptions options, FaultPlan& faults, Counters& counters, StopSignal& stop_signal);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Before start(). A `{parameter}` matches one whole segment, which is percent-decoded after splitting, so that %2F
  /// stays inside it. Of two routes that match, the one registered first wins. A trailing slash is ignored.
  void route(std::string_view method_and_path, Access access, Handler handler,
             ErrorDialect dialect = ErrorDialect::databricks);
  void set_authenticator(Authenticator authenticator);

  /// Binds, listens and serves on a thread of its own; an empty text, or what failed.
  std::string start();
  /// Ends every connection and joins all threads. Idempotent.
  void stop();

  int port() const;
  std::string url() const;  ///< "http://127.0.0.1:PORT", without a trailing slash; valid after start().

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbxauth::emulator
