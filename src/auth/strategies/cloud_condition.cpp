// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/cloud_condition.hpp"

#include <atomic>
#include <utility>

namespace dbxauth::auth {

namespace {

class CloudCondition final : public CredentialProvider {
 public:
  CloudCondition(std::shared_ptr<CredentialProvider> provider, CloudNeed need, std::string host,
                 std::shared_ptr<HostMetadataSource> host_metadata)
      : provider_(std::move(provider)), need_(need), host_(std::move(host)), host_metadata_(std::move(host_metadata)) {}

  std::string_view name() const noexcept override { return provider_->name(); }
  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) override {
    if (auto met = check(context); !met) return std::move(met).error();
    return provider_->headers(min_validity, context);
  }
  Result<Token> token(std::chrono::seconds min_validity, const CallContext& context) override {
    if (auto met = check(context); !met) return std::move(met).error();
    return provider_->token(min_validity, context);
  }
  void reject(const AuthHeaders& rejected) noexcept override { provider_->reject(rejected); }

 private:
  Result<void> check(const CallContext& context) {
    if (met_.load(std::memory_order_acquire)) return {};
    if (!host_metadata_) return wrong_cloud(host_, need_);
    const auto metadata = host_metadata_->metadata(host_, context);
    if (!metadata) return metadata.error();
    if (!satisfies(known_cloud(host_, metadata->cloud, false), need_)) return wrong_cloud(host_, need_);
    met_.store(true, std::memory_order_release);
    return {};
  }

  const std::shared_ptr<CredentialProvider> provider_;
  const CloudNeed need_;
  const std::string host_;
  const std::shared_ptr<HostMetadataSource> host_metadata_;
  std::atomic<bool> met_{false};
};

}  // namespace

Error wrong_cloud(const std::string& host, CloudNeed need) {
  return Error(ErrorCode::no_credentials,
               "the host " + host + " is not " + (need == CloudNeed::azure ? "an Azure" : "a Google Cloud") +
                   " workspace as far as its name, the attribute cloud (DATABRICKS_CLOUD) and its metadata tell");
}

std::shared_ptr<CredentialProvider> make_cloud_condition(std::shared_ptr<CredentialProvider> provider, CloudNeed need,
                                                         std::string host,
                                                         std::shared_ptr<HostMetadataSource> host_metadata) {
  return std::make_shared<CloudCondition>(std::move(provider), need, std::move(host), std::move(host_metadata));
}

}  // namespace dbxauth::auth
