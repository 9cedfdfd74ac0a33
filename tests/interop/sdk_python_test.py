# SPDX-License-Identifier: Apache-2.0
"""The official Databricks SDK for Python against dbxauth-emulator.

DBXAUTH_EMULATOR holds the emulator's ready line (JSON). DBXAUTH_PROGRAM, when set, is the dbxauth tool: a clone that it
makes is read back through the SDK.
"""

import json
import os
import subprocess
import unittest

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, NotFound, PermissionDenied, Unauthenticated
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType
from databricks.sdk.service.sql import (
    Disposition,
    Format,
    StatementParameterListItem,
    StatementState,
)

READY = json.loads(os.environ["DBXAUTH_EMULATOR"])
ADMIN = "alice@example.com"

# The SDK must take what this test says and nothing from the machine it runs on.
for name in list(os.environ):
    if name.startswith(("DATABRICKS_", "ARM_", "AZURE_", "GOOGLE_")):
        del os.environ[name]
os.environ["DATABRICKS_CONFIG_FILE"] = os.devnull


def with_token(token: str = READY["token"]) -> WorkspaceClient:
    return WorkspaceClient(host=READY["url"], token=token, auth_type="pat")


def with_service_principal() -> WorkspaceClient:
    return WorkspaceClient(
        host=READY["url"],
        client_id=READY["client_id"],
        client_secret=READY["client_secret"],
        auth_type="oauth-m2m",
    )


class Authentication(unittest.TestCase):
    def test_personal_access_token(self):
        me = with_token().current_user.me()
        self.assertEqual(me.user_name, ADMIN)
        self.assertTrue(me.active)
        self.assertEqual(me.emails[0].value, ADMIN)

    def test_every_seeded_user(self):
        self.assertGreaterEqual(len(READY["users"]), 3)
        for name, token in READY["users"].items():
            self.assertEqual(with_token(token).current_user.me().user_name, name)

    def test_oauth_service_principal(self):
        client = with_service_principal()
        self.assertEqual(client.current_user.me().user_name, READY["client_id"])
        self.assertTrue(client.config.authenticate()["Authorization"].startswith("Bearer ey"))

    def test_workspace_id(self):
        self.assertEqual(str(with_token().get_workspace_id()), READY["workspace_id"])

    def test_unknown_token(self):
        with self.assertRaises(Unauthenticated):
            with_token("dapi" + "0" * 32).current_user.me()

    def test_wrong_client_secret(self):
        with self.assertRaisesRegex(ValueError, "invalid_client"):
            WorkspaceClient(
                host=READY["url"],
                client_id=READY["client_id"],
                client_secret="wrong",
                auth_type="oauth-m2m",
            ).current_user.me()

    def test_token_lifecycle(self):
        client = with_token()
        made = client.tokens.create(comment="interop", lifetime_seconds=600)
        self.assertTrue(made.token_value.startswith("dapi"))
        listed = {info.token_id: info for info in client.tokens.list()}
        self.assertEqual(listed[made.token_info.token_id].comment, "interop")
        self.assertEqual(with_token(made.token_value).current_user.me().user_name, ADMIN)
        client.tokens.delete(made.token_info.token_id)
        with self.assertRaises(Unauthenticated):
            with_token(made.token_value).current_user.me()
        with self.assertRaises(NotFound):
            client.tokens.delete(made.token_info.token_id)


class UnityCatalog(unittest.TestCase):
    def setUp(self):
        self.client = with_token()

    def test_lists(self):
        self.assertIn("production", [catalog.name for catalog in self.client.catalogs.list()])
        self.assertIn("reference", [schema.name for schema in self.client.schemas.list("production")])
        reference = {table.name for table in self.client.tables.list("production", "reference")}
        self.assertLessEqual({"nation", "region", "part", "partsupp", "supplier"}, reference)
        sales = {table.name for table in self.client.tables.list("production", "sales")}
        self.assertLessEqual({"customer", "orders", "lineitem"}, sales)
        nation = self.client.tables.get("production.reference.nation")
        self.assertEqual(nation.columns[0].name, "n_nationkey")
        self.assertEqual(nation.full_name, "production.reference.nation")
        self.assertTrue(self.client.tables.exists("production.reference.nation").table_exists)
        summaries = {table.full_name for table in self.client.tables.list_summaries("production")}
        self.assertIn("production.reference.nation", summaries)

    def test_not_found(self):
        with self.assertRaises(NotFound):
            self.client.tables.get("production.reference.no_such_table")

    def test_write_grant_delete(self):
        made = self.client.catalogs.create(name="interop_catalog", comment="from Python", properties={"a": "b"})
        self.addCleanup(lambda: self.client.catalogs.delete("interop_catalog", force=True))
        self.assertEqual(made.comment, "from Python")
        self.assertEqual(made.properties, {"a": "b"})
        self.assertEqual(self.client.schemas.create("raw", "interop_catalog").full_name, "interop_catalog.raw")
        volume = self.client.volumes.create("interop_catalog", "raw", "files", VolumeType.MANAGED)
        self.assertEqual(self.client.volumes.read("interop_catalog.raw.files").volume_id, volume.volume_id)
        self.assertEqual(
            self.client.schemas.update("interop_catalog.raw", comment="changed").comment, "changed"
        )

        carol = with_token(READY["users"]["carol@example.com"])
        with self.assertRaises(DatabricksError):
            carol.schemas.create("mine", "interop_catalog")
        change = PermissionsChange(
            principal="carol@example.com", add=[Privilege.USE_CATALOG, Privilege.CREATE_SCHEMA]
        )
        self.client.grants.update("catalog", "interop_catalog", changes=[change])
        granted = self.client.grants.get("catalog", "interop_catalog").privilege_assignments
        mine = [item for item in granted if item.principal == "carol@example.com"]
        self.assertEqual(set(mine[0].privileges), {Privilege.USE_CATALOG, Privilege.CREATE_SCHEMA})
        self.assertEqual(carol.schemas.create("mine", "interop_catalog").owner, "carol@example.com")
        with self.assertRaises(PermissionDenied):
            carol.catalogs.create(name="not_allowed")

    def test_metastore(self):
        summary = self.client.metastores.summary()
        self.assertEqual(self.client.metastores.current().metastore_id, summary.metastore_id)


