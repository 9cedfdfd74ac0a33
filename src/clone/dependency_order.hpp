// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace dbxauth::clone {

struct DependencyOrder {
  /// Every node that is in no cycle, each behind the nodes that it depends on; the smallest index first where there is
  /// a choice. Nodes that depend on a cycle's members are included.
  std::vector<std::size_t> order;
  /// Cycles, each as "first depends on second … depends on first", every node in one cycle at most.
  std::vector<std::vector<std::size_t>> cycles;
};

/// `depends_on[n]` holds the nodes that node n depends on. Deterministic; no recursion, so chains may be long.
DependencyOrder order_by_dependencies(const std::vector<std::vector<std::size_t>>& depends_on);

}  // namespace dbxauth::clone
