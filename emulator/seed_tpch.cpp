// SPDX-License-Identifier: Apache-2.0
// The tables of the TPC-H schema, small, with rows from a fixed generator.
#include <array>
#include <cstdint>

#include "seed_internal.hpp"

namespace dbxauth::emulator {
namespace {

/// Knuth's 64-bit linear congruential generator: the same rows on every machine.
class Generator {
 public:
  std::uint64_t below(std::uint64_t limit) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33U) % limit;
  }
  std::string money(std::uint64_t limit_cents) {
    const auto cents = below(limit_cents);
    const auto rest = std::to_string(cents % 100);
    return std::to_string(cents / 100) + "." + (rest.size() == 1 ? "0" : "") + rest;
  }
  std::string date() {
    const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    const auto year = 1992 + below(7);
    const auto month = 1 + below(12);
    return "DATE'" + std::to_string(year) + "-" + two(month) + "-" + two(1 + below(28)) + "'";
  }
  template <std::size_t N>
  std::string pick(const std::array<const char*, N>& words) {
    return words[below(N)];
  }

 private:
  std::uint64_t state_ = 20240229;
};

constexpr std::array regions{"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
struct Nation {
  const char* name;
  int region;
};
constexpr std::array<Nation, 25> nations{
    {{"ALGERIA", 0},      {"ARGENTINA", 1},  {"BRAZIL", 1},  {"CANADA", 1},         {"EGYPT", 4},
     {"ETHIOPIA", 0},     {"FRANCE", 3},     {"GERMANY", 3}, {"INDIA", 2},          {"INDONESIA", 2},
     {"IRAN", 4},         {"IRAQ", 4},       {"JAPAN", 2},   {"JORDAN", 4},         {"KENYA", 0},
     {"MOROCCO", 0},      {"MOZAMBIQUE", 0}, {"PERU", 1},    {"CHINA", 2},          {"ROMANIA", 3},
     {"SAUDI ARABIA", 4}, {"VIETNAM", 2},    {"RUSSIA", 3},  {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}}};
constexpr std::array segments{"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
constexpr std::array priorities{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"};
constexpr std::array ship_modes{"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
constexpr std::array colours{"almond", "azure", "beige",     "blush",  "chocolate",
                             "coral",  "cyan",  "firebrick", "forest", "ivory"};
constexpr std::array materials{"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
constexpr std::array containers{"SM CASE", "LG BOX", "MED BAG", "JUMBO JAR", "WRAP PKG"};
constexpr std::array statuses{"F", "O", "P"};
constexpr int suppliers = 20, parts = 80, customers = 120, orders = 300;

constexpr std::array<std::string_view, 8> definitions{
    "CREATE TABLE reference.region (r_regionkey BIGINT NOT NULL, r_name STRING, r_comment STRING) COMMENT 'Regions of "
    "the world'",
    "CREATE TABLE reference.nation (n_nationkey BIGINT NOT NULL COMMENT 'Key', n_name STRING, n_regionkey BIGINT "
    "COMMENT 'Refers to region.r_regionkey', n_comment STRING)",
    "CREATE TABLE reference.supplier (s_suppkey BIGINT NOT NULL, s_name STRING, s_address STRING, s_nationkey BIGINT, "
    "s_phone STRING COMMENT 'May hold a person\\'s number', s_acctbal DECIMAL(12,2), s_comment STRING)",
    "CREATE TABLE reference.part (p_partkey BIGINT NOT NULL, p_name STRING, p_mfgr STRING, p_brand STRING, p_type "
    "STRING, p_size INT, p_container STRING, p_retailprice DECIMAL(12,2), p_comment STRING)",
    "CREATE TABLE reference.partsupp (ps_partkey BIGINT NOT NULL, ps_suppkey BIGINT NOT NULL, ps_availqty INT, "
    "ps_supplycost DECIMAL(12,2), ps_comment STRING)",
    "CREATE TABLE sales.customer (c_custkey BIGINT NOT NULL COMMENT 'Kundennummer (Schlüssel)', c_name STRING, "
    "c_address STRING, c_nationkey BIGINT, c_phone STRING, c_acctbal DECIMAL(12,2) COMMENT 'Balance in USD; may be "
    "\"negative\"', "
    "c_mktsegment STRING, c_comment STRING) COMMENT 'Customers' TBLPROPERTIES ('quality' = 'gold', 'owner.team' = "
    "'sales')",
    "CREATE TABLE sales.orders (o_orderkey BIGINT NOT NULL, o_custkey BIGINT, o_orderstatus STRING, o_totalprice "
    "DECIMAL(12,2), o_orderdate DATE, o_orderpriority STRING, o_clerk STRING, o_shippriority INT, o_comment STRING) "
    "COMMENT 'Orders\\nOne row per order; it''s \\'the\\' fact table \\\\ of sales' TBLPROPERTIES "
    "('delta.enableChangeDataFeed' = 'true')",
    "CREATE TABLE sales.lineitem (l_orderkey BIGINT NOT NULL, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber INT NOT "
    "NULL, l_quantity DECIMAL(12,2), l_extendedprice DECIMAL(12,2), l_discount DECIMAL(12,2), l_tax DECIMAL(12,2), "
    "l_returnflag STRING, l_linestatus STRING, l_shipdate DATE, l_commitdate DATE, l_receiptdate DATE, l_shipinstruct "
    "STRING, l_shipmode STRING, l_comment STRING)"};

std::string text(const std::string& value) {
  return "'" + value + "'";
}

/// Gathers rows for one INSERT.
class Rows {
 public:
  explicit Rows(std::string table) : sql_("INSERT INTO " + std::move(table) + " VALUES ") {}
  void add(const std::vector<std::string>& values) {
    sql_ += any_ ? ", (" : "(";
    for (std::size_t i = 0; i < values.size(); ++i) sql_ += (i == 0 ? "" : ", ") + values[i];
    sql_ += ")";
    any_ = true;
  }
  const std::string& sql() const { return sql_; }

 private:
  std::string sql_;
  bool any_ = false;
};

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::vector<std::string> reference_rows(Generator& next) {
  std::vector<std::string> inserts;
  Rows region("reference.region");
  for (std::size_t i = 0; i < regions.size(); ++i)
    region.add({number(i), text(regions[i]), i == 4 ? "NULL" : text("region " + number(i))});
  inserts.push_back(region.sql());
  Rows nation("reference.nation");
  for (std::size_t i = 0; i < nations.size(); ++i)
    nation.add({number(i), text(nations[i].name), std::to_string(nations[i].region), "NULL"});
  inserts.push_back(nation.sql());
  Rows supplier("reference.supplier");
  for (int i = 1; i <= suppliers; ++i) {
    supplier.add({std::to_string(i), text("Supplier#" + std::to_string(i)),
                  text(std::to_string(next.below(900)) + " Dock St"), number(next.below(25)),
                  text("10-" + number(100 + next.below(900)) + "-" + number(1000 + next.below(9000))),
                  next.money(999999), "NULL"});
  }
  inserts.push_back(supplier.sql());
  Rows part("reference.part");
  for (int i = 1; i <= parts; ++i) {
    const auto maker = 1 + next.below(5);
    part.add({std::to_string(i), text(next.pick(colours) + " " + next.pick(colours)),
              text("Manufacturer#" + number(maker)), text("Brand#" + number(maker) + number(1 + next.below(5))),
              text("STANDARD " + next.pick(materials)), number(1 + next.below(50)), text(next.pick(containers)),
              next.money(200000), text("null")});
  }
  inserts.push_back(part.sql());
  Rows partsupp("reference.partsupp");
  for (int i = 1; i <= parts; ++i) {
    for (int k = 0; k < 2; ++k)
      partsupp.add({std::to_string(i), std::to_string((i + k * 7) % suppliers + 1), number(next.below(10000)),
                    next.money(100000), "NULL"});
  }
  inserts.push_back(partsupp.sql());
  return inserts;
}

std::vector<std::string> sales_rows(Generator& next) {
  std::vector<std::string> inserts;
  Rows customer("sales.customer");
  for (int i = 1; i <= customers; ++i) {
    const std::string name =
        i % 40 == 0 ? "Käufer ‹" + std::to_string(i) + "› \\'GmbH\\'" : "Customer#" + std::to_string(i);
    customer.add({std::to_string(i), text(name), text(number(next.below(900)) + " Main St"), number(next.below(25)),
                  text("20-" + number(100 + next.below(900)) + "-" + number(1000 + next.below(9000))),
                  (i % 9 == 0 ? "-" : "") + next.money(999999), text(next.pick(segments)),
                  i % 5 == 0 ? "NULL" : text("comment " + std::to_string(i))});
  }
  inserts.push_back(customer.sql());
  Rows order("sales.orders"), line("sales.lineitem");
  for (int i = 1; i <= orders; ++i) {
    order.add({std::to_string(i), number(1 + next.below(customers)), text(next.pick(statuses)), next.money(20000000),
               next.date(), text(next.pick(priorities)), text("Clerk#" + number(1 + next.below(20))), "0",
               i % 7 == 0 ? "NULL" : text("order " + std::to_string(i))});
    const auto lines = 1 + next.below(4);
    for (std::uint64_t k = 1; k <= lines; ++k) {
      line.add({std::to_string(i), number(1 + next.below(parts)), number(1 + next.below(suppliers)), number(k),
                number(1 + next.below(50)), next.money(9000000), "0.0" + number(next.below(10)),
                "0.0" + number(next.below(9)), text(next.below(2) == 0 ? "R" : "N"),
                text(next.below(2) == 0 ? "F" : "O"), next.date(), next.date(), next.date(), text("NONE"),
                text(next.pick(ship_modes)), "NULL"});
    }
  }
  inserts.push_back(order.sql());
  inserts.push_back(line.sql());
  return inserts;
}

}  // namespace

Outcome<void> seed_tpch(SqlEngine& engine, const std::string& catalog) {
  if (auto made = run_seed_statements(engine, catalog, {definitions.begin(), definitions.end()}); !made) return made;
  Generator next;
  for (const auto& inserts : {reference_rows(next), sales_rows(next)}) {
    if (auto filled = run_seed_statements(engine, catalog, {inserts.begin(), inserts.end()}); !filled) return filled;
  }
  return {};
}

}  // namespace dbxauth::emulator
