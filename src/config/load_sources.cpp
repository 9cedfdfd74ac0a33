// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.hpp"
#include "base/text.hpp"
#include "config/config_attributes.hpp"
#include "config/config_sources.hpp"
#include "config/dotenv.hpp"
#include "config/profile_file.hpp"
#include "config/saved_session.hpp"
#include "config/variable_layer.hpp"
#include "platform/clock.hpp"
#include "platform/files.hpp"

namespace dbxauth::config {
namespace {

constexpr std::size_t kLargestDotenvFile = 1u << 20;
constexpr std::size_t kMostProfilesListed = 20;

struct ProfileChoice {
  std::string name;
  std::string chosen_by;  ///< For messages: "option profile", "DATABRICKS_CONFIG_PROFILE".
  bool by_program = false;
  bool by_name = false;  ///< False for the DEFAULT that nobody asked for.
};

std::string names_of(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  std::vector<std::string> shown(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostProfilesListed)));
  std::string text = base::join(shown, ", ");
  if (names.size() > shown.size()) text += fmt::format(" and {} more", names.size() - shown.size());
  return text;
}

bool states_credential(const AttributeLayer& layer) {
  return std::any_of(layer.values.begin(), layer.values.end(), [](const auto& value) {
    const ConfigAttribute* attribute = find_config_attribute(value.first);
    return attribute && !attribute->group.empty();
  });
}

class SourceLoader {
 public:
  explicit SourceLoader(const SourceOptions& options) : options_(options) {}

  Result<ConfigSources> load() {
    sources_.environment = options_.environment;
    home_ = options_.environment.home_directory();
    if (Result<void> step = choose_rules(); !step) return std::move(step).error();
    if (Result<void> step = read_explicit(); !step) return std::move(step).error();
    environment_ = read_environment(options_.environment, sources_.rules, sources_.warnings);
    // The official SDKs know neither `.env` nor saved sessions.
    const bool sdk = sources_.rules == ChainRules::databricks_sdk;
    if (options_.load_dotenv && !sdk) {
      if (Result<void> step = load_dotenv_file(); !step) return std::move(step).error();
    }
    if (Result<void> step = load_profile(); !step) return std::move(step).error();
    if (!sdk) load_session();
    arrange_layers();
    return std::move(sources_);
  }

 private:
  Result<void> choose_rules() {
    if (options_.rules) {
      sources_.rules = *options_.rules;
      return {};
    }
    const std::optional<std::string> name = options_.environment.get("DBXAUTH_CHAIN");
    if (!name || base::trim(*name).empty()) return {};
    Result<ChainRules> rules = parse_chain_rules(*name);
    if (!rules) return Error(rules.error().code, fmt::format("DBXAUTH_CHAIN: {}", rules.error().message));
    sources_.rules = *rules;
    return {};
  }

  Result<void> read_explicit() {
    explicit_.layer = Layer::explicit_option;
    explicit_.label = "explicit options";
    if (!options_.attributes) return {};
    for (const auto& [name, value] : *options_.attributes) {
      const ConfigAttribute* attribute = find_config_attribute(name);
      if (!attribute) return unknown_attribute(name);
      if (value.empty()) continue;
      // An alias never displaces the proper name.
      if (name != attribute->name && explicit_.find(attribute->name)) continue;
      AttributeValue stated;
      stated.value = value.clone();
      stated.provenance = {Layer::explicit_option, place_of_option(name)};
      explicit_.values.insert_or_assign(std::string(attribute->name), std::move(stated));
    }
    return {};
  }

  std::string place_of_option(const std::string& name) const {
    if (options_.attribute_places) {
      const auto place = options_.attribute_places->find(name);
      if (place != options_.attribute_places->end() && !place->second.empty()) return place->second;
    }
    return name;
  }

  static Error unknown_attribute(const std::string& name) {
    const std::vector<std::string> similar = similar_attribute_names(name);
    return {ErrorCode::invalid_argument,
            fmt::format("there is no configuration attribute named '{}'; {}", name,
                        similar.empty()
                            ? std::string("the names are those of .databrickscfg, such as host, token, client_id")
                            : fmt::format("did you mean {}?", base::join(similar, ", ")))};
  }

  Result<void> load_dotenv_file() {
    const bool named = !options_.dotenv_file.empty();
    const std::string path = named ? platform::expand_home(options_.dotenv_file, home_) : std::string(".env");
    Result<SecretString> text = platform::read_file(path, kLargestDotenvFile);
    if (!text) {
      const bool missing = text.error().code == ErrorCode::not_found;
      if (named)
        return Error(ErrorCode::configuration, fmt::format("the .env file cannot be read: {}", text.error().message));
      if (!missing) sources_.warnings.push_back(fmt::format("the .env file was ignored: {}", text.error().message));
      return {};
    }
    DotenvDocument document = parse_dotenv(text->reveal(), path);
    std::move(document.warnings.begin(), document.warnings.end(), std::back_inserter(sources_.warnings));
    dotenv_ = read_dotenv(document, path, sources_.rules, sources_.warnings);
    return {};
  }

