# SPDX-License-Identifier: Apache-2.0
"""The way to a workspace, step by step: what `dbxauth auth doctor` shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .errors import Attempt


@dataclass(frozen=True)
class DiagnosisStep:
    """One step: what was tested, what was found, and what to do about it. Holds no secret."""

    name: str
    """"configuration", "proxy", "dns", "tcp", "tls", "clock", "discovery", "token" or "identity"."""
    verdict: str
    """"passed", "warning" (it works, and something about it will hurt), "failed" or "skipped" (an earlier step failed, or
    it does not apply)."""
    elapsed_us: int
    detail: str
    fix: str
    """Empty when there is nothing to fix."""


@dataclass(frozen=True)
class Diagnosis:
    """Everything between this program and the workspace's answer to "who am I". Holds no secret."""

    healthy: bool
    """No step failed."""
    host: str
    auth_type: str
    """The strategy that supplied the credentials; empty when none did."""
    steps: list[DiagnosisStep]
    """In the order in which they were taken; all of them, always."""
    attempts: list[Attempt]
    """The credential chain's account."""
    warnings: list[str]

    @property
    def failures(self) -> list[DiagnosisStep]:
        """The steps that failed; the first one is usually the cause of the others."""
        return [step for step in self.steps if step.verdict == "failed"]


def decode_diagnosis(text: str) -> Diagnosis:
    """The diagnosis in the JSON of the library."""
    decoded: dict[str, Any] = json.loads(text)
    steps = [
        DiagnosisStep(
            name=step["name"],
            verdict=step["verdict"],
            elapsed_us=int(step["elapsed_us"]),
            detail=step.get("detail", ""),
            fix=step.get("fix", ""),
        )
        for step in decoded["steps"]
    ]
    return Diagnosis(
        healthy=decoded["status"] == "healthy",
        host=decoded.get("host", ""),
        auth_type=decoded.get("auth_type", ""),
        steps=steps,
        attempts=list(decoded.get("attempts", [])),
        warnings=list(decoded.get("warnings", [])),
    )
