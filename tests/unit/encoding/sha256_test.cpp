// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "encoding/sha256.hpp"
#include "platform/crypto_library.hpp"

using namespace dbxauth::encoding;

TEST_CASE("SHA-256 gives the example values of FIPS 180-4") {
  CHECK(sha256_hex("").value() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc").value() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").value() ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1000000, 'a')).value() ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(sha256("abc").value()[0] == 0xBA);
  CHECK(sha256("abc").value()[31] == 0xAD);
}

TEST_CASE("a fingerprint is the beginning of the digest") {
  CHECK(fingerprint("abc") == "ba7816bf");
}

TEST_CASE("libcrypto is loaded once, whoever comes first") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto first = dbxauth::platform::CryptoLibrary::load();
      const auto second = dbxauth::platform::CryptoLibrary::load();
      if (!first || !second || *first != *second || fingerprint("abc") != "ba7816bf") ++wrong;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
