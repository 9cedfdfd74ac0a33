-- Clone of `production` to `staging`: mode shallow, if_exists skip.
-- Workspace: https://adb-1.azuredatabricks.net
-- 31 statements; run them from top to bottom.
-- Warning: `production`.`sales`.`v_dynamic`: IDENTIFIER(…) names an object by a value; it was left as it is.
-- Warning: Not everything of the source could be read: tags of functions: there is no relation for them
-- Not in the clone: owners, histories of tables, primary and foreign keys, properties of views
--   `production`.`scratch`, definition: left out by include_schemas or exclude_schemas
--   `production`.`sales`.`customers`, data: protected: it has a row filter and a column mask, which a copy would not have
--   `production`.`sales`.`customers`, row filter: a copy without it would show what it hides; set it on the destination by hand
--   `production`.`sales`.`customers`, column masks: a copy without it would show what it hides; set it on the destination by hand
--   `production`.`sales`.`customers`, comment: the table itself is skipped
--   `production`.`sales`.`customers`, tags: the table itself is skipped
--   `production`.`sales`.`customers`, grants: the table itself is skipped
--   `production`.`sales`.`daily_mv`, data: a materialized view belongs to a pipeline and can be neither source nor target of CLONE
--   `production`.`sales`.`erp`, data: a foreign table's data is in another system, which CLONE does not read
--   `production`.`sales`.`events_parquet`, data: only Delta tables can be cloned shallowly; this one is PARQUET
--   `production`.`sales`.`feed`, data: a streaming table belongs to a pipeline and can be neither source nor target of CLONE
--   `production`.`sales`.`raw_csv`, data: its format is CSV; CLONE reads Delta, Iceberg and Parquet only
--   `production`.`scratch`.`t`, data: its schema is left out by include_schemas or exclude_schemas
--   `production`.`sales`.`v_a`, definition: it depends on itself: `production`.`sales`.`v_a` -> `production`.`sales`.`v_b` -> `production`.`sales`.`v_a`
--   `production`.`sales`.`v_above_cycle`, definition: it depends on `production`.`sales`.`v_a`, which is skipped
--   `production`.`sales`.`v_b`, definition: it depends on itself: `production`.`sales`.`v_a` -> `production`.`sales`.`v_b` -> `production`.`sales`.`v_a`
--   `production`.`sales`.`v_dangling`, definition: it depends on `production`.`sales`.`gone`, which does not exist or is not visible to this identity
--   `production`.`sales`.`v_hidden`, definition: its text is not visible to this identity; only the owner and those who may MANAGE it see it
--   `production`.`sales`.`v_masked`, definition: it depends on `production`.`sales`.`customers`, which is skipped
--   `production`.`sales`.`v_orders`, column tags: there is no form of SET TAGS for a view's columns that every runtime knows
--   `production`.`sales`.`v_over_masked`, definition: it depends on `production`.`sales`.`v_masked`, which is skipped
--   `production`.`sales`.`v_scratch`, definition: it depends on `production`.`scratch`.`t`, whose schema is not part of this clone
--   `production`.`scratch`.`v`, definition: its schema is left out by include_schemas or exclude_schemas
--   `production`.`scratch`.`f`, definition: its schema is left out by include_schemas or exclude_schemas
--   `production`.`util`.`dollars`, definition: its body cannot stand between $$ and $$, because it has $$ in it or ends in $
--   `production`.`util`.`hidden`, definition: its body is not visible to this identity; only the owner and those who may MANAGE it see it
--   `production`.`util`.`jvm`, definition: functions in SCALA are not supported
--   `production`.`util`.`with_tax`, tags: SET TAGS has no form for functions
--   `production`.`sales`.`archive`, files: SQL does not copy the files of volumes
--   `production`.`sales`.`landing`, files: SQL does not copy the files of volumes
--   `production`.`sales`.`partner`, definition: an external volume needs a location of its own: add its location to location_map
--   `production`.`sales`.`partner`, files: SQL does not copy the files of volumes
--   `production`.`scratch`.`vol`, definition: its schema is left out by include_schemas or exclude_schemas

-- create_catalog:staging: the destination catalog does not exist
CREATE CATALOG IF NOT EXISTS `staging` MANAGED LOCATION 's3://lake/staging-managed' COMMENT 'Everything we sell';

-- create_schema:default: the destination lacks the schema
CREATE SCHEMA IF NOT EXISTS `staging`.`default`;

-- create_schema:sales: the destination lacks the schema
CREATE SCHEMA IF NOT EXISTS `staging`.`sales` COMMENT 'Orders and what it\'s made of';

-- create_schema:util: the destination lacks the schema
CREATE SCHEMA IF NOT EXISTS `staging`.`util`;

-- clone_table:sales.events: the destination lacks the table
CREATE TABLE IF NOT EXISTS `staging`.`sales`.`events` SHALLOW CLONE `production`.`sales`.`events` LOCATION 's3://lake/staging/events';

-- clone_table:sales.lineitem: the destination lacks the table
CREATE TABLE IF NOT EXISTS `staging`.`sales`.`lineitem` SHALLOW CLONE `production`.`sales`.`lineitem`;

-- clone_table:sales.`odd name-with.dots``tick`: the destination lacks the table
CREATE TABLE IF NOT EXISTS `staging`.`sales`.`odd name-with.dots``tick` SHALLOW CLONE `production`.`sales`.`odd name-with.dots``tick`;

