// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "clone/reference_rewriter.hpp"
#include "clone/sql_tokenizer.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::clone;
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  std::string joined;
  for (const SqlToken& token : tokenize_sql(sql)) {
    require(!token.text.empty(), "no token is empty");
    joined += token.text;
    static_cast<void>(identifier_name(token));
  }
  require(joined == sql, "the tokens are the text");
  static_cast<void>(embedding_obstacle(sql));
  require(without_terminator(without_terminator(sql)) == without_terminator(sql), "a terminator is cut off once");
  require(same_sql(sql, sql), "a text is the same as itself");

  const RewriteContext context = {"production", "staging", "sales"};
  const RewrittenSql once = rewrite_references(sql, context);
  const RewrittenSql twice = rewrite_references(once.text, context);
  require(twice.text == once.text, "rewriting leaves nothing to rewrite");
  return 0;
}
