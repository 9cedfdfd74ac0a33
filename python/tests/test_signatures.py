# SPDX-License-Identifier: Apache-2.0
"""The ctypes declarations against the header and the built library."""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
from pathlib import Path

from emulator_fixture import tool

from dbxauth._signatures import SIGNATURES, STRUCTS

HEADER = (Path(__file__).resolve().parents[2] / "capi" / "dbxauth.h").read_text(encoding="utf-8")

C_TYPES = {
    "dbxauth_status": ctypes.c_int32,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "size_t": ctypes.c_size_t,
    "void": None,
}


def declarations() -> dict[str, tuple[str, list[str]]]:
    text = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S)
    found = {}
    for result, name, arguments in re.findall(r"DBXAUTH_API\s+([\w\s]+?\**)\s*\b(dbxauth_\w+)\(([^;]*)\);", text):
        parts = [] if arguments.strip() == "void" else [part.strip() for part in arguments.split(",")]
        found[name] = (" ".join(result.split()), parts)
    return found


def test_every_function_is_declared() -> None:
    assert set(declarations()) == set(SIGNATURES)


def test_argument_counts_and_scalar_types_agree() -> None:
    for name, (result, arguments) in declarations().items():
        restype, argtypes = SIGNATURES[name]
        assert len(arguments) == len(argtypes), name
        if "*" not in result:
            assert restype == C_TYPES[result], name
        else:
            assert restype in (ctypes.c_char_p, ctypes.c_void_p), name
        for argument, declared in zip(arguments, argtypes):
            if "*" in argument or "_fn" in argument:
                assert declared not in C_TYPES.values(), (name, argument)
            else:
                assert declared == C_TYPES[argument.split()[0]], (name, argument)


def test_struct_layouts_agree() -> None:
    layout = json.loads(subprocess.run([tool("DBXAUTH_CAPI_LAYOUT")], check=True, capture_output=True, text=True).stdout)
    assert set(layout) == set(STRUCTS)
    for name, struct in STRUCTS.items():
        assert ctypes.sizeof(struct) == layout[name]["size"], name
        offsets = {field[0]: getattr(struct, field[0]).offset for field in struct._fields_}
        assert offsets == layout[name]["fields"], name