-- clone_table:sales.orders: the destination lacks the table
CREATE TABLE IF NOT EXISTS `staging`.`sales`.`orders` SHALLOW CLONE `production`.`sales`.`orders`;

-- create_function:util.rate: the destination lacks the function
USE SCHEMA `staging`.`util`;
CREATE FUNCTION IF NOT EXISTS `staging`.`util`.`rate`(`country` string DEFAULT 'DE') RETURNS decimal(3,2) DETERMINISTIC RETURN 0.19;

-- create_function:util.shout: the destination lacks the function
CREATE FUNCTION IF NOT EXISTS `staging`.`util`.`shout`(`s` string) RETURNS string LANGUAGE PYTHON AS $$
  return s.upper()  # production.x.y
$$;

-- create_function:util.with_tax: the destination lacks the function
CREATE FUNCTION IF NOT EXISTS `staging`.`util`.`with_tax`(`amount` decimal(15,2) COMMENT 'Net') RETURNS decimal(15,2) COMMENT 'Adds the tax' RETURN amount * (1 + `staging`.util.rate('DE'));

-- create_view:sales.v_dynamic: the destination lacks the view
USE SCHEMA `staging`.`sales`;
CREATE VIEW IF NOT EXISTS `staging`.`sales`.`v_dynamic` AS SELECT * FROM IDENTIFIER('production.sales.orders');

-- create_view:sales.v_orders: the destination lacks the view
CREATE VIEW IF NOT EXISTS `staging`.`sales`.`v_orders` (`o_orderkey` COMMENT 'The key', `total`) COMMENT 'Orders with tax' AS SELECT o_orderkey, `staging`.util.with_tax(o_total) AS total
  FROM `staging`.sales.orders -- production.sales.orders
;

-- create_function:util.recent: the destination lacks the function
USE SCHEMA `staging`.`util`;
CREATE FUNCTION IF NOT EXISTS `staging`.`util`.`recent`(`n` int) RETURNS TABLE (`o_orderkey` bigint COMMENT 'The key') RETURN SELECT o_orderkey FROM sales.v_orders LIMIT n;

-- create_volume:sales.archive: the destination lacks the volume
CREATE EXTERNAL VOLUME IF NOT EXISTS `staging`.`sales`.`archive` LOCATION 's3://lake/staging/archive';

-- create_volume:sales.landing: the destination lacks the volume
CREATE VOLUME IF NOT EXISTS `staging`.`sales`.`landing` COMMENT 'Files come in here';

-- set_tags:catalog:staging: tags are not part of a definition
ALTER CATALOG `staging` SET TAGS ('env' = 'prod');

-- set_comment:schema:default: the destination lacks the source's comment
COMMENT ON SCHEMA `staging`.`default` IS 'Default schema';

-- set_tags:schema:sales: tags are not part of a definition
ALTER SCHEMA `staging`.`sales` SET TAGS ('domain' = 'sales', 'pii' = '');

-- set_comment:table:sales.orders: CLONE does not copy the table's comment
COMMENT ON TABLE `staging`.`sales`.`orders` IS 'One row per order; 100% \\ "true"';

-- set_tags:table:sales.orders: tags are not part of a definition
ALTER TABLE `staging`.`sales`.`orders` SET TAGS ('tier' = 'gold');

-- set_tags:column:sales.orders.o_orderkey: CLONE does not copy tags of columns
ALTER TABLE `staging`.`sales`.`orders` ALTER COLUMN `o_orderkey` SET TAGS ('pii' = 'no');

-- set_tags:view:sales.v_orders: tags are not part of a definition
ALTER VIEW `staging`.`sales`.`v_orders` SET TAGS ('tier' = 'gold');

-- grant:catalog:staging:analysts: granted directly on the source; given last, when everything else is in place
GRANT USE CATALOG ON CATALOG `staging` TO `analysts`;

-- grant:catalog:staging:etl: granted directly on the source; given last, when everything else is in place
GRANT USE CATALOG, USE SCHEMA ON CATALOG `staging` TO `etl`;

-- grant:schema:sales:analysts: granted directly on the source; given last, when everything else is in place
GRANT SELECT, USE SCHEMA ON SCHEMA `staging`.`sales` TO `analysts`;

-- grant:table:sales.`odd name-with.dots``tick`:analysts: granted directly on the source; given last, when everything else is in place
GRANT SELECT ON TABLE `staging`.`sales`.`odd name-with.dots``tick` TO `analysts`;

-- grant:table:sales.orders:`o'brien@example.com`: granted directly on the source; given last, when everything else is in place
GRANT MODIFY, SELECT ON TABLE `staging`.`sales`.`orders` TO `o'brien@example.com`;

-- grant:view:sales.v_orders:analysts: granted directly on the source; given last, when everything else is in place
GRANT SELECT ON TABLE `staging`.`sales`.`v_orders` TO `analysts`;

-- grant:function:util.with_tax:analysts: granted directly on the source; given last, when everything else is in place
GRANT EXECUTE ON FUNCTION `staging`.`util`.`with_tax` TO `analysts`;

-- grant:volume:sales.landing:etl: granted directly on the source; given last, when everything else is in place
GRANT READ VOLUME, WRITE VOLUME ON VOLUME `staging`.`sales`.`landing` TO `etl`;
