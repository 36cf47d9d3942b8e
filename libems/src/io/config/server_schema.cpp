// SPDX-License-Identifier: Apache-2.0
#include "io/config/tables.hpp"

namespace ems::io {
namespace {

using namespace config;  // NOLINT(google-build-using-namespace): the table's own words
using T = SchemaType;

// clang-format off
constexpr SchemaKey kKeys[] = {
    {.path = "name", .type = T::name, .required = true,
     .doc = "Name of the server; its identity is urn:ems:server:NAME."},
    {.path = "listen", .type = T::address, .required = true, .doc = "Where it listens, with mutual TLS only."},
    {.path = "tls", .type = T::section, .required = true, .doc = "The server's identity."},
    {.path = "tls.ca", .type = T::path, .required = true,
     .doc = "Certificate of the authority that signed the agents' and users' certificates."},
    {.path = "tls.certificate", .type = T::path, .required = true, .doc = "The server's certificate."},
    {.path = "tls.key", .type = T::path, .required = true, .doc = "The server's private key."},
    {.path = "store", .type = T::section, .default_text = "{}", .doc = "The fleet store."},
    {.path = "store.path", .type = T::path, .default_text = "fleet.db", .doc = "SQLite file; made when it is not there."},
    {.path = "tenants", .type = T::section_list, .min = 1, .max = 1'000, .required = true,
     .doc = "Who may write, and under whose name. An agent that no tenant allows is refused."},
    {.path = "tenants[].name", .type = T::name, .required = true, .doc = "Name of the tenant."},
    {.path = "tenants[].agents", .type = T::text_list, .min = 1, .max = 10'000, .required = true,
     .doc = "Patterns over SITE/AGENT of the agents' certificates; `*` stands for any characters but `/`. Patterns of "
            "two tenants that one agent could match are refused."},
    {.path = "tenants[].users", .type = T::text_list, .min = 1, .max = 10'000,
     .doc = "Names of the users that may see this tenant, as in urn:ems:user:NAME:ROLE; `*` stands for any characters. "
            "Absent: nobody."},
    {.path = "limits", .type = T::section, .default_text = "{}", .doc = "Bounds of what peers may ask."},
    {.path = "limits.sessions_max", .type = T::integer, .min = 1, .max = 1'000'000, .default_text = "1000",
     .doc = "Agents connected at one time."},
    {.path = "limits.session_idle_max_s", .type = T::quantity, .digits = kSecondDigits, .min = seconds_us(5),
     .max = seconds_us(3'600), .default_text = "60", .doc = "A session that says nothing for so long is closed."},
    {.path = "limits.message_mb_max", .type = T::integer, .min = 1, .max = 64, .default_text = "4",
     .doc = "Largest message taken (1 MB is 1 000 000 bytes)."},
    {.path = "limits.watchers_max", .type = T::integer, .min = 1, .max = 100'000, .default_text = "100",
     .doc = "Live watchers at one time."},
    {.path = "limits.watch_queue_max", .type = T::integer, .min = 16, .max = 1'000'000, .default_text = "4096",
     .doc = "Live samples queued for a slow watcher; then the oldest go."},
    {.path = "metrics", .type = T::section, .doc = kMetricsDoc},
    {.path = "metrics.listen", .type = T::address, .required = true, .doc = kMetricsListenDoc},
    {.path = "log", .type = T::section, .default_text = "{}", .doc = "The log."},
    {.path = "log.level", .type = T::choice, .default_text = "info", .choices = kLogLevels,
     .doc = "Least severity that is written."},
};
// clang-format on

}  // namespace

const Schema& server_schema() noexcept {
  static constexpr Schema kSchema{"server", "The server file", kKeys};
  return kSchema;
}

}  // namespace ems::io
