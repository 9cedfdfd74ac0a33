# SPDX-License-Identifier: Apache-2.0
from emulator_fixture import emulator  # noqa: F401 - a fixture
