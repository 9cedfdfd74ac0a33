// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace dbxauth::base {

/// A block for secret bytes. `capacity` is at least what was asked for.
struct SecretBlock {
  char* data = nullptr;
  std::size_t capacity = 0;
};

/// Memory whose pages are excluded from core dumps (MADV_DONTDUMP). Small blocks come from shared chunks that stay with
/// the process; large ones are mapped and unmapped one by one. Where the system refuses a mapping, the heap serves.
/// A forked child keeps the contents and may go on allocating. Thread-safe. Throws std::bad_alloc only.
SecretBlock allocate_secret(std::size_t size);

/// Wipes the whole block and gives it back. Takes exactly what allocate_secret() returned, or an empty block.
/// Thread-safe.
void release_secret(SecretBlock block) noexcept;

}  // namespace dbxauth::base