  // The layers in which a program or the environment names the profile file.
  void choose_config_file() {
    std::string path = options_.config_file;
    if (path.empty()) path = std::string(explicit_.text("config_file"));
    if (path.empty()) path = std::string(environment_.text("config_file"));
    config_file_named_ = !path.empty();
    if (config_file_named_) {
      sources_.config_file = platform::expand_home(path, home_);
    } else if (!home_.empty()) {
      sources_.config_file = platform::join_path(home_, ".databrickscfg");
    }
  }

  ProfileChoice chosen_profile() const {
    const std::string_view option = options_.profile ? base::trim(*options_.profile) : std::string_view();
    if (!option.empty()) return {std::string(option), "", true, true};
    if (const AttributeValue* stated = explicit_.find("profile")) {
      return {std::string(stated->value.reveal()), "", true, true};
    }
    for (const AttributeLayer* layer : {&environment_, &dotenv_}) {
      if (const AttributeValue* stated = layer->find("profile")) {
        return {std::string(stated->value.reveal()), stated->provenance.place, false, true};
      }
    }
    return {};
  }

  bool higher_layer_states_credential() const {
    return states_credential(explicit_) || states_credential(environment_) || states_credential(dotenv_);
  }

  // The rule of the official Go SDK: with a host or a credential at hand, a profile that nobody named is not looked at.
  bool sdk_skips_default_profile() const {
    if (sources_.rules != ChainRules::databricks_sdk) return false;
    return states_credential(explicit_) || states_credential(environment_) || explicit_.find("host") ||
           environment_.find("host");
  }

  Result<void> load_profile() {
    choose_config_file();
    const ProfileChoice choice = chosen_profile();
    if (!choice.by_name && sdk_skips_default_profile()) return {};
    Result<void> read = read_chosen_profile(choice);
    if (read || choice.by_name || !higher_layer_states_credential()) return read;
    // Nobody asked for this profile and it is not needed.
    sources_.warnings.push_back(fmt::format("the default profile was ignored: {}", read.error().message));
    return {};
  }

  Result<void> read_chosen_profile(ProfileChoice choice) {
    if (choice.name == kSettingsSection) return reserved_name(choice.chosen_by);
    if (sources_.config_file.empty()) {
      if (!choice.by_name) return {};
      return Error(
          ErrorCode::configuration,
          fmt::format("the profile '{}' cannot be read: there is no home directory; set DATABRICKS_CONFIG_FILE",
                      shown_name(choice)));
    }
    Result<IniDocument> document = read_profile_file(sources_.config_file);
    if (!document) {
      if (document.error().code != ErrorCode::not_found) return std::move(document).error();
      sources_.auth_storage.emplace();
      // The SDK goes on without the file, whatever was named.
      if (choice.by_name && sources_.rules != ChainRules::databricks_sdk) return missing_file(choice);
      if (config_file_named_) {
        sources_.hints.push_back(fmt::format("the profile file {} does not exist", sources_.config_file));
      }
      return {};
    }
    sources_.auth_storage = read_auth_storage(*document);
    warn_of_file_mode(*document);
    if (!choice.by_name) choose_default(*document, choice);
    if (choice.name == kSettingsSection) return reserved_name(choice.chosen_by);
    if (!has_profile(*document, choice.name)) {
      if (choice.by_name) return missing_profile(*document, choice);
      hint_at_profiles(profile_names(*document));
      return {};
    }
    profile_ =
        read_profile(*document->find(choice.name), choice.by_program ? Layer::named_profile : Layer::default_profile,
                     sources_.config_file, sources_.warnings);
    sources_.profile = choice.name;
    sources_.profile_named = choice.by_program;
    return {};
  }

  void choose_default(const IniDocument& document, ProfileChoice& choice) const {
    choice.name = "DEFAULT";
    const IniSection* settings = document.find(kSettingsSection);
    const IniEntry* stated = settings ? settings->find("default_profile") : nullptr;
    const std::string_view name = stated ? base::trim(stated->value) : std::string_view();
    if (name.empty()) return;
    choice = {std::string(name), fmt::format("{}:{}", sources_.config_file, stated->line), false, true};
  }

  static Error reserved_name(std::string_view chosen_by) {
    return {ErrorCode::configuration, fmt::format("{}{}'{}' is the section of settings and cannot be used as a profile",
                                                  chosen_by, chosen_by.empty() ? "" : ": ", kSettingsSection)};
  }

