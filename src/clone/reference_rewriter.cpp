// SPDX-License-Identifier: Apache-2.0
#include "clone/reference_rewriter.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "catalog/sql_text.hpp"
#include "clone/sql_tokenizer.hpp"

namespace dbxauth::clone {
namespace {

using base::equals_ignoring_case;
using base::to_lower;

/// A dotted name: indices of its parts among the significant tokens.
struct NameChain {
  std::vector<std::size_t> parts;
  std::size_t end = 0;  ///< Index behind the chain, a trailing `.*` included.
  bool ends_in_star = false;
  bool relation = false;  ///< Stands where a relation is due.
  bool called = false;
  bool after_path = false;  ///< Follows `.`, `:`, `]` and the like: a field, not the head of a name.
};

/// A common table expression and the stretch of tokens in which its name hides tables.
struct CteScope {
  std::string name;  ///< Lower case.
  std::size_t from = 0;
  std::size_t to = 0;
};

/// One level of parentheses while scanning for relation positions.
struct Level {
  bool function_arguments = false;
  bool select_seen = false;
  bool in_from = false;
  bool relation_list = false;  ///< `TABLE(…)`, `STREAM(…)` or a parenthesised join: a relation is due at its start.
};

constexpr std::array<std::string_view, 17> clause_keywords = {
    "WHERE",  "GROUP",  "HAVING", "QUALIFY", "ORDER",     "SORT",  "CLUSTER", "DISTRIBUTE", "LIMIT",
    "OFFSET", "WINDOW", "UNION",  "EXCEPT",  "INTERSECT", "MINUS", "SELECT",  "SET"};

/// Words before `(` that do not make it a call.
constexpr std::array<std::string_view, 29> not_functions = {
    "FROM", "JOIN", "IN",    "EXISTS", "AS",     "ANY",     "ALL",       "SOME",   "AND",   "OR",
    "NOT",  "ON",   "WHERE", "HAVING", "SELECT", "UNION",   "INTERSECT", "EXCEPT", "MINUS", "USING",
    "OVER", "THEN", "ELSE",  "WHEN",   "RETURN", "LATERAL", "BY",        "VALUES", "WITH"};

template <std::size_t N>
bool is_any_keyword(const SqlToken& token, const std::array<std::string_view, N>& words) {
  return token.kind == SqlTokenKind::identifier &&
         std::any_of(words.begin(), words.end(), [&](std::string_view word) { return token.is_keyword(word); });
}

class Rewriter {
 public:
  Rewriter(std::string_view sql, const RewriteContext& context) : context_(context), tokens_(tokenize_sql(sql)) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!tokens_[i].is_trivia()) significant_.push_back(i);
    }
    match_parentheses();
    find_ctes();
    find_chains();
    find_aliases();
  }

  RewrittenSql run() {
    for (const NameChain& chain : chains_) decide(chain);
    note_opaque_names();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (replaced_.count(i) != 0) {
        result_.text += catalog::quote_identifier(context_.destination_catalog);
      } else {
        result_.text += tokens_[i].text;
      }
    }
    return std::move(result_);
  }

 private:
  const SqlToken& at(std::size_t index) const { return tokens_[significant_[index]]; }
  bool exists(std::size_t index) const { return index < significant_.size(); }
  bool symbol_at(std::size_t index, std::string_view symbol) const {
    return exists(index) && at(index).is_symbol(symbol);
  }
  bool keyword_at(std::size_t index, std::string_view keyword) const {
    return exists(index) && at(index).is_keyword(keyword);
  }
  std::string part(const NameChain& chain, std::size_t i) const { return identifier_name(at(chain.parts[i])); }

  void match_parentheses() {
    close_of_.assign(significant_.size(), significant_.size());
    enclosing_close_.assign(significant_.size(), significant_.size());
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < significant_.size(); ++i) {
      if (at(i).is_symbol("(")) open.push_back(i);
      if (!at(i).is_symbol(")") || open.empty()) continue;
      close_of_[open.back()] = i;
      open.pop_back();
    }
    std::vector<std::size_t> closing;
    for (std::size_t i = 0; i < significant_.size(); ++i) {
      if (!closing.empty() && closing.back() == i) closing.pop_back();
      enclosing_close_[i] = closing.empty() ? significant_.size() : closing.back();
      if (at(i).is_symbol("(") && close_of_[i] < significant_.size()) closing.push_back(close_of_[i]);
    }
  }

  /// `WITH [RECURSIVE] name [(columns)] AS (body), …`: a name is visible behind its body, in a recursive one inside,
  /// too.
  void find_ctes() {
    for (std::size_t i = 0; i < significant_.size(); ++i) {
      if (!at(i).is_keyword("WITH")) continue;
      const bool recursive = keyword_at(i + 1, "RECURSIVE");
      std::size_t next = i + (recursive ? 2 : 1);
      while (const std::optional<std::size_t> end = read_cte(next, recursive)) {
        if (!symbol_at(*end, ",")) break;
        next = *end + 1;
      }
    }
  }

  /// Reads one definition at `start`; the index behind it, or nothing when there is none.
  std::optional<std::size_t> read_cte(std::size_t start, bool recursive) {
    if (!exists(start) || !at(start).is_name()) return std::nullopt;
    std::size_t next = start + 1;
    if (symbol_at(next, "(")) next = close_of_[next] + 1;
    if (keyword_at(next, "MAX")) next += 4;  // MAX RECURSION LEVEL n
    if (!keyword_at(next, "AS") || !symbol_at(next + 1, "(")) return std::nullopt;
    const std::size_t body = next + 1;
    cte_definitions_.insert(start);
    ctes_.push_back(
        {to_lower(identifier_name(at(start))), recursive ? body : close_of_[body], enclosing_close_[start]});
    return exists(close_of_[body]) ? std::optional(close_of_[body] + 1) : std::nullopt;
  }

  bool is_cte(const std::string& name, std::size_t index) const {
    return std::any_of(ctes_.begin(), ctes_.end(), [&](const CteScope& scope) {
      return index >= scope.from && index < scope.to && equals_ignoring_case(scope.name, name);
    });
  }

  NameChain read_chain(std::size_t start) const {
    NameChain chain;
    chain.parts.push_back(start);
    std::size_t next = start + 1;
    while (symbol_at(next, ".")) {
      if (symbol_at(next + 1, "*")) {
        chain.ends_in_star = true;
        next += 2;
        break;
      }
      if (!exists(next + 1) || !at(next + 1).is_name()) break;
      chain.parts.push_back(next + 1);
      next += 2;
    }
    chain.end = next;
    chain.called = !chain.ends_in_star && symbol_at(next, "(");
    chain.after_path =
        start > 0 && (at(start - 1).is_symbol(".") || at(start - 1).is_symbol(":") || at(start - 1).is_symbol("::"));
    return chain;
  }

  /// Walks over the text once, keeping track of where a relation is due.
  void find_chains() {
    std::vector<Level> levels(1);
    bool relation_due = false;
    for (std::size_t i = 0; i < significant_.size();) {
      const SqlToken& token = at(i);
      if (token.is_symbol("(")) {
        levels.push_back(open_level(i, relation_due));
        relation_due = levels.back().relation_list;
        ++i;
      } else if (token.is_symbol(")")) {
        if (levels.size() > 1) levels.pop_back();
        relation_due = false;
        ++i;
      } else if (token.is_symbol(",")) {
        relation_due = levels.back().in_from;
        ++i;
      } else if (token.is_name()) {
        i = read_name(i, levels.back(), relation_due);
      } else {
        relation_due = false;
        ++i;
      }
    }
  }

  Level open_level(std::size_t open, bool relation_due) const {
    Level level;
    if (open == 0) return level;
    const SqlToken& before = at(open - 1);
    const bool wraps_relation = before.is_keyword("TABLE") || before.is_keyword("STREAM");
    level.relation_list = relation_due || wraps_relation;
    level.in_from = level.relation_list;
    level.function_arguments = !level.relation_list && before.is_name() && !is_any_keyword(before, not_functions);
    return level;
  }

  /// Handles the name at `i`, keyword or not, and returns the index behind it.
  std::size_t read_name(std::size_t i, Level& level, bool& relation_due) {
    NameChain chain = read_chain(i);
    const bool may_be_keyword = chain.parts.size() == 1 && !chain.ends_in_star && !chain.after_path;
    if (may_be_keyword && apply_keyword(i, level, relation_due)) return i + 1;
    chain.relation = relation_due && !chain.after_path;
    relation_due = false;
    chains_.push_back(chain);
    return chain.end;
  }

  /// True when the word at `i` acts as a keyword here; updates where a relation is due.
  bool apply_keyword(std::size_t i, Level& level, bool& relation_due) {
    const SqlToken& word = at(i);
    if (word.is_keyword("FROM")) {
      const bool compares = i > 0 && at(i - 1).is_keyword("DISTINCT");
      const bool separates = level.function_arguments && !level.select_seen && !(i > 0 && at(i - 1).is_symbol("("));
      relation_due = !compares && !separates;
      if (relation_due) level.in_from = true;
      return true;
    }
    if (word.is_keyword("JOIN")) {
      relation_due = true;
      level.in_from = true;
      return true;
    }
    if (word.is_keyword("TABLE")) {
      relation_due = true;
      return true;
    }
    if (word.is_keyword("LATERAL")) {
      relation_due = !keyword_at(i + 1, "VIEW");
      if (!relation_due) level.in_from = false;
      return true;
    }
    // A relation may itself be called "stream".
    if (word.is_keyword("STREAM") && relation_due && exists(i + 1) && (at(i + 1).is_name() || symbol_at(i + 1, "("))) {
      return true;
    }
    if (relation_due && !is_any_keyword(word, clause_keywords) && !word.is_keyword("VALUES") &&
        !word.is_keyword("WITH")) {
      return false;
    }
    if (is_any_keyword(word, clause_keywords)) {
      if (word.is_keyword("SELECT")) level.select_seen = true;
      level.in_from = false;
      relation_due = false;
      return true;
    }
    return word.is_keyword("VALUES") || is_any_keyword(word, not_functions);
  }

  /// Remembers relations by full name, and whether something has the source catalog's name as its alias.
  void find_aliases() {
    for (const NameChain& chain : chains_) {
      if (!chain.relation) continue;
      if (chain.parts.size() == 3) {
        relations_.insert({to_lower(part(chain, 0)), to_lower(part(chain, 1)), to_lower(part(chain, 2))});
      }
      const std::size_t alias = keyword_at(chain.end, "AS") ? chain.end + 1 : chain.end;
      const bool aliased = exists(alias) && at(alias).is_name() && names_source(at(alias));
      const bool by_own_name = names_source(at(chain.parts.back()));
      if (aliased || by_own_name) alias_is_catalog_ = true;
    }
    // `) production` and `) AS production`: the alias of a subquery.
    for (std::size_t i = 1; i < significant_.size(); ++i) {
      const bool behind = at(i - 1).is_symbol(")") || (i > 1 && at(i - 1).is_keyword("AS") && at(i - 2).is_symbol(")"));
      if (behind && at(i).is_name() && names_source(at(i))) alias_is_catalog_ = true;
    }
  }

  bool names_source(const SqlToken& token) const {
    return equals_ignoring_case(identifier_name(token), context_.source_catalog);
  }

  void decide(const NameChain& chain) {
    if (chain.after_path) return;
    const std::size_t parts = chain.parts.size();
    if (parts >= 3 && names_source(at(chain.parts[0]))) return decide_qualified(chain);
    if (parts >= 3) return;
    if (!chain.relation && !chain.called) return;
    if (chain.ends_in_star || cte_definitions_.count(chain.parts[0]) != 0) return;
    if (parts == 1 && is_cte(part(chain, 0), chain.parts[0])) return;
    const bool two = parts == 2;
    depend(two ? part(chain, 0) : context_.schema, part(chain, two ? 1 : 0), chain.called, false);
  }

  void decide_qualified(const NameChain& chain) {
    if (chain.relation || chain.called) {
      if (chain.parts.size() == 3 && !chain.ends_in_star) {
        replaced_.insert(significant_[chain.parts[0]]);
        depend(part(chain, 1), part(chain, 2), chain.called, true);
      } else {
        note("`" + written(chain) + "` has more parts than a name of a relation or function; it was left as it is.");
      }
      return;
    }
    const std::size_t parts = chain.parts.size() + (chain.ends_in_star ? 1 : 0);
    if (parts < 4) return;
    const bool in_from =
        relations_.count({to_lower(part(chain, 0)), to_lower(part(chain, 1)), to_lower(part(chain, 2))}) != 0;
    if (!in_from) return;
    if (alias_is_catalog_) {
      note("`" + written(chain) + "` can be a column of a table or a field of the alias `" + part(chain, 0) +
           "`; it was left as it is.");
      return;
    }
    replaced_.insert(significant_[chain.parts[0]]);
  }

  void depend(const std::string& schema, const std::string& object, bool called, bool names_catalog) {
    if (equals_ignoring_case(schema, "information_schema")) return;
    const auto key = std::make_tuple(to_lower(schema), to_lower(object), called, names_catalog);
    if (!seen_.insert(key).second) return;
    result_.dependencies.push_back({schema, object, called, names_catalog});
  }

  /// Names inside strings are invisible to a rewriter: IDENTIFIER('…') and paths of the source's volumes.
  void note_opaque_names() {
    const std::string volumes = "/volumes/" + to_lower(context_.source_catalog) + "/";
    for (std::size_t i = 0; i < significant_.size(); ++i) {
      const SqlToken& token = at(i);
      if (token.is_keyword("IDENTIFIER") && symbol_at(i + 1, "(")) {
        note("IDENTIFIER(…) names an object by a value; it was left as it is.");
      }
      const bool opaque = token.kind == SqlTokenKind::string_literal || token.kind == SqlTokenKind::quoted_identifier;
      if (opaque && to_lower(token.text).find(volumes) != std::string::npos) {
        note("A path below /Volumes/" + context_.source_catalog +
             "/ was left as it is: it still reads from the source.");
      }
      if (token.unterminated) note("The text ends inside a literal, a comment or a quoted name.");
    }
  }

  void note(std::string text) {
    if (noted_.insert(text).second) result_.notes.push_back(std::move(text));
  }

  std::string written(const NameChain& chain) const {
    std::string text;
    for (std::size_t i = 0; i < chain.parts.size(); ++i) text += (i == 0 ? "" : ".") + part(chain, i);
    return chain.ends_in_star ? text + ".*" : text;
  }

  const RewriteContext& context_;
  std::vector<SqlToken> tokens_;
  std::vector<std::size_t> significant_;      ///< Indices of the tokens that are not trivia.
  std::vector<std::size_t> close_of_;         ///< For each `(`, its `)`; else the end.
  std::vector<std::size_t> enclosing_close_;  ///< The `)` of the innermost parentheses around each token, or the end.
  std::vector<CteScope> ctes_;
  std::set<std::size_t> cte_definitions_;  ///< Where a common table expression gets its name.
  std::vector<NameChain> chains_;
  std::set<std::tuple<std::string, std::string, std::string>> relations_;
  bool alias_is_catalog_ = false;
  std::set<std::size_t> replaced_;
  std::set<std::tuple<std::string, std::string, bool, bool>> seen_;
  std::set<std::string> noted_;
  RewrittenSql result_;
};

}  // namespace

RewrittenSql rewrite_references(std::string_view sql, const RewriteContext& context) {
  return Rewriter(sql, context).run();
}

}  // namespace dbxauth::clone
