// SPDX-License-Identifier: Apache-2.0
#include "net/curl_transfer.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/curl_error.hpp"

namespace dbxauth::net {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kPollInterval{50};  // How soon a cancellation is seen.
constexpr std::size_t kMostHeaderBytes = 1u << 20;
constexpr long kReceiveBufferBytes = 128L << 10;
constexpr long kIdleConnectionSeconds =
    60;  // Middle boxes forget idle connections silently, often after a few minutes.

/// A header list whose texts, which may be secret, are wiped before they are freed.
class HeaderList {
 public:
  explicit HeaderList(const CurlLibrary& library) : library_(library) {}
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() {
    for (curl_slist* item = list_; item != nullptr; item = item->next)
      ::explicit_bzero(item->data, ::strlen(item->data));
    library_.slist_free_all(list_);
  }

  void add(std::string_view name, std::string_view value) {
    // libcurl takes "Name:" for a header to leave out and "Name;" for one without a value.
    std::string line = value.empty() ? fmt::format("{};", name) : std::string();
    if (!value.empty()) {
      line.reserve(name.size() + value.size() + 3);  // No growing: it would leave a copy behind.
      line.append(name).append(": ").append(value);
    }
    append(line.c_str());
    ::explicit_bzero(line.data(), line.size());
  }
  void leave_out(const char* name_and_colon) { append(name_and_colon); }

  curl_slist* get() const noexcept { return list_; }
  bool complete() const noexcept { return complete_; }

 private:
  void append(const char* line) {
    curl_slist* const longer = library_.slist_append(list_, line);
    if (longer == nullptr)
      complete_ = false;
    else
      list_ = longer;
  }

  const CurlLibrary& library_;
  curl_slist* list_ = nullptr;
  bool complete_ = true;
};

/// The answer as it comes in. Its callbacks run on the sending thread and let no exception into libcurl.
class Reception {
 public:
  enum class Failure { none, body_too_large, headers_too_large, out_of_memory };

  explicit Reception(std::size_t limit) : limit_(limit) {}

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Reception*>(self)->guarded(&Reception::take_header, {data, size * count});
  }
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Reception*>(self)->guarded(&Reception::take_body, {data, size * count});
  }

  Failure failure() const noexcept { return failure_; }
  HttpResponse take() { return std::move(response_); }

 private:
  std::size_t guarded(Failure (Reception::*step)(std::string_view), std::string_view bytes) noexcept {
    try {
      failure_ = (this->*step)(bytes);
    } catch (const std::exception&) {
      failure_ = Failure::out_of_memory;
    }
    return failure_ == Failure::none ? bytes.size() : CURL_WRITEFUNC_ERROR;
  }

  Failure take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > kMostHeaderBytes) return Failure::headers_too_large;
    if (line.substr(0, 5) == "HTTP/") {
      // A new answer: what came before was a provisional one (100 Continue).
      response_.headers.clear();
      return Failure::none;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Failure::none;
    const std::string name = base::to_lower(base::trim(line.substr(0, colon)));
    if (name == "content-length") reserve_body(base::trim(line.substr(colon + 1)));
    response_.headers.emplace_back(name, std::string(base::trim(line.substr(colon + 1))));
    return Failure::none;
  }

  /// So that a long answer is not copied again and again as it grows.
  void reserve_body(std::string_view length_text) {
    constexpr std::size_t kMostInAdvance = 4u << 20;  // The server has sent nothing of it yet.
    std::size_t length = 0;
    const auto [end, code] = std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
    if (code == std::errc() && end == length_text.data() + length_text.size()) {
      response_.body.reserve(std::min({length, limit_, kMostInAdvance}));
    }
  }

  Failure take_body(std::string_view bytes) {
    if (bytes.size() > limit_ - response_.body.size()) return Failure::body_too_large;
    response_.body.append(bytes);
    return Failure::none;
  }

  std::size_t limit_;
  std::size_t header_bytes_ = 0;
  HttpResponse response_;
  Failure failure_ = Failure::none;
};

