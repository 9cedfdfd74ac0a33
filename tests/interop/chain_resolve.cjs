// SPDX-License-Identifier: Apache-2.0
// Resolves this process's environment with the official JavaScript SDK and prints what came of it as JSON.
// argv: the SDK's directory, the explicit attributes as JSON. Its names of attributes are in camel case.
"use strict";
const {Config} = require(process.argv[2] + "/dist/config");

const explicit = {};
for (const [name, value] of Object.entries(JSON.parse(process.argv[3]))) {
  explicit[name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())] = value;
}

async function resolve() {
  const config = new Config(explicit);
  const headers = new Headers();
  try {
    await config.authenticate(headers);
  } catch (failure) {
    return {failure: String(failure.message), tried: config.authType ?? "", detail: `${failure.name}: ${failure.message}`};
  }
  return {outcome: config.authType, host: config.host, headers: Object.fromEntries(headers.entries()), detail: ""};
}

resolve().then(
  (result) => process.stdout.write(JSON.stringify(result)),
  (failure) => {
    console.error(failure);
    process.exitCode = 1;
  },
);
