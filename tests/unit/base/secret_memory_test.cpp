// SPDX-License-Identifier: Apache-2.0
#include "base/secret_memory.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using dbxauth::base::allocate_secret;
using dbxauth::base::release_secret;
using dbxauth::base::SecretBlock;

bool holds_only(const SecretBlock& block, char filling) {
  return std::all_of(block.data, block.data + block.capacity, [filling](char c) { return c == filling; });
}

char filling_of(std::size_t index) {
  return static_cast<char>(1 + index % 251);
}

TEST_CASE("Blocks of every size keep apart") {
  // More than several chunks hold, in an order that leaves rests of every size behind.
  std::vector<SecretBlock> blocks;
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::size_t size = 1 + i * 7919 % 5000;
    const SecretBlock block = allocate_secret(size);
    REQUIRE(block.capacity >= size);
    REQUIRE(reinterpret_cast<std::uintptr_t>(block.data) % alignof(std::max_align_t) == 0);
    std::memset(block.data, filling_of(i), block.capacity);
    blocks.push_back(block);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) REQUIRE(holds_only(blocks[i], filling_of(i)));
  for (const SecretBlock& block : blocks) release_secret(block);
}

TEST_CASE("Released blocks are used again, wiped but for the link between free blocks") {
  for (const std::size_t size : {1u, 64u, 65u, 1000u, 4096u}) {
    const SecretBlock first = allocate_secret(size);
    std::memset(first.data, 's', first.capacity);
    release_secret(first);
    const SecretBlock second = allocate_secret(size);
    CHECK(second.data == first.data);
    CHECK(second.capacity == first.capacity);
    char* const after_link = second.data + sizeof(void*);
    CHECK(std::all_of(after_link, second.data + second.capacity, [](char c) { return c == 0; }));
    release_secret(second);
  }
}

}  // namespace