/// A body that can be read once only, so that libcurl cannot send it a second time by itself.
struct OnceOnlyBody {
  std::string_view unsent;

  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
    auto& body = *static_cast<OnceOnlyBody*>(self);
    const std::size_t length = std::min(size * count, body.unsent.size());
    std::copy_n(body.unsent.data(), length, buffer);
    body.unsent.remove_prefix(length);
    return length;
  }
};

/// Sets options one after the other and remembers the first that failed.
class EasySetup {
 public:
  EasySetup(const CurlLibrary& library, CURL* easy) : library_(library), easy_(easy) {}

  template <class Value>
  CURLcode set(CURLoption option, Value value) {
    const CURLcode code = library_.easy_setopt(easy_, option, value);
    if (result_ == CURLE_OK) result_ = code;
    return code;
  }
  /// For options that older versions of the library lack.
  template <class Value>
  bool set_if_known(CURLoption option, Value value) {
    return library_.easy_setopt(easy_, option, value) == CURLE_OK;
  }
  CURLcode result() const noexcept { return result_; }

 private:
  const CurlLibrary& library_;
  CURL* easy_;
  CURLcode result_ = CURLE_OK;
};

class Transfer {
 public:
  Transfer(CurlChannelPool& pool, CurlChannel& channel, const HttpRequest& request, const TransferSettings& settings)
      : library_(pool.library()),
        pool_(pool),
        channel_(channel),
        request_(request),
        settings_(settings),
        headers_(pool.library()),
        reception_(request.response_limit),
        body_{request.body.reveal()} {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    library_.multi_remove_handle(channel_.multi(), channel_.easy());
    library_.easy_reset(channel_.easy());  // It must not keep pointers into this object.
  }

  Result<TransferResult> run(const CallContext& context) {
    context_ = &context;
    EasySetup setup(library_, channel_.easy());
    set_connection(setup, context);
    if (settings_.trace != nullptr) set_trace(setup);
    set_security(setup);
    set_request(setup);
    set_headers(setup);
    if (!headers_.complete()) return Error(ErrorCode::out_of_memory, "libcurl could not allocate memory");
    if (setup.result() != CURLE_OK) return failure(setup.result());

    const CURLMcode added = library_.multi_add_handle(channel_.multi(), channel_.easy());
    if (added != CURLM_OK) return multi_error(added);
    auto done = perform(context);
    if (settings_.trace != nullptr) record(*settings_.trace);
    if (!done) return done.error();
    return answer();
  }

