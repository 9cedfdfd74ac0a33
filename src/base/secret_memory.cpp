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
    if (free_[index] == nullptr) refill(index);
    FreeBlock* const block = free_[index];
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

  void refill(std::size_t index) {
    const std::size_t block_bytes = kSmallestBlock << index;
    std::size_t bytes = kChunkBytes;
    char* chunk = map_undumped(bytes);
    if (chunk == nullptr) {
      bytes = block_bytes;
      chunk = static_cast<char*>(std::malloc(bytes));
      if (chunk == nullptr) throw std::bad_alloc();
    }
    for (std::size_t offset = bytes; offset >= block_bytes; offset -= block_bytes)
      push(chunk + offset - block_bytes, index);
  }

  std::mutex mutex_;
  std::array<FreeBlock*, kClassCount> free_{};
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
