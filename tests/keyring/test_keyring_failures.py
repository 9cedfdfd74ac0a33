# SPDX-License-Identifier: Apache-2.0
"""The keyring cache where the keyring, the service or the bus is missing, locked, stopped or killed."""

import os
import signal
import time

import pytest

from private_desktop import DEADLINE_S, Desktop, Failure, missing_program

if missing_program():
    pytest.skip(f"no program {missing_program()}: install the packages of scripts/bootstrap test",
                allow_module_level=True)

# What libsecret and GLib would wait for an answer by themselves.
THEIR_OWN_LIMIT_MS = 20000


@pytest.fixture(name="desktop")
def empty_desktop():
    desktop = Desktop()
    try:
        yield desktop
    finally:
        desktop.close()


@pytest.fixture(name="unlocked")
def unlocked_desktop(desktop):
    desktop.start_bus()
    desktop.start_keyring()
    return desktop


@pytest.fixture(name="locked")
def locked_desktop(unlocked):
    assert unlocked.run("put k stored") == ["ok"]
    unlocked.stop_keyring()
    unlocked.start_keyring(unlock=False)
    return unlocked


def with_trap(desktop, **changes):
    """An environment in which starting a bus daemon leaves a trace."""
    programs = desktop.home / "bin"
    programs.mkdir()
    trap = programs / "dbus-launch"
    trap.write_text(f"#!/bin/sh\ntouch {desktop.home}/launched\n", encoding="utf-8")
    trap.chmod(0o700)
    return desktop.environment(PATH=f"{programs}:{os.environ['PATH']}", DISPLAY=":0", **changes)


@pytest.mark.parametrize("address", [None, "", "autolaunch:", "autolaunch:;autolaunch:scope=*user"])
def test_without_a_bus_it_says_so_and_starts_none(desktop, address):
    changes = {} if address is None else {"DBUS_SESSION_BUS_ADDRESS": address}
    for command in ("get k", "put k t", "remove k", "list", "available"):
        failure = Failure(desktop.run(command, environment=with_trap(desktop, **changes))[0])
        assert failure.code == "storage_unavailable"
        assert "no D-Bus session bus" in failure.message and "DATABRICKS_AUTH_STORAGE=plaintext" in failure.message
        (desktop.home / "bin" / "dbus-launch").unlink()
        (desktop.home / "bin").rmdir()
    assert not (desktop.home / "launched").exists()


def test_a_dead_bus_address_is_named(desktop):
    environment = desktop.environment(DBUS_SESSION_BUS_ADDRESS=f"unix:path={desktop.home}/gone")
    failure = Failure(desktop.run("get k", environment=environment)[0])
    assert failure.code == "storage_unavailable" and f"{desktop.home}/gone" in failure.message


def test_a_bus_without_a_service(desktop):
    desktop.start_bus()
    failure = Failure(desktop.run("get k")[0])
    assert failure.code == "storage_unavailable" and "no Secret Service runs" in failure.message


def test_a_service_without_a_collection_is_not_given_one(desktop):
    desktop.start_bus()
    desktop.start_keyring(unlock=False)
    before = desktop.collections()
    for command in ("get k", "put k t", "available"):
        failure = Failure(desktop.run(command)[0])
        assert failure.code == "storage_unavailable" and "neither a collection" in failure.message
    assert desktop.collections() == before


def test_a_locked_keyring_answers_at_once_and_asks_nobody(locked):
    for command in ("get k", "put k t", "remove k", "list", "available"):
        failure = Failure(locked.run(command)[0])
        assert failure.code == "storage_unavailable" and "locked" in failure.message
        assert "unlock it" in failure.message
        assert failure.elapsed_ms < 3000


def test_a_locked_keyring_whose_dialog_cannot_be_shown(locked):
    failure = Failure(locked.run("get k", arguments=["--prompt", "--deadline-ms", "20000"])[0])
    assert failure.code == "storage_unavailable" and "locked" in failure.message