 private:
  void set_connection(EasySetup& setup, const CallContext& context) {
    constexpr milliseconds kNoLimit = std::chrono::hours(24);
    const auto left = context.remaining(kNoLimit);
    setup.set(CURLOPT_URL, settings_.url.c_str());
    setup.set(CURLOPT_PATH_AS_IS, 1L);
    setup.set(CURLOPT_NOSIGNAL, 1L);
    setup.set(CURLOPT_ERRORBUFFER, detail_.data());
    if (pool_.share() != nullptr) setup.set(CURLOPT_SHARE, pool_.share());
    setup.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(settings_.connect_timeout, left).count()));
    setup.set(CURLOPT_TCP_KEEPALIVE, 1L);
    setup.set_if_known(CURLOPT_MAXAGE_CONN, kIdleConnectionSeconds);
    // A name lookup that hangs is left to itself; otherwise giving up would wait for it.
    setup.set_if_known(CURLOPT_QUICK_EXIT, 1L);
    setup.set(CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
    // Both set, even if empty: libcurl would otherwise ask the process environment.
    setup.set(CURLOPT_PROXY, settings_.proxy.url.c_str());
    setup.set(CURLOPT_NOPROXY, "");
    setup.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    setup.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  }

  void set_trace(EasySetup& setup) {
    setup.set(CURLOPT_CERTINFO, 1L);
    setup.set(CURLOPT_VERBOSE, 1L);  // Only there the version of TLS is told.
    setup.set(CURLOPT_DEBUGFUNCTION, &Transfer::on_remark);
    setup.set(CURLOPT_DEBUGDATA, settings_.trace);
  }

  static int on_remark(CURL*, curl_infotype kind, char* data, std::size_t size, void* trace) {
    constexpr std::string_view kBeginning = "SSL connection using ";
    const std::string_view text(data, size);
    if (kind != CURLINFO_TEXT || text.substr(0, kBeginning.size()) != kBeginning) return 0;
    try {
      static_cast<TransferTrace*>(trace)->tls = base::trim(text.substr(kBeginning.size()));
    } catch (const std::bad_alloc&) {
      return 0;  // It is only a remark.
    }
    return 0;
  }

  void record(TransferTrace& trace) const {
    trace.resolved = time_of(CURLINFO_NAMELOOKUP_TIME_T);
    trace.reached = time_of(CURLINFO_CONNECT_TIME_T);
    trace.secured = time_of(CURLINFO_APPCONNECT_TIME_T);
    trace.ended = std::max(time_of(CURLINFO_TOTAL_TIME_T),
                           std::chrono::duration_cast<microseconds>(CallContext::Clock::now() - start_));
    const char* address = nullptr;
    long port = 0;
    library_.easy_getinfo(channel_.easy(), CURLINFO_PRIMARY_IP, &address);
    library_.easy_getinfo(channel_.easy(), CURLINFO_PRIMARY_PORT, &port);
    if (address != nullptr && *address != '\0') {
      const bool ipv6 = std::string_view(address).find(':') != std::string_view::npos;
      trace.address = fmt::format("{}{}{}:{}", ipv6 ? "[" : "", address, ipv6 ? "]" : "", port);
    }
    trace.certificates = presented_certificates(library_, channel_.easy());
  }

  void set_security(EasySetup& setup) {
    if (!setup.set_if_known(CURLOPT_PROTOCOLS_STR, "http,https")) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
      setup.set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#pragma GCC diagnostic pop
    }
    setup.set(CURLOPT_FOLLOWLOCATION, 0L);
    setup.set(CURLOPT_SSL_VERIFYPEER, 1L);
    setup.set(CURLOPT_SSL_VERIFYHOST, 2L);
    setup.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    const CertificateAuthorities& authorities = *settings_.authorities;
    const auto use = [&](CURLoption option, CURLoption proxy_option, const std::string& place) {
      if (place.empty() && !authorities.exclusive) return;
      const char* const path = place.empty() ? nullptr : place.c_str();  // Null takes the built-in place away.
      setup.set(option, path);
      setup.set_if_known(proxy_option, path);
    };
    use(CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO, authorities.file);
    use(CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH, authorities.directory);
  }

  void set_request(EasySetup& setup) {
    setup.set(CURLOPT_HEADERFUNCTION, &Reception::on_header);
    setup.set(CURLOPT_HEADERDATA, &reception_);
    setup.set(CURLOPT_WRITEFUNCTION, &Reception::on_body);
    setup.set(CURLOPT_WRITEDATA, &reception_);
    setup.set(CURLOPT_ACCEPT_ENCODING, "gzip");
    setup.set(CURLOPT_USERAGENT, settings_.user_agent.c_str());
    const bool takes_body = request_.method == HttpMethod::post || request_.method == HttpMethod::put ||
                            request_.method == HttpMethod::patch;
    if (takes_body || !request_.body.empty()) {
      set_body(setup);
    } else if (request_.method == HttpMethod::head) {
      setup.set(CURLOPT_NOBODY, 1L);
    } else {
      setup.set(CURLOPT_HTTPGET, 1L);
    }
    if (request_.method != HttpMethod::head) setup.set(CURLOPT_CUSTOMREQUEST, to_string(request_.method).data());
  }

  void set_body(EasySetup& setup) {
    const std::string_view body = request_.body.reveal();
    setup.set(CURLOPT_POST, 1L);
    setup.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    if (body.empty()) {
      setup.set(CURLOPT_POSTFIELDS, "");
      // On a connection that proves dead libcurl sends again by itself; without a body only a new one prevents that.
      if (!request_.may_be_replayed()) setup.set(CURLOPT_FRESH_CONNECT, 1L);
    } else if (request_.may_be_replayed()) {
      setup.set(CURLOPT_POSTFIELDS, body.data());
    } else {
      setup.set(CURLOPT_READFUNCTION, &OnceOnlyBody::on_read);
      setup.set(CURLOPT_READDATA, &body_);
    }
  }

  void set_headers(EasySetup& setup) {
    for (const auto& [name, value] : request_.headers) headers_.add(name, value);
    for (const auto& [name, value] : request_.secret_headers) headers_.add(name, value.reveal());
    if (!request_.body.empty() && !request_.content_type.empty())
      headers_.add("Content-Type", request_.content_type);
    else
      headers_.leave_out("Content-Type:");  // libcurl's own idea is a form.
    headers_.leave_out("Expect:");          // Costs a round trip, or a second where it is not understood.
    setup.set(CURLOPT_HTTPHEADER, headers_.get());
    setup.set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // None of them for a proxy's CONNECT.
  }

  Result<void> perform(const CallContext& context) {
    for (;;) {
      int running = 0;
      CURLMcode code = library_.multi_perform(channel_.multi(), &running);
      if (code != CURLM_OK) return multi_error(code);
      if (running == 0) return finished();
      if (context.cancel.cancelled())
        return Error(ErrorCode::cancelled, fmt::format("cancelled while waiting for {}", host()));
      const auto wait = context.remaining(kPollInterval);
      if (wait == milliseconds::zero()) return explained(CURLE_OPERATION_TIMEDOUT);
      code = library_.multi_poll(channel_.multi(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
      if (code != CURLM_OK) return multi_error(code);
    }
  }

  Result<void> finished() {
    int left = 0;
    while (CURLMsg* const message = library_.multi_info_read(channel_.multi(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      if (message->data.result == CURLE_OK) return {};
      return failure(message->data.result);
    }
    return Error(ErrorCode::internal, fmt::format("libcurl gave no result for a request to {}", host()));
  }

  Error failure(CURLcode code) {
    switch (reception_.failure()) {
      case Reception::Failure::body_too_large:
        return {ErrorCode::protocol,
                fmt::format("the answer of {} is larger than {} bytes", host(), request_.response_limit)};
      case Reception::Failure::headers_too_large:
        return {ErrorCode::protocol,
                fmt::format("the headers of the answer of {} are larger than {} bytes", host(), kMostHeaderBytes)};
      case Reception::Failure::out_of_memory:
        return {ErrorCode::out_of_memory, fmt::format("no memory for the answer of {}", host())};
      case Reception::Failure::none:
        break;
    }
    return explained(code);
  }

  Error explained(CURLcode code) {
    const ExplainedFailure failure = explain_failure(describe(code));
    if (settings_.trace != nullptr) settings_.trace->failure = failure;
    return failure.joined();
  }

  Error multi_error(CURLMcode code) const {
    if (code == CURLM_OUT_OF_MEMORY) return {ErrorCode::out_of_memory, "libcurl could not allocate memory"};
    return {ErrorCode::internal,
            fmt::format("libcurl failed on a request to {}: {}", host(), library_.multi_strerror(code))};
  }

  FailedTransfer describe(CURLcode code) {
    FailedTransfer failed;
    failed.code = code;
    failed.detail = detail_[0] == '\0' ? library_.easy_strerror(code) : detail_.data();
    failed.host = host();
    failed.proxy = without_user_info(settings_.proxy.url);
    if (!settings_.proxy.url.empty()) failed.proxy_origin = settings_.proxy.origin;
    failed.proxy_has_user = has_user_info(settings_.proxy.url);
    failed.authorities = settings_.authorities;
    failed.elapsed = std::chrono::duration_cast<milliseconds>(time_of(CURLINFO_TOTAL_TIME_T));
    if (failed.elapsed == milliseconds::zero()) {
      failed.elapsed = std::chrono::duration_cast<milliseconds>(CallContext::Clock::now() - start_);
    }
    failed.secure = settings_.parsed_url.scheme == "https";
    failed.resolved = time_of(CURLINFO_NAMELOOKUP_TIME_T).count() > 0;
    failed.reached = time_of(CURLINFO_CONNECT_TIME_T).count() > 0;
    failed.secured = time_of(CURLINFO_APPCONNECT_TIME_T).count() > 0;
    failed.connected = time_of(CURLINFO_PRETRANSFER_TIME_T).count() > 0;
    library_.easy_getinfo(channel_.easy(), CURLINFO_HTTP_CONNECTCODE, &failed.connect_status);
    if (code == CURLE_PEER_FAILED_VERIFICATION) describe_verification(failed);
    return failed;
  }

  void describe_verification(FailedTransfer& failed) {
    long proxy_verdict = 0;
    library_.easy_getinfo(channel_.easy(), CURLINFO_SSL_VERIFYRESULT, &failed.verify_result);
    library_.easy_getinfo(channel_.easy(), CURLINFO_PROXY_SSL_VERIFYRESULT, &proxy_verdict);
    failed.proxy_unverified = proxy_verdict != 0;
    if (!failed.proxy_unverified) {
      failed.certificates = read_presented_certificates(library_, settings_, *context_);
    }
  }

  microseconds time_of(CURLINFO info) const {
    curl_off_t value = 0;
    library_.easy_getinfo(channel_.easy(), info, &value);
    return microseconds(value);
  }

  Result<TransferResult> answer() {
    TransferResult result;
    long status = 0;
    const char* redirect = nullptr;
    library_.easy_getinfo(channel_.easy(), CURLINFO_RESPONSE_CODE, &status);
    library_.easy_getinfo(channel_.easy(), CURLINFO_REDIRECT_URL, &redirect);
    result.response = reception_.take();
    result.response.status = static_cast<int>(status);
    result.response.url = settings_.url;
    if (redirect != nullptr) result.redirect_url = redirect;
    return result;
  }

  std::string host() const {
    const std::string origin = settings_.parsed_url.origin();
    return origin.substr(origin.find("://") + 3);
  }

  const CurlLibrary& library_;
  CurlChannelPool& pool_;
  CurlChannel& channel_;
  const HttpRequest& request_;
  const TransferSettings& settings_;
  HeaderList headers_;
  Reception reception_;
  OnceOnlyBody body_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  const CallContext* context_ = nullptr;
  const CallContext::Clock::time_point start_ = CallContext::Clock::now();
};

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; });
}

Result<void> check_header(std::string_view name, std::string_view value) {
  if (is_header_name(name) && is_header_value(value)) return {};
  return Error(ErrorCode::invalid_argument,
               fmt::format("the HTTP header \"{}\" holds a line break or another character that headers must not have",
                           is_header_name(name) ? name : "?"));
}

}  // namespace

Result<TransferResult> transfer(CurlChannelPool& pool, CurlChannel& channel, const HttpRequest& request,
                                const TransferSettings& settings, const CallContext& context) {
  Transfer transfer(pool, channel, request, settings);
  return transfer.run(context);
}

Result<void> check_headers(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (auto valid = check_header(name, value); !valid) return valid;
  }
  for (const auto& [name, value] : request.secret_headers) {
    if (auto valid = check_header(name, value.reveal()); !valid) return valid;
  }
  return check_header("Content-Type", request.content_type);
}

}  // namespace dbxauth::net
