// SPDX-License-Identifier: Apache-2.0
#include "base/secret_memory.hpp"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <new>

namespace dbxauth::base {
namespace {

constexpr std::size_t kSmallestBlock = 64;
constexpr std::size_t kClassCount = 7;
constexpr std::size_t kLargestBlock = kSmallestBlock << (kClassCount - 1);
constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;

struct FreeBlock {
  FreeBlock* next;
};

// Stands before the bytes of a large block; its size keeps them aligned for every type.
struct alignas(std::max_align_t) LargeHeader {
  std::size_t mapped_bytes;  // 0: from the heap.
};

std::size_t class_of(std::size_t size) noexcept {
  std::size_t index = 0;
  while ((kSmallestBlock << index) < size) ++index;
  return index;
}

char* map_undumped(std::size_t bytes) noexcept {
  void* const pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  // A kernel that does not know the advice still gives usable memory.
  static_cast<void>(::madvise(pages, bytes, MADV_DONTDUMP));
  return static_cast<char*>(pages);
}

class Arena {
 public:
  // Never destroyed: secrets in static objects are released after any static destructor of ours could have run.
  static Arena& instance() {
    static Arena* const arena = create();
    return *arena;
  }

  char* allocate(std::size_t index) {
    const std::lock_guard<std::mutex> lock(mutex_);
    FreeBlock* const block = free_[index];
    if (block == nullptr) return carve(index);
    free_[index] = block->next;
    return reinterpret_cast<char*>(block);
  }

  void release(char* data, std::size_t index) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    push(data, index);
  }

 private:
  static Arena* create() {
    Arena* const arena = new Arena;
    // A child must not inherit the mutex locked by a thread that it does not have.
    static_cast<void>(::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                                       [] { instance().mutex_.unlock(); }));
    return arena;
  }

  void push(char* data, std::size_t index) noexcept { free_[index] = ::new (data) FreeBlock{free_[index]}; }

  // Takes a block from the front of what no one has used yet. Blocks are not linked in advance: that would touch, and
  // so make the kernel supply, every page of a chunk of which most programs need the first.
  char* carve(std::size_t index) {
    const std::size_t block_bytes = kSmallestBlock << index;
    if (unused_bytes_ < block_bytes) {
      char* const chunk = map_undumped(kChunkBytes);
      if (chunk == nullptr) return heap_block(block_bytes);
      keep_rest();
      unused_ = chunk;
      unused_bytes_ = kChunkBytes;
    }
    char* const block = unused_;
    unused_ += block_bytes;
    unused_bytes_ -= block_bytes;
    return block;
  }

  // What is left of a chunk when it cannot serve a request is less than that block, and a multiple of the smallest.
  void keep_rest() noexcept {
    while (unused_bytes_ >= kSmallestBlock) {
      std::size_t index = kClassCount - 1;
      while ((kSmallestBlock << index) > unused_bytes_) --index;
      push(unused_, index);
      unused_ += kSmallestBlock << index;
      unused_bytes_ -= kSmallestBlock << index;
    }
  }

  static char* heap_block(std::size_t bytes) {
    auto* const block = static_cast<char*>(std::malloc(bytes));
    if (block == nullptr) throw std::bad_alloc();
    return block;
  }

  std::mutex mutex_;
  std::array<FreeBlock*, kClassCount> free_{};
  char* unused_ = nullptr;
  std::size_t unused_bytes_ = 0;
};

SecretBlock allocate_large(std::size_t size) {
  const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (size > std::numeric_limits<std::size_t>::max() - sizeof(LargeHeader) - page_bytes) throw std::bad_alloc();
  const std::size_t bytes = (size + sizeof(LargeHeader) + page_bytes - 1) / page_bytes * page_bytes;
  std::size_t mapped_bytes = bytes;
  char* base = map_undumped(bytes);
  if (base == nullptr) {
    mapped_bytes = 0;
    base = static_cast<char*>(std::malloc(bytes));
    if (base == nullptr) throw std::bad_alloc();
  }
  ::new (base) LargeHeader{mapped_bytes};
  return {base + sizeof(LargeHeader), bytes - sizeof(LargeHeader)};
}

void release_large(char* data) noexcept {
  char* const base = data - sizeof(LargeHeader);
  const std::size_t mapped_bytes = std::launder(reinterpret_cast<LargeHeader*>(base))->mapped_bytes;
  if (mapped_bytes == 0) {
    std::free(base);
  } else {
    ::munmap(base, mapped_bytes);
  }
}

}  // namespace

SecretBlock allocate_secret(std::size_t size) {
  if (size > kLargestBlock) return allocate_large(size);
  const std::size_t index = class_of(size);
  return {Arena::instance().allocate(index), kSmallestBlock << index};
}

void release_secret(SecretBlock block) noexcept {
  if (block.data == nullptr) return;
  ::explicit_bzero(block.data, block.capacity);
  if (block.capacity > kLargestBlock) {
    release_large(block.data);
  } else {
    Arena::instance().release(block.data, class_of(block.capacity));
  }
}

}  // namespace dbxauth::base
