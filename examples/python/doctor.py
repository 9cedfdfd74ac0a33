# SPDX-License-Identifier: Apache-2.0
"""What is between this program and the workspace, step by step; the first failure is usually the cause of the others."""

import sys

import dbxauth

with dbxauth.Client() as client:
    diagnosis = client.diagnose()
for step in diagnosis.steps:
    print(f"{step.verdict:8} {step.name:14} {step.elapsed_us / 1000:8.1f} ms  {step.detail}")
    if step.fix:
        print(f"         {step.fix}")
sys.exit(0 if diagnosis.healthy else 1)