  // What stands in a profile's place may be a secret or a whole file.
  static std::string shown_name(const ProfileChoice& choice) { return base::redact_excerpt(choice.name, 100); }

  static std::string source_of(const ProfileChoice& choice) {
    return choice.chosen_by.empty() ? std::string() : fmt::format(" (named by {})", choice.chosen_by);
  }

  Error missing_file(const ProfileChoice& choice) const {
    return {
        ErrorCode::configuration,
        fmt::format("the profile '{}'{} cannot be read: the file {} does not exist; create it, or name another file "
                    "with DATABRICKS_CONFIG_FILE",
                    shown_name(choice), source_of(choice), sources_.config_file)};
  }

  Error missing_profile(const IniDocument& document, const ProfileChoice& choice) const {
    const std::vector<std::string> names = profile_names(document);
    if (sources_.rules == ChainRules::databricks_sdk) {
      return {ErrorCode::configuration, fmt::format("resolve: {} has no {} profile configured; profiles in it: {}",
                                                    sources_.config_file, shown_name(choice), names_of(names))};
    }
    const auto similar = std::find_if(names.begin(), names.end(),
                                      [&](const std::string& name) { return is_similar_name(name, choice.name); });
    const bool empty = document.find(choice.name) != nullptr;
    return {ErrorCode::configuration,
            fmt::format("{} has {} profile '{}'{}; profiles in it: {}{}", sources_.config_file,
                        empty ? "no keys in the" : "no", shown_name(choice), source_of(choice), names_of(names),
                        similar == names.end() ? std::string() : fmt::format("; did you mean {}?", *similar))};
  }

  // A lone profile is not taken either: adding a second one would change who a program is.
  void hint_at_profiles(const std::vector<std::string>& names) {
    if (names.empty()) return;
    sources_.hints.push_back(
        fmt::format("none of the profiles in {} was chosen ({}): name one with --profile or DATABRICKS_CONFIG_PROFILE, "
                    "or make it the default with 'dbxauth auth switch'",
                    sources_.config_file, names_of(names)));
  }

  void warn_of_file_mode(const IniDocument& document) {
    const std::optional<platform::FileStatus> status = platform::file_status(sources_.config_file);
    if (!status || !status->regular || (status->mode & 004u) == 0 || !holds_secrets(document)) return;
    sources_.warnings.push_back(fmt::format(
        "{0} holds secrets and everybody on this computer may read it; run: chmod 600 {0}", sources_.config_file));
  }

  void load_session() {
    std::vector<std::string> warnings;
    session_ = read_saved_session(home_, platform::Clock::system()->now(), warnings);
    // An old session that would not have been used anyway is nobody's concern.
    if (!session_ && (higher_layer_states_credential() || (profile_ && states_credential(*profile_)))) return;
    std::move(warnings.begin(), warnings.end(), std::back_inserter(sources_.warnings));
  }

  void arrange_layers() {
    append(std::move(explicit_));
    // Clone-Xs and the official SDKs let the environment win over a profile, named or not.
    const bool profile_first =
        profile_ && profile_->layer == Layer::named_profile && sources_.rules == ChainRules::layered;
    if (profile_first) append(std::move(*profile_));
    append(std::move(environment_));
    append(std::move(dotenv_));
    if (profile_ && !profile_first) append(std::move(*profile_));
    if (session_) append(std::move(*session_));
  }

  void append(AttributeLayer layer) {
    if (!layer.values.empty()) sources_.layers.push_back(std::move(layer));
  }

  const SourceOptions& options_;
  std::string home_;
  bool config_file_named_ = false;
  AttributeLayer explicit_;
  AttributeLayer environment_;
  AttributeLayer dotenv_;
  std::optional<AttributeLayer> profile_;
  std::optional<AttributeLayer> session_;
  ConfigSources sources_;
};

}  // namespace

const AttributeValue* AttributeLayer::find(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() || found->second.value.empty() ? nullptr : &found->second;
}

std::string_view AttributeLayer::text(std::string_view name) const {
  const AttributeValue* value = find(name);
  return value ? value->value.reveal() : std::string_view();
}

const AttributeLayer* ConfigSources::find(Layer layer) const {
  for (const AttributeLayer& candidate : layers) {
    if (candidate.layer == layer) return &candidate;
  }
  return nullptr;
}

const AttributeValue* ConfigSources::find_attribute(std::string_view name) const {
  for (const AttributeLayer& layer : layers) {
    if (const AttributeValue* value = layer.find(name)) return value;
  }
  return nullptr;
}

Result<ConfigSources> load_sources(const SourceOptions& options) {
  return SourceLoader(options).load();
}

}  // namespace dbxauth::config
