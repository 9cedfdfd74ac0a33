// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_VERSION_HPP
#define DBXAUTH_VERSION_HPP

/// The one place that states the version; CMake and the C ABI read it from here.
#define DBXAUTH_VERSION_MAJOR 0
#define DBXAUTH_VERSION_MINOR 1
#define DBXAUTH_VERSION_PATCH 0
#define DBXAUTH_VERSION_STRING "0.1.0"

#endif
