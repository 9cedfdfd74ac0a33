// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// What a host says of itself without credentials: `GET {host}/.well-known/databricks-config`. Every member may be
/// empty: older workspaces answer 404.
struct HostMetadata {
  std::string oidc_endpoint;  ///< OIDC root without trailing slash; may hold the placeholder `{account_id}`.
  std::string account_id;
  std::string workspace_id;
  std::string cloud;                   ///< "AWS", "AZURE", "GCP" in upper case.
  std::string host_type;               ///< "workspace", "account", "unified" in lower case.
  std::vector<std::string> audiences;  ///< token_federation_default_oidc_audiences.
};

/// Most time that one request for host metadata may take.
inline constexpr std::chrono::milliseconds host_metadata_limit{5000};

/// Reads a metadata document. Members of another type, or with blanks or control characters, count as absent;
/// ErrorCode::protocol when the text is not a JSON object.
Result<HostMetadata> parse_host_metadata(std::string_view text);

/// Asks `host` once. Nothing when it does not answer with a metadata document, which is logged; the only errors are
/// `cancelled` and `timed_out` of the context.
Result<std::optional<HostMetadata>> request_host_metadata(net::HttpTransport& transport, const std::string& host,
                                                          const CallContext& context);

/// Reads and remembers host metadata: in memory, and in one small file per host that all processes of the user share.
/// Thread-safe.
class HostMetadataSource {
 public:
  virtual ~HostMetadataSource() = default;
  /// Metadata of `host` (normalised). A host that does not answer, or not sensibly, gives empty metadata and a log
  /// record: it is then taken for a classic workspace. The only errors are `cancelled` and `timed_out` of the context.
  virtual Result<HostMetadata> metadata(const std::string& host, const CallContext& context) = 0;
};

/// `transport` should not retry: a host that knows no metadata is met at every start, and nobody waits for it.
/// `cache_directory`: where the files are kept (0600, replaced atomically, one per host, named by the SHA-256 of the
/// host); empty: memory only. A good answer counts for one hour, a failure (404 included) for one minute in memory and
/// on disk. A damaged, foreign-owned or future-dated file is ignored and replaced. One request takes at most
/// `host_metadata_limit`. A directory that cannot be written, or that others may write to, is not used: whoever names
/// the OIDC root receives secrets.
std::shared_ptr<HostMetadataSource> make_host_metadata_source(std::shared_ptr<net::HttpTransport> transport,
                                                              std::shared_ptr<const platform::Clock> clock,
                                                              std::string cache_directory);

}  // namespace dbxauth::auth
