// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
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

/// Reads and remembers host metadata: in memory, and in one small file per host that all processes of the user share.
/// Thread-safe.
class HostMetadataSource {
 public:
  virtual ~HostMetadataSource() = default;
  /// Metadata of `host` (normalised). A host that does not answer, or not sensibly, gives empty metadata and a log
  /// record: it is then taken for a classic workspace. The only errors are `cancelled` and `timed_out` of the context.
  virtual Result<HostMetadata> metadata(const std::string& host, const CallContext& context) = 0;
};

/// `cache_directory`: where the files are kept (0600, replaced atomically, one per host, named by the SHA-256 of the
/// host); empty: memory only. A good answer counts for one hour, a failure for one minute in memory and on disk. A
/// damaged, foreign-owned or future-dated file is ignored and replaced. One attempt takes at most five seconds, without
/// retries.
std::shared_ptr<HostMetadataSource> make_host_metadata_source(std::shared_ptr<net::HttpTransport> transport,
                                                              std::shared_ptr<const platform::Clock> clock,
                                                              std::string cache_directory);

}  // namespace dbxauth::auth
