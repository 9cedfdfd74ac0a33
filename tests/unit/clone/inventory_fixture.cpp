// SPDX-License-Identifier: Apache-2.0
#include "unit/clone/inventory_fixture.hpp"

#include <fstream>
#include <sstream>

namespace dbxauth::testing {

std::string read_golden(const std::string& file) {
  std::ifstream stream(DBXAUTH_GOLDEN_DIRECTORY "/" + file, std::ios::binary);
  if (!stream) throw std::runtime_error("no golden file " + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write_golden(const std::string& file, const std::string& text) {
  std::ofstream stream(DBXAUTH_GOLDEN_DIRECTORY "/" + file, std::ios::binary | std::ios::trunc);
  stream << text;
  if (!stream) throw std::runtime_error("cannot write golden file " + file);
}

}  // namespace dbxauth::testing
