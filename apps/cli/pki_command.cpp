// SPDX-License-Identifier: Apache-2.0
#include "pki_command.hpp"

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/identity.hpp"
#include "ems/io/pki.hpp"

namespace {

using ems::cli::end_with;
using ems::io::CertificateInfo;
using ems::io::CertificateRequest;
using ems::io::PkiFiles;

constexpr std::int64_t kSecondsPerDay = 86'400;

struct PkiOptions {
  std::string folder = "pki";
  std::string name;
  std::string site;  // Agents only.
  std::string stem;  // Of the files; empty: made from kind and name.
  std::string role = "viewer";
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;
  std::int64_t days = 0;
};

ems::UtcInstant now() { return ems::io::SystemClock{}.utc(); }

void print_files(const PkiFiles& files) {
  ems::cli::print(files.certificate.string() + "\n" + files.key.string());
}

void init(const PkiOptions& options) {
  const auto files = ems::io::make_authority(options.folder, options.name, now(),
                                             ems::seconds(options.days * kSecondsPerDay));
  if (!files) end_with("pki init " + options.folder, files.error());
  print_files(*files);
}

// `SITE/NAME` becomes `agent.SITE.NAME`: a dot is in neither, so no two names share a file.
std::string stem_of(std::string_view kind, std::string name) {
  for (char& c : name) {
    if (c == '/') c = '.';
  }
  return std::string{kind} + "." + name;
}

void issue(const PkiOptions& options, ems::io::PeerKind kind) {
  const std::string name = options.site.empty() ? options.name : options.site + "/" + options.name;
  ems::io::Identity identity{kind, name, ems::io::Role::viewer};
  for (const auto role : {ems::io::Role::operator_, ems::io::Role::technician}) {
    if (options.role == to_string(role)) identity.role = role;
  }
  const std::string kind_name{to_string(kind)};
  const CertificateRequest request{to_uri(identity), options.dns_names, options.addresses,
                                   options.stem.empty() ? stem_of(kind_name, name) : options.stem,
                                   ems::seconds(options.days * kSecondsPerDay)};
  const auto files = ems::io::issue_certificate(options.folder, request, now());
  if (!files) end_with("pki " + kind_name + " " + name, files.error());
  print_files(*files);
}

void show(const std::string& file) {
  const auto info = ems::io::read_certificate(file);
  if (!info) end_with("pki show " + file, info.error());
  const nlohmann::ordered_json json{
      {"subject", info->subject},
      {"issuer", info->issuer},
      {"serial", info->serial},
      {"uris", info->uris},
      {"dns_names", info->dns_names},
      {"addresses", info->addresses},
      {"not_before_s", info->not_before.since_epoch().count() / 1'000'000},
      {"not_after_s", info->not_after.since_epoch().count() / 1'000'000},
      {"key_type", info->key_type},
      {"authority", info->authority}};
  ems::cli::print(json.dump(2));
}

CLI::App* add_issuer(CLI::App& pki, const std::string& name, const std::string& what,
                     ems::io::PeerKind kind, const std::shared_ptr<PkiOptions>& options) {
  CLI::App* command = pki.add_subcommand(name, what);
  command->add_option("--name", options->name, "Who it is for: [a-z0-9-]")->required();
  command->add_option("--out", options->stem, "Name of the two files, without .crt and .key");
  command->add_option("--dir", options->folder, "Folder of the authority")->capture_default_str();
  command->add_option("--days", options->days, "Days it is valid")
      ->default_val(365)
      ->check(CLI::Range(1, 3650));
  command->callback([options, kind] { issue(*options, kind); });
  return command;
}

}  // namespace

void ems::cli::add_pki_command(CLI::App& app) {
  CLI::App* pki = app.add_subcommand("pki", "A development certificate authority");
  pki->require_subcommand(1);

  const auto authority = std::make_shared<PkiOptions>();
  CLI::App* make = pki->add_subcommand("init", "Make an authority");
  make->add_option("--dir", authority->folder, "Folder to make it in")->capture_default_str();
  make->add_option("--name", authority->name, "Its common name")
      ->default_val("libems development authority");
  make->add_option("--days", authority->days, "Days it is valid")
      ->default_val(3650)
      ->check(CLI::Range(1, 3650));
  make->callback([authority] { init(*authority); });

  const auto agent = std::make_shared<PkiOptions>();
  add_issuer(*pki, "agent", "Issue a certificate for an agent", ems::io::PeerKind::agent, agent)
      ->add_option("--site", agent->site, "Its site: [a-z0-9-]")
      ->required();

  const auto server = std::make_shared<PkiOptions>();
  CLI::App* issue_server = add_issuer(*pki, "server", "Issue a certificate for a server",
                                      ems::io::PeerKind::server, server);
  issue_server->add_option("--dns", server->dns_names, "DNS names that clients dial")
      ->default_val(std::vector<std::string>{"localhost"});
  issue_server->add_option("--ip", server->addresses, "IP addresses that clients dial")
      ->default_val(std::vector<std::string>{"127.0.0.1"});

  const auto user = std::make_shared<PkiOptions>();
  CLI::App* issue_user =
      add_issuer(*pki, "user", "Issue a certificate for a person", ems::io::PeerKind::user, user);
  issue_user->add_option("--role", user->role, "What the person may do")
      ->capture_default_str()
      ->check(CLI::IsMember({"viewer", "operator", "technician"}));

  const auto file = std::make_shared<std::string>();
  CLI::App* print = pki->add_subcommand("show", "Print what a certificate says, as JSON");
  print->add_option("file", *file, "A PEM certificate")->required();
  print->callback([file] { show(*file); });
}
