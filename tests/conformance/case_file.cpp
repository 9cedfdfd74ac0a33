// SPDX-License-Identifier: Apache-2.0
#include "case_file.hpp"

#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <stdexcept>

#include "base/json_reader.hpp"
#include "base/json_writer.hpp"

namespace dbxauth::conformance {

namespace {

using base::JsonKind;
using base::JsonView;

/// Reads values of one case: placeholders are replaced in every string.
class Reader {
 public:
  Reader(std::string place, Texts texts) : place_(std::move(place)), texts_(std::move(texts)) {}

  [[noreturn]] void fail(const std::string& what) const { throw std::runtime_error(place_ + ": " + what); }

  std::string text(JsonView value, const std::string& what) const {
    const auto found = value.as_string();
    if (!found) fail(what + " is not a string");
    return expand(std::string(*found));
  }

  bool boolean(JsonView value, const std::string& what) const {
    const auto found = value.as_boolean();
    if (!found) fail(what + " is not true or false");
    return *found;
  }

  /// Visits every member once and refuses the ones that `visit` does not take and repeated ones.
  void members(JsonView object, const std::string& what,
               const std::function<bool(const std::string& name, JsonView value)>& visit) const {
    if (!object.is_object()) fail(what + " is not an object");
    std::set<std::string> seen;
    object.each_member([&](std::string_view key, JsonView value) {
      const std::string name = expand(std::string(key));
      if (!seen.insert(name).second) fail(what + " has the member " + name + " twice");
      if (!visit(name, value)) fail(what + " has the unknown member " + name);
    });
  }

  Texts map(JsonView object, const std::string& what) const {
    Texts values;
    members(object, what, [&](const std::string& name, JsonView value) {
      values.emplace(name, text(value, what + "." + name));
      return true;
    });
    return values;
  }

  /// One string, or several.
  std::vector<std::string> list(JsonView value, const std::string& what) const {
    std::vector<std::string> items;
    if (value.is_string()) items.push_back(text(value, what));
    if (value.is_string()) return items;
    if (!value.is_array()) fail(what + " is neither a string nor a list");
    value.each_element([&](JsonView item) { items.push_back(text(item, what)); });
    return items;
  }

  /// Text, a list of lines, bytes in hexadecimal, or a directory.
  CaseFile file(JsonView value, const std::string& what) const {
    CaseFile file;
    if (value.is_array()) {
      for (const std::string& line : list(value, what)) file.contents += line + "\n";
    } else if (value.is_object()) {
      members(value, what, [&](const std::string& name, JsonView member) {
        if (name == "hex") file.contents = bytes(text(member, what));
        if (name == "directory") file.directory = boolean(member, what);
        if (name == "json") file.contents = json(member);
        return name == "hex" || name == "directory" || name == "json";
      });
    } else {
      file.contents = text(value, what);
    }
    return file;
  }

  std::map<std::string, CaseFile> files(JsonView object, const std::string& what) const {
    std::map<std::string, CaseFile> all;
    members(object, what, [&](const std::string& name, JsonView value) {
      all.emplace(name, file(value, what + "." + name));
      return true;
    });
    return all;
  }

  /// The JSON text of a value, its strings expanded.
  std::string json(JsonView value) const {
    base::JsonWriter writer;
    write(writer, value);
    return writer.take();
  }

  std::string expand(std::string input) const {
    for (auto open = input.find("{{"); open != std::string::npos; open = input.find("{{", open)) {
      const auto close = input.find("}}", open);
      if (close == std::string::npos) fail("a placeholder is not closed: " + input);
      const std::string name = input.substr(open + 2, close - open - 2);
      const auto found = texts_.find(name);
      if (found == texts_.end()) fail("there is no placeholder " + name);
      input.replace(open, close + 2 - open, found->second);
      open += found->second.size();
    }
    return input;
  }

 private:
  void write(base::JsonWriter& writer, JsonView value) const {
    switch (value.kind()) {
      case JsonKind::object:
        writer.begin_object();
        value.each_member([&](std::string_view key, JsonView member) {
          writer.key(expand(std::string(key)));
          write(writer, member);
        });
        writer.end_object();
        break;
      case JsonKind::array:
        writer.begin_array();
        value.each_element([&](JsonView item) { write(writer, item); });
        writer.end_array();
        break;
      case JsonKind::string:
        writer.string(expand(std::string(value.string_or())));
        break;
      case JsonKind::boolean:
        writer.boolean(value.boolean_or(false));
        break;
      case JsonKind::integer:
        writer.integer(value.integer_or(0));
        break;
      case JsonKind::number:
        writer.number(value.as_number().value_or(0));
        break;
      case JsonKind::null:
      case JsonKind::missing:
        writer.null();
        break;
    }
  }

  std::string bytes(const std::string& hex) const {
    if (hex.size() % 2 != 0 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) fail("bad hexadecimal");
    std::string data;
    for (std::size_t at = 0; at < hex.size(); at += 2) {
      data.push_back(static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16)));
    }
    return data;
  }

  const std::string place_;
  const Texts texts_;
};

