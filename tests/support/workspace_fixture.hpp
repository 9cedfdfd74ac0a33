// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "base/json_reader.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_poll_timer.hpp"
#include "support/scripted_transport.hpp"
#include "workspace/workspace_client_factory.hpp"

namespace dbxauth::testing {

/// A client whose two transports, clock and timer belong to the test.
struct WorkspaceFixture {
  std::shared_ptr<ScriptedTransport> authorised = std::make_shared<ScriptedTransport>();
  std::shared_ptr<ScriptedTransport> plain = std::make_shared<ScriptedTransport>();
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakePollTimer> timer = std::make_shared<FakePollTimer>();

  WorkspaceClient client(std::string workspace_id = {}, std::string host = "https://adb-1.azuredatabricks.net") const {
    return workspace::make_workspace_client(std::move(host), authorised, plain, std::move(workspace_id), clock, timer);
  }
};

/// A parsed body, for assertions about members.
inline base::JsonDocument parse_json(std::string_view text) {
  auto document = base::JsonDocument::parse(text, "a test's JSON");
  if (!document) throw std::runtime_error(document.error().message);
  return std::move(*document);
}

}  // namespace dbxauth::testing
