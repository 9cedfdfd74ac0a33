// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "dbxauth/workspace.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"
#include "workspace/poll_timer.hpp"

namespace dbxauth::workspace {

/// Builds a client for the workspace at `host` (`https://…`, or http on a loopback address).
///
/// `authorised` adds the credentials of the workspace to every request and is never asked for another host. `plain`
/// adds none: the links of large results, which name a cloud's object store and carry their own signature, go through
/// it only. Neither may be null. With a `workspace_id` every workspace request carries `X-Databricks-Workspace-Id`,
/// which a host that serves several workspaces needs. `clock` judges the expiry of links, `timer` is what polling waits
/// with. Does no request and does not fail; a malformed host shows in the first call as ErrorCode::invalid_argument.
WorkspaceClient make_workspace_client(std::string host, std::shared_ptr<net::HttpTransport> authorised,
                                      std::shared_ptr<net::HttpTransport> plain, std::string workspace_id = {},
                                      std::shared_ptr<const platform::Clock> clock = platform::Clock::system(),
                                      std::shared_ptr<const PollTimer> timer = PollTimer::system());

}  // namespace dbxauth::workspace
