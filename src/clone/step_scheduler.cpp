// SPDX-License-Identifier: Apache-2.0
#include "clone/step_scheduler.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace dbxauth::clone {

StepScheduler::StepScheduler(const std::vector<CloneStep>& steps)
    : states_(steps.size(), State::waiting), open_(steps.size(), 0), dependants_(steps.size()), left_(steps.size()) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    index.emplace(steps[i].id, i);
    is_grant_.push_back(steps[i].kind == StepKind::grant);
    if (!is_grant_.back()) ++others_left_;
    const std::set<std::string_view> distinct(steps[i].depends_on.begin(), steps[i].depends_on.end());
    for (const std::string_view id : distinct) {
      dependants_[index.at(id)].push_back(i);
      ++open_[i];
    }
    if (open_[i] == 0) release(i);
  }
}

void StepScheduler::release(std::size_t step) {
  states_[step] = State::ready;
  (is_grant_[step] ? ready_grants_ : ready_).insert(step);
}

std::optional<std::size_t> StepScheduler::take() {
  std::set<std::size_t>* from = &ready_;
  if (from->empty() && others_left_ == 0) from = &ready_grants_;
  if (from->empty()) return std::nullopt;
  const std::size_t step = *from->begin();
  from->erase(from->begin());
  states_[step] = State::running;
  --left_;
  ++running_;
  return step;
}

std::vector<std::size_t> StepScheduler::finish(std::size_t step, bool succeeded) {
  states_[step] = State::ended;
  --running_;
  if (!is_grant_[step]) --others_left_;
  std::vector<std::size_t> blocked;
  if (succeeded) {
    for (const std::size_t above : dependants_[step]) {
      if (--open_[above] == 0 && states_[above] == State::waiting) release(above);
    }
    return blocked;
  }
  std::vector<std::size_t> open = {step};
  while (!open.empty()) {
    const std::size_t current = open.back();
    open.pop_back();
    for (const std::size_t above : dependants_[current]) {
      if (states_[above] != State::waiting) continue;
      states_[above] = State::ended;
      --left_;
      if (!is_grant_[above]) --others_left_;
      blocked.push_back(above);
      open.push_back(above);
    }
  }
  std::sort(blocked.begin(), blocked.end());
  return blocked;
}

std::vector<std::size_t> StepScheduler::abandon() {
  std::vector<std::size_t> abandoned;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i] != State::waiting && states_[i] != State::ready) continue;
    states_[i] = State::ended;
    if (!is_grant_[i]) --others_left_;
    abandoned.push_back(i);
  }
  left_ = 0;
  ready_.clear();
  ready_grants_.clear();
  return abandoned;
}

}  // namespace dbxauth::clone
