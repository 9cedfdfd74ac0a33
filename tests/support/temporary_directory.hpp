// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dbxauth::testing {

/// A fresh directory of mode 0700 below the system's temporary directory, removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dbxauth-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed for " + pattern);
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const noexcept { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Writes a file below the directory, creating its parents. Returns its path.
  std::string write(std::string_view name, std::string_view contents, unsigned mode = 0600) const {
    const std::string file = *this / name;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    {
      std::ofstream out(file, std::ios::binary | std::ios::trunc);
      out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
      if (!out) throw std::runtime_error("cannot write " + file);
    }
    if (::chmod(file.c_str(), mode) != 0) throw std::runtime_error("cannot chmod " + file);
    return file;
  }

  std::string read(std::string_view name) const {
    std::ifstream in(*this / name, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + (*this / name));
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  bool exists(std::string_view name) const { return std::filesystem::exists(*this / name); }

 private:
  std::string path_;
};

}  // namespace dbxauth::testing
