// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "auth/credential_resolver.hpp"
#include "auth/strategy_factory.hpp"

namespace dbxauth::auth {

/// Orders the strategies by the rule set of `inputs.sources->rules` and makes their providers. No request, no program.
/// The rules are described in docs/authentication.md:
/// * layered: the highest layer that names a credential decides; an explicitly configured failure stops.
/// * clone-xs: the seven steps of Clone-Xs; the first that yields headers wins, a failing step is reported.
/// * databricks-sdk: precedence, order and conflict error of the official Go SDK.
/// The program's own providers come first under every rule set, the notebook last.
CredentialPlan plan_credentials(const ChainInputs& inputs);

}  // namespace dbxauth::auth