net::HttpMethod method_named(const Reader& reader, const std::string& name) {
  for (const net::HttpMethod method : {net::HttpMethod::get, net::HttpMethod::head, net::HttpMethod::post}) {
    if (net::to_string(method) == name) return method;
  }
  reader.fail("unknown method " + name);
}

Stub read_stub(const Reader& reader, JsonView object) {
  Stub stub;
  reader.members(object, "a stub", [&](const std::string& name, JsonView value) {
    if (name == "method") stub.method = method_named(reader, reader.text(value, name));
    if (name == "url") stub.url = reader.text(value, name);
    if (name == "query") stub.query = reader.map(value, name);
    if (name == "form") stub.form = reader.map(value, name);
    if (name == "request_headers") stub.headers = reader.map(value, name);
    if (name == "status") stub.status = static_cast<int>(value.integer_or(0));
    if (name == "headers") stub.answer_headers = reader.map(value, name);
    if (name == "body") stub.body = value.is_string() ? reader.text(value, name) : reader.json(value);
    if (name == "refused") stub.refused = reader.boolean(value, name);
    static const std::set<std::string> known{"method", "url",     "query", "form",   "request_headers",
                                             "status", "headers", "body",  "refused"};
    return known.count(name) != 0;
  });
  if (stub.url.empty()) reader.fail("a stub has no url");
  if (stub.status < 100 || stub.status > 599) reader.fail("the stub of " + stub.url + " has a bad status");
  return stub;
}

std::vector<Stub> read_stubs(const Reader& reader, JsonView array) {
  if (!array.is_array()) reader.fail("stubs are not a list");
  std::vector<Stub> stubs;
  array.each_element([&](JsonView stub) { stubs.push_back(read_stub(reader, stub)); });
  return stubs;
}

std::vector<ExpectedAttribute> read_attributes(const Reader& reader, JsonView object) {
  std::vector<ExpectedAttribute> attributes;
  reader.members(object, "attributes", [&](const std::string& attribute, JsonView value) {
    ExpectedAttribute expected;
    expected.name = attribute;
    if (value.kind() == JsonKind::null) {
      attributes.push_back(std::move(expected));
      return true;
    }
    reader.members(value, attribute, [&](const std::string& name, JsonView member) {
      if (name == "value") expected.value = reader.text(member, name);
      if (name == "place") expected.place = reader.text(member, name);
      if (name == "layer") expected.layer = reader.text(member, name);
      return name == "value" || name == "place" || name == "layer";
    });
    attributes.push_back(std::move(expected));
    return true;
  });
  return attributes;
}

Expectation read_expectation(const Reader& reader, JsonView object) {
  Expectation expected;
  reader.members(object, "an expectation", [&](const std::string& name, JsonView value) {
    if (name == "auth_type") expected.auth_type = reader.text(value, name);
    if (name == "layer") expected.layer = reader.text(value, name);
    if (name == "host") expected.host = reader.text(value, name);
    if (name == "workspace_id") expected.workspace_id = reader.text(value, name);
    if (name == "account_id") expected.account_id = reader.text(value, name);
    if (name == "headers") expected.headers = reader.map(value, name);
    if (name == "error") expected.error = reader.text(value, name);
    if (name == "message") expected.message = reader.list(value, name);
    if (name == "requests" && value.is_array()) expected.requests = reader.list(value, name);
    if (name == "requests" && !value.is_array()) {
      const auto count = value.as_integer();
      if (!count || *count < 0) reader.fail("requests is neither a number nor a list");
      expected.request_count = static_cast<std::size_t>(*count);
    }
    if (name == "attempts") expected.attempts = reader.map(value, name);
    if (name == "reasons") expected.reasons = reader.list(value, name);
    if (name == "warnings") expected.warnings = reader.list(value, name);
    if (name == "attributes") expected.attributes = read_attributes(reader, value);
    static const std::set<std::string> known{"auth_type", "layer",    "host",      "workspace_id", "account_id",
                                             "headers",   "error",    "message",   "requests",     "attempts",
                                             "reasons",   "warnings", "attributes"};
    return known.count(name) != 0;
  });
  if (expected.error && (expected.auth_type || expected.headers)) {
    reader.fail("an expectation has both an error and credentials");
  }
  if (!expected.message.empty() && !expected.error) reader.fail("an expectation has a message and no error");
  return expected;
}

std::vector<std::pair<ChainRules, Expectation>> read_expectations(const Reader& reader, JsonView object) {
  std::vector<std::pair<ChainRules, Expectation>> all;
  reader.members(object, "expect", [&](const std::string& name, JsonView value) {
    const Expectation expected = read_expectation(reader, value);
    // "layered+clone-xs" stands for both, "all" for the three.
    const std::string names = "+" + name + "+";
    bool any = false;
    for (const ChainRules rules : {ChainRules::layered, ChainRules::clone_xs, ChainRules::databricks_sdk}) {
      const std::string own = "+" + std::string(to_string(rules)) + "+";
      if (name != "all" && names.find(own) == std::string::npos) continue;
      for (const auto& other : all) {
        if (other.first == rules) reader.fail("expect has " + own + " twice");
      }
      all.emplace_back(rules, expected);
      any = true;
    }
    return any;
  });
  if (all.empty()) reader.fail("nothing is expected");
  return all;
}

