// SPDX-License-Identifier: Apache-2.0
// A keyring cache driven from standard input, one command a line, one answer a line on standard output:
//   put KEY[,KEY…] ACCESS_TOKEN [EXPIRY_SECONDS]   get KEY   remove KEY   list   available   size BYTES KEY   fork
//   threads N KEY (N gets at once)                 quit
// An answer is "ok …" or "error <code> <milliseconds> <message>". Arguments: --timeout-ms N, --prompt.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "dbxauth/token_cache.hpp"

namespace {

using dbxauth::CallContext;
using dbxauth::Result;
using dbxauth::SecretString;
using dbxauth::Token;
using dbxauth::TokenCache;

Token token_of(const std::string& access_token, long long expiry_s) {
  Token token;
  token.access_token = SecretString(access_token);
  token.refresh_token = SecretString("refresh-" + access_token.substr(0, 40));
  token.expires_at = std::chrono::system_clock::from_time_t(static_cast<std::time_t>(expiry_s));
  token.lifetime = std::chrono::seconds(3600);
  return token;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

class Session {
 public:
  Session(TokenCache& cache, CallContext context) : cache_(cache), context_(std::move(context)) {}

  std::string answer(const std::string& line) {
    const auto begin = std::chrono::steady_clock::now();
    std::istringstream words(line);
    std::string command;
    words >> command;
    const std::string text = run(command, words);
    if (text.rfind("error", 0) != 0) return text;
    const auto elapsed = std::chrono::steady_clock::now() - begin;
    const auto elapsed_ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    const std::size_t at = text.find(' ', 6);
    return text.substr(0, at) + " " + std::to_string(elapsed_ms) + text.substr(at);
  }

 private:
  template <class T>
  static std::string failed(const Result<T>& result) {
    return "error " + std::string(dbxauth::to_string(result.error().code)) + " " + result.error().message;
  }

  std::string run(const std::string& command, std::istringstream& words) {
    std::string key;
    if (command == "put") return put(words);
    if (command == "list") return list();
    if (command == "available") {
      const Result<void> result = cache_.availability(context_);
      return result ? "ok" : failed(result);
    }
    if (command == "fork") return in_child();
    if (command == "threads") return in_threads(words);
    if (command == "size") return put_large(words);
    words >> key;
    if (command == "get") return get(key);
    if (command == "remove") {
      const Result<void> result = cache_.remove(key, context_);
      return result ? "ok" : failed(result);
    }
    return "error invalid_argument unknown command " + command;
  }

  std::string put(std::istringstream& words) {
    std::string keys;
    std::string access_token;
    long long expiry_s = 1900000000;
    words >> keys >> access_token;
    if (!(words >> expiry_s)) expiry_s = 1900000000;
    const Result<void> result = cache_.put(split(keys), token_of(access_token, expiry_s), context_);
    return result ? "ok" : failed(result);
  }

  std::string put_large(std::istringstream& words) {
    std::size_t bytes = 0;
    std::string key;
    words >> bytes >> key;
    const Result<void> result = cache_.put({key}, token_of(std::string(bytes, 'L'), 1900000000), context_);
    return result ? "ok" : failed(result);
  }

  std::string get(const std::string& key) {
    const Result<Token> result = cache_.get(key, context_);
    if (!result) return failed(result);
    const std::string_view access_token = result->access_token.reveal();
    const std::string shown =
        access_token.size() > 200 ? std::to_string(access_token.size()) + " bytes" : std::string(access_token);
    return "ok " + shown + " " + std::string(result->refresh_token.reveal()) + " " +
           std::to_string(std::chrono::system_clock::to_time_t(result->expires_at));
  }

  std::string list() {
    const Result<std::vector<std::string>> result = cache_.list(context_);
    if (!result) return failed(result);
    std::string text = "ok";
    for (const std::string& key : *result) text += " " + key;
    return text;
  }

  std::string in_threads(std::istringstream& words) {
    int count = 0;
    std::string key;
    words >> count >> key;
    std::atomic<int> found{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        if (cache_.get(key, context_)) ++found;
      });
    }
    for (std::thread& thread : threads) thread.join();
    return "ok " + std::to_string(found.load());
  }

  // The child's answer to `get k`.
  std::string in_child() {
    int ends[2];
    if (::pipe(ends) != 0) return "error io no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string text = answer("get k");
      const bool written = ::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
      ::_exit(written ? 0 : 1);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return "ok child said: " + text;
  }

  TokenCache& cache_;
  const CallContext context_;
};

}  // namespace

int main(int argc, char** argv) {
  dbxauth::KeyringOptions options;
  CallContext context;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--prompt") options.may_prompt = true;
    if (argument == "--timeout-ms" && i + 1 < argc) options.timeout = std::chrono::milliseconds(std::stoi(argv[++i]));
    if (argument == "--deadline-ms" && i + 1 < argc) {
      context = CallContext::with_timeout(std::chrono::milliseconds(std::stoi(argv[++i])));
    }
  }
  const std::shared_ptr<TokenCache> cache = dbxauth::make_keyring_token_cache(options);
  Session session(*cache, context);
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::cout << session.answer(line) << std::endl;
  }
  return 0;
}
