# SPDX-License-Identifier: Apache-2.0
"""The keyring cache on a real gnome-keyring-daemon, beside an independent reader and writer (secret-tool)."""

import json

import pytest

from private_desktop import Desktop, Failure, missing_program

if missing_program():
    pytest.skip(f"no program {missing_program()}: install the packages of scripts/bootstrap test",
                allow_module_level=True)


@pytest.fixture(name="desktop")
def unlocked_desktop():
    desktop = Desktop()
    try:
        desktop.start_bus()
        desktop.start_keyring()
        yield desktop
    finally:
        desktop.close()


def of_key(key):
    return ("service", "databricks-cli", "username", key)


def test_a_token_comes_back_in_another_process(desktop):
    assert Failure(desktop.run("get k")[0]).code == "not_found"
    assert desktop.run("put k access-1", "get k", "list") == ["ok", "ok access-1 refresh-access-1 1900000000", "ok k"]
    assert desktop.run("get k") == ["ok access-1 refresh-access-1 1900000000"]


def test_another_reader_sees_one_item_of_the_official_shape(desktop):
    assert desktop.run("put my-prof first", "put my-prof second") == ["ok", "ok"]
    items = desktop.items(*of_key("my-prof"))
    assert len(items) == 1
    assert items[0]["label"] == "Password for 'my-prof' on 'databricks-cli'"
    assert desktop.attributes(*of_key("my-prof")) == ["attribute.service = databricks-cli",
                                                      "attribute.username = my-prof"]
    secret = desktop.secret_tool("lookup", *of_key("my-prof"))
    assert secret == ('{"token":{"access_token":"second","token_type":"Bearer","refresh_token":"refresh-second",'
                      '"expiry":"2030-03-17T17:46:40Z","expires_in":3600}}')


def test_items_of_others_are_read_replaced_in_place_and_keep_what_we_do_not_know(desktop):
    payload = {"token": {"access_token": "theirs", "token_type": "Bearer", "refresh_token": "r",
                         "expiry": "2030-01-01T01:00:00.5+01:00", "id": [1]}, "later": {"a": 1}}
    desktop.secret_tool("store", "--label=x", *of_key("k"), stdin=json.dumps(payload))
    assert desktop.run("get k", "put k ours") == ["ok theirs r 1893456000", "ok"]
    assert len(desktop.items(*of_key("k"))) == 1
    stored = json.loads(desktop.secret_tool("lookup", *of_key("k")))
    assert stored["token"]["access_token"] == "ours"
    assert stored["token"]["id"] == [1] and stored["later"] == {"a": 1}


@pytest.mark.parametrize("payload", ["", "eyJhbGciOiJ.not.json", "[]", '{"token":null}', '{"token":{}}',
                                     '{"token":{"access_token":"planted-secret","expiry":"soon"}}', "\x01\x02"])
def test_garbage_is_never_taken_for_a_token_and_can_be_replaced(desktop, payload):
    desktop.secret_tool("store", "--label=x", *of_key("k"), stdin=payload)
    failure = Failure(desktop.run("get k")[0])
    assert failure.code == "protocol" and "'k'" in failure.message and "planted-secret" not in failure.message
    assert desktop.run("put k good", "get k") == ["ok", "ok good refresh-good 1900000000"]


def test_remove_takes_away_and_is_content_with_nothing(desktop):
    assert desktop.run("put a 1", "put b 2", "remove a", "remove a", "list") == ["ok", "ok", "ok", "ok", "ok b"]
    assert desktop.items(*of_key("a")) == []


def test_the_availability_probe_leaves_nothing_behind(desktop):
    assert desktop.run("available", "list") == ["ok", "ok"]
    assert desktop.items("service", "dbxauth-probe") == []


def test_a_token_that_does_not_fit_into_an_item_is_cut_and_its_parts_go_with_it(desktop):
    chunks = ("service", "dbxauth-chunk")
    assert desktop.run("size 60000 k") == ["ok"] and desktop.items(*chunks) == []
    assert desktop.run("size 200000 k") == ["ok"] and len(desktop.items(*chunks)) == 7
    assert desktop.run("get k", "list")[0].startswith("ok 200000 bytes")
    assert len(desktop.items(*of_key("k"))) == 1
    assert desktop.run("size 100000 k", "get k")[1].startswith("ok 100000 bytes")
    assert len(desktop.items(*chunks)) == 4
    assert desktop.run("put k small", "get k")[1].startswith("ok small")
    assert desktop.items(*chunks) == []
    assert desktop.run("size 200000 k", "remove k", "list") == ["ok", "ok", "ok"]
    assert desktop.items(*chunks) == []


def test_many_threads_and_several_keys(desktop):
    assert desktop.run("put k,other 1", "threads 32 k", "list") == ["ok", "ok 32", "ok k other"]


def test_a_forked_child_answers_at_once(desktop):
    program = desktop.open()
    assert program.ask("fork").startswith("ok child said: error not_found")
    assert program.ask("put k 1") == "ok"
    answer = program.ask("fork")
    assert "storage_unavailable" in answer and "forked" in answer
    assert program.ask("get k").startswith("ok 1")
    assert program.end() == 0
