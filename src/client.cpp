// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/client.hpp"
