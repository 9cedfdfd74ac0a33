# SPDX-License-Identifier: Apache-2.0
"""Ten lines: who am I, and which catalogs are there?"""

import dbxauth

with dbxauth.Client() as client:
    print(client.describe(verify=True)["username"])
    for catalog in client.catalogs():
        print(catalog["name"])