std::pair<std::string, std::string> read_notebook(const Reader& reader, JsonView object) {
  const Texts values = reader.map(object, "notebook");
  if (values.size() != 2 || values.count("host") == 0 || values.count("token") == 0) {
    reader.fail("notebook needs host and token");
  }
  return {values.at("host"), values.at("token")};
}

/// `differs` and `deviation` are for people, and for scripts/sdk-differences.
bool is_remark(const Reader& reader, const std::string& name, JsonView value) {
  if (name == "deviation") return !reader.text(value, name).empty();
  if (name != "differs") return false;
  for (const auto& [sdk, difference] : reader.map(value, name)) {
    if (sdk != "go" && sdk != "python" && sdk != "java") reader.fail("differs has the unknown SDK " + sdk);
    if (difference.empty()) reader.fail("differs." + sdk + " is empty");
  }
  return true;
}

Case read_case(const Reader& reader, JsonView object, const std::map<std::string, std::vector<Stub>>& shared) {
  Case made;
  reader.members(object, "a case", [&](const std::string& name, JsonView value) {
    if (name == "name") made.name = reader.text(value, name);
    if (name == "source") made.source = reader.text(value, name);
    if (name == "variables") made.variables = reader.map(value, name);
    if (name == "files") made.files = reader.files(value, name);
    if (name == "options") made.options = reader.map(value, name);
    if (name == "profile") made.profile = reader.text(value, name);
    if (name == "config_file") made.config_file = reader.text(value, name);
    if (name == "dotenv") made.dotenv = reader.boolean(value, name);
    if (name == "programs") made.programs = reader.files(value, name);
    if (name == "notebook") made.notebook = read_notebook(reader, value);
    if (name == "offline") made.offline = reader.boolean(value, name);
    if (name == "http") {
      const std::vector<Stub> own = read_stubs(reader, value);
      made.stubs.insert(made.stubs.begin(), own.begin(), own.end());
    }
    if (name == "stubs") {
      for (const std::string& group : reader.list(value, name)) {
        const auto found = shared.find(group);
        if (found == shared.end()) reader.fail("there are no shared stubs " + group);
        made.stubs.insert(made.stubs.end(), found->second.begin(), found->second.end());
      }
    }
    if (name == "expect") made.expectations = read_expectations(reader, value);
    static const std::set<std::string> known{"name",     "source",  "for",         "variables", "files",
                                             "options",  "profile", "config_file", "dotenv",    "programs",
                                             "notebook", "offline", "http",        "stubs",     "expect"};
    return known.count(name) != 0 || is_remark(reader, name, value);
  });
  if (made.name.empty() || made.source.empty()) reader.fail("a case has no name or no source");
  if (made.expectations.empty()) reader.fail("nothing is expected");
  return made;
}

base::JsonDocument parse(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) throw std::runtime_error("cannot read " + path);
  auto document = base::JsonDocument::parse(text, path);
  if (!document) throw std::runtime_error(path + ": " + document.error().message);
  return std::move(*document);
}

}  // namespace

std::vector<Case> read_cases(const std::string& path, const std::string& shared_file, const Texts& texts) {
  const base::JsonDocument shared_document = parse(shared_file);
  Texts known = texts;
  const Reader plain(shared_file, texts);
  plain.members(shared_document.root(), "the file", [](const std::string& name, JsonView) {
    return name == "$comment" || name == "texts" || name == "stubs";
  });
  for (const auto& [name, value] : plain.map(shared_document["texts"], "texts")) known.emplace(name, value);
  std::map<std::string, std::vector<Stub>> shared;
  const Reader stub_reader(shared_file, known);
  stub_reader.members(shared_document["stubs"], "stubs", [&](const std::string& name, JsonView value) {
    shared.emplace(name, read_stubs(stub_reader, value));
    return true;
  });

  const base::JsonDocument document = parse(path);
  const Reader top(path, known);
  std::vector<Case> cases;
  top.members(document.root(), "the file", [&](const std::string& name, JsonView value) {
    if (name != "cases") return name == "$comment";
    value.each_element([&](JsonView object) {
      const std::string place = path + ": " + std::string(object["name"].string_or("a case without a name"));
      known["case"] = std::to_string(cases.size());
      const JsonView rows = object["for"];
      if (rows.is_missing()) {
        cases.push_back(read_case(Reader(place, known), object, shared));
        return;
      }
      if (!rows.is_array() || rows.size() == 0) top.fail("for is not a list of rows");
      rows.each_element([&](JsonView row) {
        Texts with_row = known;
        for (const auto& [key, text] : Reader(place, known).map(row, "for")) with_row.insert_or_assign(key, text);
        cases.push_back(read_case(Reader(place, with_row), object, shared));
      });
    });
    return true;
  });
  return cases;
}

}  // namespace dbxauth::conformance