class Sql(unittest.TestCase):
    def setUp(self):
        self.client = with_service_principal()

    def run_sql(self, statement, **options):
        return self.client.statement_execution.execute_statement(
            statement=statement, warehouse_id=READY["warehouse_id"], **options
        )

    def test_warehouses(self):
        warehouses = {warehouse.id: warehouse for warehouse in self.client.warehouses.list()}
        self.assertEqual(warehouses[READY["warehouse_id"]].state.value, "RUNNING")
        self.assertIn(READY["stopped_warehouse_id"], warehouses)
        self.client.warehouses.stop(READY["stopped_warehouse_id"])
        started = self.client.warehouses.start(READY["stopped_warehouse_id"]).result()
        self.assertEqual(started.state.value, "RUNNING")

    def test_select(self):
        answer = self.run_sql(
            "SELECT n_nationkey, n_name FROM production.reference.nation WHERE n_name = :name",
            parameters=[StatementParameterListItem(name="name", value="GERMANY")],
        )
        self.assertEqual(answer.status.state, StatementState.SUCCEEDED)
        self.assertEqual([column.name for column in answer.manifest.schema.columns], ["n_nationkey", "n_name"])
        self.assertEqual(answer.result.data_array, [["7", "GERMANY"]])

    def test_poll(self):
        answer = self.run_sql("SELECT count(*) FROM production.reference.region", wait_timeout="0s")
        while answer.status.state in (StatementState.PENDING, StatementState.RUNNING):
            answer = self.client.statement_execution.get_statement(answer.statement_id)
        self.assertEqual(answer.result.data_array, [["5"]])

    def test_external_links(self):
        answer = self.run_sql(
            "SELECT n_name FROM production.reference.nation",
            disposition=Disposition.EXTERNAL_LINKS,
            format=Format.CSV,
        )
        self.assertEqual(answer.status.state, StatementState.SUCCEEDED)
        link = answer.result.external_links[0]
        self.assertEqual(link.row_count, 25)
        self.assertTrue(link.external_link.startswith(READY["url"]))

    def test_failure(self):
        answer = self.run_sql("SELECT * FROM production.reference.no_such_table")
        self.assertEqual(answer.status.state, StatementState.FAILED)
        self.assertIn("TABLE_OR_VIEW_NOT_FOUND", answer.status.error.message)


@unittest.skipUnless("DBXAUTH_PROGRAM" in os.environ, "SKIPPED: DBXAUTH_PROGRAM does not name the dbxauth tool")
class Clone(unittest.TestCase):
    def test_clone_is_read_back(self):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "DATABRICKS_CONFIG_FILE": os.devnull,
            "DATABRICKS_HOST": READY["url"],
            "DATABRICKS_CLIENT_ID": READY["client_id"],
            "DATABRICKS_CLIENT_SECRET": READY["client_secret"],
        }
        command = [os.environ["DBXAUTH_PROGRAM"], "clone", "run", "--source", "production", "--dest", "interop_clone"]
        command += ["--warehouse-id", READY["warehouse_id"], "--yes"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # The service principal owns the clone; a metastore admin manages it and may not read its data.
        client = with_service_principal()
        self.addCleanup(lambda: client.catalogs.delete("interop_clone", force=True))
        source = {table.name for table in client.tables.list("production", "reference")}
        self.assertEqual({table.name for table in client.tables.list("interop_clone", "reference")}, source)
        self.assertEqual(self.rows(client, "interop_clone"), self.rows(client, "production"))

    def rows(self, client, catalog):
        answer = client.statement_execution.execute_statement(
            statement=f"SELECT * FROM {catalog}.reference.nation ORDER BY n_nationkey", warehouse_id=READY["warehouse_id"]
        )
        self.assertEqual(answer.status.state, StatementState.SUCCEEDED, answer.status.error)
        self.assertEqual(len(answer.result.data_array), 25)
        return answer.result.data_array


if __name__ == "__main__":
    unittest.main(verbosity=2)
