// SPDX-License-Identifier: Apache-2.0
#include "config_command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "ems/io/config/limits_config.hpp"
#include "ems/io/config/schema.hpp"
#include "ems/io/config/server_config.hpp"
#include "ems/io/config/site_check.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/config/tables_config.hpp"
#include "ems/io/known_names.hpp"
#include "ems/runtime/control_config.hpp"

namespace ems::cli {
namespace {

struct Options {
  std::string file;
  std::string type = "site";
};

/// Prints errors and ends the command.
void refuse_if(const std::vector<io::ConfigError>& errors) {
  if (errors.empty()) return;
  std::cerr << io::to_text(errors);
  throw CLI::RuntimeError(1);
}

void check_site(const std::string& file) {
  const io::Loaded<io::SiteConfig> site = io::load_site_config(file, io::known_names());
  refuse_if(site.errors);
  const io::SiteReport report = io::report_site(*site.value);
  const io::ControlPermission permission = io::control_permission(*site.value);
  std::vector<io::ConfigError> errors = permission.errors;
  errors.insert(errors.end(), report.errors.begin(), report.errors.end());
  refuse_if(errors);
  // What only all files together can say: the same the agent does at its start.
  const Result<runtime::ControlConfig> control =
      runtime::make_control_config(*site.value, permission);
  if (!control) {
    errors.push_back({file, 0, 0, control.error().code, control.error().what, {}});
  }
  refuse_if(errors);
  std::cout << file << ": valid\nidentity: " << site.value->identity()
            << "\nassets: " << site.value->batteries.size() << " batteries, "
            << site.value->inverters.size() << " inverters, " << site.value->meters.size()
            << " meters\n"
            << report.text();
  if (permission.limits) std::cout << "limits: " << permission.limits->hash.hex() << '\n';
  if (permission.control) {
    std::cout << "control: armed; limits accepted by " << permission.acceptance->name << '\n';
  } else {
    std::cout << "control: monitor only: " << permission.reason << '\n';
  }
}

bool type_is_table(const std::string& type) {
  return type == "schedule" || type == "plan" || type == "price";
}

/// What a table holds, in a line.
std::string check_table(const Options& options) {
  const auto line = [](const char* what, std::size_t count) {
    return std::string(what) + ": " + std::to_string(count) + '\n';
  };
  if (options.type == "schedule") {
    const io::Loaded<io::ScheduleFile> file = io::load_schedule(options.file);
    refuse_if(file.errors);
    return line("entries", file.value->entries.size());
  }
  if (options.type == "plan") {
    const io::Loaded<io::PlanFile> file = io::load_plan(options.file);
    refuse_if(file.errors);
    return line("slots", file.value->slots.size());
  }
  const io::Loaded<io::PriceFile> file = io::load_prices(options.file);
  refuse_if(file.errors);
  return line("slots", file.value->slots.size());
}

void check(const Options& options) {
  if (options.type == "site") {
    check_site(options.file);
  } else if (options.type == "limits") {
    const io::Loaded<io::LimitsConfig> limits = io::load_limits_config(options.file);
    refuse_if(limits.errors);
    std::cout << options.file << ": valid\nlimits: " << limits.value->hash.hex() << '\n';
  } else if (type_is_table(options.type)) {
    const std::string summary = check_table(options);
    std::cout << options.file << ": valid\n" << summary;
  } else {
    const io::Loaded<io::ServerConfig> server = io::load_server_config(options.file);
    refuse_if(server.errors);
    std::cout << options.file << ": valid\nidentity: " << server.value->identity() << '\n';
  }
}

const io::Schema& schema_of(const std::string& type) {
  for (const io::Schema* schema : io::all_schemas()) {
    if (schema->name == type) return *schema;
  }
  return io::site_schema();
}

}  // namespace

void add_config_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  const auto types = CLI::IsMember({"site", "limits", "server", "schedule", "plan", "price"});
  CLI::App* config = app.add_subcommand("config", "Check and explain configuration files");
  config->require_subcommand(1);

  CLI::App* checker = config->add_subcommand("check", "Print all errors of a file, or a summary");
  checker->add_option("file", options->file, "The file")->required();
  checker->add_option("--type", options->type, "Kind of file")->check(types)->capture_default_str();
  checker->callback([options] { check(*options); });

  CLI::App* schema = config->add_subcommand("schema", "Print the JSON Schema of a kind of file");
  schema->add_option("type", options->type, "Kind of file")->check(types)->capture_default_str();
  schema->callback([options] { std::cout << io::json_schema(schema_of(options->type)); });

  CLI::App* reference = config->add_subcommand("reference", "Print the reference page (Markdown)");
  reference->callback([] { std::cout << io::reference_markdown(); });
}

}  // namespace ems::cli