def test_a_stopped_service_costs_the_time_limit_once_and_the_exit_nothing(unlocked):
    assert unlocked.run("put k before") == ["ok"]
    unlocked.signal_keyring(signal.SIGSTOP)
    program = unlocked.open("--timeout-ms", "500")
    first, second = Failure(program.ask("get k")), Failure(program.ask("get k"))
    assert first.code == second.code == "timed_out"
    assert 500 <= first.elapsed_ms < THEIR_OWN_LIMIT_MS
    assert "within 500 ms" in first.message and "a moment ago" in second.message
    begin = time.monotonic()
    assert program.end() == 0
    assert (time.monotonic() - begin) * 1000 < THEIR_OWN_LIMIT_MS
    unlocked.signal_keyring(signal.SIGCONT)
    assert unlocked.run("get k") == ["ok before refresh-before 1900000000"]


@pytest.mark.parametrize("connected", [False, True])
def test_a_write_that_timed_out_is_not_applied_afterwards(unlocked, connected):
    assert unlocked.run("put k before") == ["ok"]
    program = unlocked.open("--timeout-ms", "500")
    if connected:
        assert program.ask("get k").startswith("ok before")
    unlocked.signal_keyring(signal.SIGSTOP)
    assert Failure(program.ask("put k too-late")).code == "timed_out"
    unlocked.signal_keyring(signal.SIGCONT)
    assert unlocked.run("put k newer") == ["ok"]
    assert program.end() == 0
    assert unlocked.run("get k") == ["ok newer refresh-newer 1900000000"]


def test_a_caller_with_less_time_gets_its_own_deadline(unlocked):
    unlocked.signal_keyring(signal.SIGSTOP)
    program = unlocked.open("--deadline-ms", "200")
    failure = Failure(program.ask("get k"))
    assert failure.code == "timed_out" and failure.elapsed_ms < 3000
    assert program.end() == 0


def test_a_stopped_bus(unlocked):
    program = unlocked.open("--timeout-ms", "500")
    assert program.ask("put k 1") == "ok"
    os.kill(unlocked.bus.pid, signal.SIGSTOP)
    try:
        assert Failure(program.ask("get k")).code == "timed_out"
        assert program.end() == 0
        assert Failure(unlocked.run("get k", arguments=["--timeout-ms", "500"])[0]).code == "timed_out"
    finally:
        os.kill(unlocked.bus.pid, signal.SIGCONT)
    assert unlocked.run("get k")[0].startswith("ok 1")


def test_a_service_that_was_restarted_is_found_again(unlocked):
    program = unlocked.open()
    assert program.ask("put k 1") == "ok"
    unlocked.stop_keyring(signal.SIGKILL)
    assert "no Secret Service runs" in program.ask("get k")
    unlocked.start_keyring()
    assert program.ask("get k").startswith("ok 1")
    assert program.ask("put k 2") == "ok"
    assert program.end() == 0


def test_a_service_that_is_killed_during_a_call_is_asked_once_more(unlocked):
    program = unlocked.open("--timeout-ms", "20000")
    assert program.ask("put k 1") == "ok"
    unlocked.make_activatable()
    unlocked.signal_keyring(signal.SIGSTOP)
    program.tell("get k")
    time.sleep(0.3)
    os.kill(unlocked.keyring.pid, signal.SIGKILL)
    assert program.answer().startswith("ok 1")
    assert (unlocked.home / "activated.pid").exists()
    assert program.end() == 0


def test_the_end_of_the_bus_does_not_end_the_program(unlocked):
    program = unlocked.open()
    assert program.ask("put k 1") == "ok"
    unlocked.bus.kill()
    unlocked.bus.wait(DEADLINE_S)
    assert Failure(program.ask("get k")).code == "storage_unavailable"
    os.unlink(unlocked.home / "run" / "bus")
    assert "no D-Bus session bus" in program.ask("get k")
    unlocked.keyring.wait(DEADLINE_S)
    unlocked.start_bus()
    unlocked.start_keyring()
    assert program.ask("get k").startswith("ok 1")
    assert program.end() == 0
