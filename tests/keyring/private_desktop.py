# SPDX-License-Identifier: Apache-2.0
"""A session bus and a gnome-keyring-daemon of their own, in a home that nobody else uses."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = os.environ["DBXAUTH_KEYRING_PROGRAM"]
PASSWORD = b"correct horse"
DEADLINE_S = 30

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type><listen>unix:path={home}/run/bus</listen><auth>EXTERNAL</auth>
  <servicedir>{home}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""

ACTIVATED = """[D-BUS Service]
Name=org.freedesktop.secrets
Exec={home}/start-keyring
"""

START_KEYRING = """#!/bin/sh
echo $$ > {home}/activated.pid
exec gnome-keyring-daemon --foreground --unlock --components=secrets < {home}/password
"""


def missing_program():
    """The first program that these tests need and that is not installed, or None."""
    for program in ("dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"):
        if shutil.which(program) is None:
            return program
    return None


def wait_for(condition, what):
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"not within {DEADLINE_S} s: {what}")


class Desktop:
    """What a user's session is to the library: a home, a runtime directory, a bus and a keyring."""

    def __init__(self):
        # Short: the path of a socket has 107 characters at most.
        self.home = Path(tempfile.mkdtemp(prefix="dbxkr"))
        for name in ("run", "services"):
            (self.home / name).mkdir(mode=0o700)
        (self.home / "password").write_bytes(PASSWORD)
        self.bus = None
        self.keyring = None
        self.programs = []

    # The environment has nothing of the caller's session: no display, no bus.
    def environment(self, **changes):
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home / "run"),
                     "G_DEBUG": "fatal-criticals",
                     # GLib is not built for ThreadSanitizer, which cannot see its locks.
                     "TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") +
                     ":ignore_noninstrumented_modules=1:die_after_fork=0"}
        variables.update({name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ})
        variables.update(changes)
        return variables

    def start_bus(self):
        config = self.home / "bus.conf"
        config.write_text(BUS_CONFIG.format(home=self.home), encoding="utf-8")
        self.bus = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
                                    env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.bus.stdout.readline().startswith(b"unix:path=")

    def start_keyring(self, unlock=True):
        arguments = ["gnome-keyring-daemon", "--foreground", "--components=secrets"] + (["--unlock"] if unlock else [])
        variables = self.environment()
        # It aborts on criticals of its own.
        del variables["G_DEBUG"]
        self.keyring = subprocess.Popen(arguments, env=variables, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        if unlock:
            self.keyring.stdin.write(PASSWORD)
        self.keyring.stdin.close()
        wait_for(lambda: self.owner(), "the Secret Service is on the bus")
        if unlock:
            wait_for(lambda: "/collection/login" in self.collections(), "the login collection is there")

    def stop_keyring(self, how=signal.SIGTERM):
        os.kill(self.keyring.pid, how)
        self.keyring.wait(DEADLINE_S)
        wait_for(lambda: not self.owner(), "the Secret Service has left the bus")

    def signal_keyring(self, number):
        os.kill(self.keyring.pid, number)

    def make_activatable(self):
        script = self.home / "start-keyring"
        script.write_text(START_KEYRING.format(home=self.home), encoding="utf-8")
        script.chmod(0o700)
        (self.home / "services" / "org.freedesktop.secrets.service").write_text(
            ACTIVATED.format(home=self.home), encoding="utf-8")
        self._send("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.ReloadConfig")

    def _send(self, destination, path, member, *arguments):
        done = subprocess.run(["dbus-send", "--session", "--print-reply=literal", "--reply-timeout=5000",
                               f"--dest={destination}", path, member, *arguments],
                              env=self.environment(DBUS_SESSION_BUS_ADDRESS=f"unix:path={self.home}/run/bus"),
                              capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        return done.stdout

    def owner(self):
        return "true" in self._send("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets")

    def collections(self):
        return self._send("org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.DBus.Properties.Get",
                          "string:org.freedesktop.Secret.Service", "string:Collections")

    def secret_tool(self, *arguments, stdin=None):
        done = subprocess.run(["secret-tool", *arguments], env=self.environment(), input=stdin, capture_output=True,
                              text=True, timeout=DEADLINE_S, check=False)
        return done.stdout + done.stderr

    def items(self, *attributes):
        """The items that an independent reader finds, each as a dictionary of what it prints."""
        found = []
        for line in self.secret_tool("search", "--all", *attributes).splitlines():
            name, separator, value = line.partition(" = ")
            if separator and not name.startswith("attribute."):
                if name == "label":
                    found.append({})
                found[-1][name] = value
        return found

    def attributes(self, *attributes):
        lines = self.secret_tool("search", "--all", *attributes).splitlines()
        return sorted(line for line in lines if line.startswith("attribute."))

    def run(self, *commands, arguments=(), environment=None):
        """The answers of one process to `commands`; it must end by itself, and well."""
        done = subprocess.run([PROGRAM, *arguments], env=environment or self.environment(),
                              input="".join(f"{command}\n" for command in commands), capture_output=True, text=True,
                              timeout=DEADLINE_S, check=False)
        assert done.returncode == 0, done
        return done.stdout.splitlines()

    def open(self, *arguments):
        program = Program(self, arguments)
        self.programs.append(program)
        return program

    def close(self):
        for program in self.programs:
            program.process.kill()
            program.process.wait()
        activated = self.home / "activated.pid"
        for process in (self.keyring, self.bus):
            if process is not None:
                process.kill()
                process.wait()
        if activated.exists():
            try:
                os.kill(int(activated.read_text(encoding="ascii")), signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.home, ignore_errors=True)


class Program:
    """A process with a keyring cache that is told what to do step by step."""

    def __init__(self, desktop, arguments):
        self.process = subprocess.Popen([PROGRAM, *arguments], env=desktop.environment(), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def answer(self):
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, command):
        self.tell(command)
        return self.answer()

    def end(self):
        """Ends the input and waits for the process; its exit status."""
        self.process.stdin.close()
        return self.process.wait(DEADLINE_S)


class Failure:
    """An answer "error <code> <milliseconds> <message>"."""

    def __init__(self, answer):
        word, self.code, elapsed_ms, self.message = answer.split(" ", 3)
        assert word == "error", answer
        self.elapsed_ms = int(elapsed_ms)
