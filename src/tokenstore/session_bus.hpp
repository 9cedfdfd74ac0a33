// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dbxauth/result.hpp"
#include "platform/environment.hpp"

namespace dbxauth::tokenstore {

/// The address of the D-Bus session bus: DBUS_SESSION_BUS_ADDRESS, else the socket `bus` in XDG_RUNTIME_DIR, else that
/// in /run/user/<uid>. `autolaunch:` counts as unset: a library starts no daemon. Connects to nothing.
/// ErrorCode::storage_unavailable when there is none.
Result<std::string> find_session_bus(const platform::Environment& environment);

}  // namespace dbxauth::tokenstore
