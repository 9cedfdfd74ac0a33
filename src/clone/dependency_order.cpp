// SPDX-License-Identifier: Apache-2.0
#include "clone/dependency_order.hpp"

#include <algorithm>
#include <set>

namespace dbxauth::clone {
namespace {

class Sorter {
 public:
  explicit Sorter(const std::vector<std::vector<std::size_t>>& depends_on)
      : depends_on_(depends_on), dependants_(depends_on.size()), settled_(depends_on.size(), false) {
    for (std::size_t node = 0; node < depends_on.size(); ++node) {
      const std::set<std::size_t> distinct(depends_on[node].begin(), depends_on[node].end());
      open_.push_back(distinct.size());
      for (const std::size_t below : distinct) dependants_[below].push_back(node);
      if (distinct.empty()) ready_.insert(node);
      unsettled_.insert(node);
    }
  }

  DependencyOrder run() {
    while (!unsettled_.empty()) {
      if (ready_.empty()) {
        result_.cycles.push_back(find_cycle());
        for (const std::size_t node : result_.cycles.back()) settle(node);
        continue;
      }
      const std::size_t node = *ready_.begin();
      result_.order.push_back(node);
      settle(node);
    }
    return std::move(result_);
  }

 private:
  void settle(std::size_t node) {
    settled_[node] = true;
    ready_.erase(node);
    unsettled_.erase(node);
    for (const std::size_t above : dependants_[node]) {
      if (--open_[above] == 0 && !settled_[above]) ready_.insert(above);
    }
  }

  /// Called when every node left has a dependency left: following them must come back to a node already passed.
  std::vector<std::size_t> find_cycle() const {
    std::vector<std::size_t> path;
    std::vector<bool> passed(depends_on_.size(), false);
    std::size_t node = *unsettled_.begin();
    while (!passed[node]) {
      passed[node] = true;
      path.push_back(node);
      const auto& below = depends_on_[node];
      node = *std::find_if(below.begin(), below.end(), [&](std::size_t next) { return !settled_[next]; });
    }
    return {std::find(path.begin(), path.end(), node), path.end()};
  }

  const std::vector<std::vector<std::size_t>>& depends_on_;
  std::vector<std::vector<std::size_t>> dependants_;
  std::vector<std::size_t> open_;  ///< Dependencies not settled yet.
  std::vector<bool> settled_;
  std::set<std::size_t> ready_;
  std::set<std::size_t> unsettled_;
  DependencyOrder result_;
};

}  // namespace

DependencyOrder order_by_dependencies(const std::vector<std::vector<std::size_t>>& depends_on) {
  return Sorter(depends_on).run();
}

}  // namespace dbxauth::clone
