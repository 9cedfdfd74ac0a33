// SPDX-License-Identifier: Apache-2.0
// A catalog that looks like someone's.
#include "seed_data.hpp"
#include "seed_internal.hpp"

namespace dbxauth::emulator {
namespace {

const std::vector<std::string_view> containers{
    "CREATE CATALOG main COMMENT 'Default catalog of the workspace'",
    "CREATE CATALOG samples",
    "CREATE CATALOG production COMMENT 'Everything the company sells; don\\'t touch\\nask sales-ops@example.com'",
    "CREATE SCHEMA production.sales COMMENT 'Orders and who placed them'",
    "CREATE SCHEMA production.reference COMMENT 'Stammdaten: Länder, Lieferanten, Teile' WITH DBPROPERTIES ('refresh' "
    "= 'weekly')",
    "CREATE SCHEMA production.analytics COMMENT 'Views and functions; \"curated\" \\\\ tested'",
    "CREATE SCHEMA production.`odd-names`",
    "CREATE SCHEMA production.landing COMMENT 'External data'",
    "CREATE SCHEMA production.empty_schema COMMENT 'Nothing here yet'",
    "CREATE SCHEMA samples.nyctaxi",
    "CREATE TABLE main.default.exchange_rates (currency STRING NOT NULL, usd DOUBLE, valid_from DATE) COMMENT 'Fixed "
    "rates'",
    "INSERT INTO main.default.exchange_rates VALUES ('EUR', 1.0875, DATE'2024-01-01'), ('GBP', 1.27, "
    "DATE'2024-01-01'), ('JPY', 0.0067, DATE'2024-01-01')",
    "CREATE TABLE samples.nyctaxi.trips (tpep_pickup_datetime TIMESTAMP, trip_distance DOUBLE, fare_amount DOUBLE, "
    "pickup_zip INT)",
    "INSERT INTO samples.nyctaxi.trips VALUES (TIMESTAMP'2016-02-14 16:52:13', 4.94, 19.0, 10282), "
    "(TIMESTAMP'2016-02-04 18:44:19', 0.28, 3.5, 10110), (TIMESTAMP'2016-02-17 17:13:57.25', 0.7, 5.0, 10103)",
};

const std::vector<std::string_view> tables{
    "CREATE TABLE landing.web_events (event_id BIGINT NOT NULL, at TIMESTAMP, url STRING, payload BINARY, ok BOOLEAN, "
    "score DOUBLE) COMMENT 'Clicks as they arrive' LOCATION 's3://acme-landing/web/events'",
    "INSERT INTO landing.web_events VALUES (1, TIMESTAMP'2024-03-01 08:00:00', 'https://example.com/?q=a\\'b', NULL, "
    "true, 0.5), (2, TIMESTAMP'2024-03-01 08:00:01.123', '/ünïcode', CAST('bytes' AS BINARY), false, 1e10), (3, NULL, "
    "NULL, NULL, NULL, NULL)",
    // Unity Catalog takes no spaces and periods in names of objects, but in names of columns.
    "CREATE TABLE `odd-names`.`order` (`select` INT COMMENT 'A reserved word', `from where` STRING COMMENT 'A space', "
    "`a.b` STRING COMMENT 'A period', `it's \"quoted\"` STRING COMMENT 'it\\'s quoted', `back``tick` INT, `größe` "
    "DECIMAL(5,1), `100%` BOOLEAN) "
    "TBLPROPERTIES ('key with space' = 'it\\'s', 'dotted.key.name' = 'a=b;c')",
    "INSERT INTO `odd-names`.`order` VALUES (1, 'a', 'b', 'c''c', 4, 42.5, true), (2, NULL, '', '\\\\', NULL, -0.1, "
    "false), (3, 'null', 'NULL', '\\n', 0, NULL, NULL)",
    "CREATE TABLE `odd-names`.`weird``table` (id INT)",
    "INSERT INTO `odd-names`.`weird``table` VALUES (7)",
    "CREATE TABLE `odd-names`.`straße-ü` (id INT, name STRING COMMENT 'Straßenname – mit Gedankenstrich')",
    "INSERT INTO `odd-names`.`straße-ü` VALUES (1, 'Königsallee'), (2, '日本橋')",
    "CREATE TABLE `odd-names`.`it's` (`group` STRING)",
    "INSERT INTO `odd-names`.`it's` VALUES ('by')",
    "CREATE TABLE `odd-names`.`sales` (id BIGINT, note STRING) COMMENT 'A table named like a schema'",
    "INSERT INTO `odd-names`.sales VALUES (1, 'production.sales.orders')",
    "CREATE TABLE sales.returns (r_orderkey BIGINT, r_reason STRING) COMMENT 'No rows yet'",
};

const std::vector<std::string_view> routines{
    "CREATE FUNCTION analytics.net_price(price DECIMAL(12,2) COMMENT 'Before discount', discount DECIMAL(12,2)) "
    "RETURNS DECIMAL(12,2) COMMENT 'Price after discount' DETERMINISTIC RETURN CAST(price * (1 - discount) AS "
    "DECIMAL(12,2))",
    "CREATE FUNCTION analytics.with_tax(price DECIMAL(12,2), rate DECIMAL(4,2) DEFAULT 0.19, label STRING DEFAULT "
    "'it\\'s') RETURNS DECIMAL(12,2) RETURN production.analytics.net_price(price, -rate)",
    "CREATE FUNCTION analytics.orders_of(customer BIGINT, minimum DECIMAL(12,2) DEFAULT 0) RETURNS TABLE (orderkey "
    "BIGINT COMMENT 'Order', placed DATE, total DECIMAL(12,2)) COMMENT 'Orders of one customer' "
    "RETURN SELECT o_orderkey, o_orderdate, o_totalprice FROM production.sales.orders WHERE o_custkey = customer AND "
    "o_totalprice >= minimum",
    "CREATE FUNCTION analytics.mask_phone(phone STRING) RETURNS STRING RETURN CASE WHEN "
    "is_account_group_member('analysts') THEN phone ELSE concat(substring(phone, 1, 2), '-***') END",
    "CREATE FUNCTION analytics.initials(name STRING) RETURNS STRING LANGUAGE PYTHON COMMENT 'First letters' AS $$\nif "
    "name is None:\n    return None\nreturn \"\".join(word[0] for word in name.split() if word)  # `production`.sales "
    "in a comment\n$$",
    "CREATE FUNCTION `odd-names`.`double-it`(x INT) RETURNS INT RETURN x * 2",
};

const std::vector<std::string_view> views{
    "CREATE VIEW analytics.order_lines (order_key COMMENT 'Order', line COMMENT 'Line number', net COMMENT 'After "
    "discount', ship_date) COMMENT 'Lines with their net price' TBLPROPERTIES ('tier' = 'silver') AS "
    "SELECT l_orderkey, l_linenumber, analytics.net_price(l_extendedprice, l_discount), l_shipdate FROM "
    "production.sales.lineitem",
    "CREATE VIEW analytics.order_totals AS SELECT o.o_orderkey AS order_key, o.o_custkey AS customer, sum(l.net) AS "
    "net, count(*) AS lines\n"
    "FROM `production`.`sales`.`orders` AS o JOIN analytics.order_lines AS l ON l.order_key = o.o_orderkey\n-- "
    "production.sales.customer is joined further up\nGROUP BY o.o_orderkey, o.o_custkey",
    "CREATE VIEW analytics.customer_value COMMENT 'Value per customer and nation' AS WITH totals AS (SELECT customer, "
    "sum(net) AS net FROM `production`.analytics.`order_totals` GROUP BY customer)\n"
    "SELECT c.c_custkey, c.c_name, n.n_name AS nation, coalesce(t.net, 0) AS net, 'from production.sales.customer' AS "
    "origin /* production.sales */\n"
    "FROM sales.customer c LEFT JOIN totals t ON t.customer = c.c_custkey JOIN reference.nation n ON n.n_nationkey = "
    "c.c_nationkey",
    "CREATE VIEW analytics.top_nations AS SELECT nation, sum(net) AS net, count(*) AS customers FROM "
    "production.analytics.customer_value GROUP BY nation ORDER BY net DESC LIMIT 5",
    "CREATE VIEW analytics.contacts AS SELECT c_custkey, c_name, production.analytics.mask_phone(c_phone) AS phone "
    "FROM production.sales.customer",
    "CREATE VIEW analytics.prices_eur AS SELECT p.p_partkey, p.p_retailprice, round(p.p_retailprice / r.usd, 2) AS eur "
    "FROM reference.part p CROSS JOIN main.default.exchange_rates r WHERE r.currency = 'EUR'",
    "CREATE VIEW `odd-names`.`orders-view` (`the key`, `größe`) COMMENT 'it\\'s a \"view\"' AS SELECT `select` AS k, "
    "production.`odd-names`.`order`.`größe` FROM production.`odd-names`.`order` WHERE `a.b` <> "
    "'production.`odd-names`.x'",
    "CREATE VIEW `odd-names`.`tick``view` AS SELECT w.id, `odd-names`.`double-it`(w.id) AS doubled FROM "
    "`production`.`odd-names`.`weird``table` w UNION ALL SELECT id, -1 FROM `odd-names`.`straße-ü`",
};

const std::vector<std::string_view> extras{
    "CREATE VOLUME landing.uploads COMMENT 'Files people drop'",
    "CREATE EXTERNAL VOLUME landing.exports LOCATION 's3://acme-landing/exports' COMMENT 'Nightly exports'",
    "CREATE VOLUME `odd-names`.`vol-1`",
    "ALTER CATALOG production SET TAGS ('environment' = 'prod', 'cost_center' = '4711')",
    "ALTER SCHEMA production.sales SET TAGS ('domain' = 'sales')",
    "ALTER TABLE sales.customer SET TAGS ('pii' = 'true', 'reviewed' = '')",
    "ALTER TABLE sales.customer ALTER COLUMN c_phone SET TAGS ('pii' = 'phone')",
    "ALTER TABLE sales.customer ALTER COLUMN c_name SET TAGS ('pii' = 'name', 'locale' = 'de')",
    "ALTER TABLE `odd-names`.`order` ALTER COLUMN `back``tick` SET TAGS ('odd' = 'it\\'s `odd`')",
    "ALTER VIEW analytics.customer_value SET TAGS ('tier' = 'gold')",
    "ALTER VOLUME landing.exports SET TAGS ('retention' = '30d')",
    "COMMENT ON COLUMN analytics.customer_value.net IS 'Sum of net prices, USD'",
    "COMMENT ON VOLUME landing.uploads IS 'Files people drop; 100% \\'raw\\''",
    "GRANT USE CATALOG ON CATALOG production TO `account users`",
    "GRANT USE CATALOG, USE SCHEMA, SELECT, EXECUTE ON CATALOG main TO `account users`",
    "GRANT USE CATALOG, USE SCHEMA, SELECT ON CATALOG samples TO `account users`",
    "GRANT USE SCHEMA, SELECT ON SCHEMA production.reference TO analysts",
    "GRANT USE SCHEMA ON SCHEMA production.sales TO analysts",
    "GRANT SELECT ON TABLE production.sales.orders TO analysts",
    "GRANT USE SCHEMA, EXECUTE ON SCHEMA production.analytics TO analysts",
    "GRANT SELECT ON VIEW production.analytics.customer_value TO `bob@example.com`",
    "GRANT SELECT, MODIFY ON TABLE production.sales.returns TO `bob@example.com`",
    "GRANT EXECUTE ON FUNCTION production.analytics.net_price TO `o``brien@example.com`",
    "GRANT SELECT ON VIEW production.analytics.top_nations TO `o``brien@example.com`",
    "GRANT USE SCHEMA ON SCHEMA production.analytics TO `o``brien@example.com`",
    "GRANT READ VOLUME ON VOLUME production.landing.exports TO analysts",
    "GRANT USE CATALOG, USE SCHEMA, SELECT, EXECUTE, READ VOLUME, MANAGE ON CATALOG production TO "
    "`7d0f3c52-9f5e-4c1b-8a44-5b1f0e2a6c11`",
    "ALTER TABLE sales.returns SET OWNER TO `bob@example.com`",
    "ALTER SCHEMA production.empty_schema SET OWNER TO analysts",
};

}  // namespace

Outcome<void> seed_demo(Metastore& metastore) {
  SqlEngine engine(metastore);
  if (auto done = run_seed_statements(engine, "production", containers); !done) return done;
  if (auto done = seed_tpch(engine, "production"); !done) return done;
  for (const auto* group : {&tables, &routines, &views, &extras}) {
    if (auto done = run_seed_statements(engine, "production", *group); !done) return done;
  }
  return {};
}

}  // namespace dbxauth::emulator
