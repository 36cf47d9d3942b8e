// SPDX-License-Identifier: Apache-2.0
#include "ems/io/pack_loader.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "io/pack_compiler.hpp"
#include "io/pack_reader.hpp"

namespace ems::io {
namespace {

bool is_pack_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

PackLoad failed(Errc code, std::string_view file, std::string message) {
  return {nullptr, {{code, std::string(file), 0, 0, std::move(message)}}};
}

std::string known_names(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const EmbeddedPack& pack : embedded_packs()) names.emplace_back(pack.name);
  std::error_code ignored;  // A directory that cannot be listed has no names to offer.
  if (!directory.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
      if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

PackLoad named(PackLoad load, std::string_view name, std::string_view file) {
  if (load.loaded == nullptr || load.loaded->pack().name == name) return load;
  return failed(Errc::invalid_argument, file,
                "pack: says '" + std::string(load.loaded->pack().name) +
                    "', but is looked for as '" + std::string(name) + "'");
}

}  // namespace

std::string to_string(const PackError& error) {
  if (error.line == 0) return error.file + ": " + error.message;
  return error.file + ":" + std::to_string(error.line) + ":" + std::to_string(error.column) + ": " +
         error.message;
}

PackLoad load_pack(std::string_view yaml, std::string_view file_name) {
  detail::PackReader reader(file_name);
  std::shared_ptr<const LoadedPack> loaded;
  try {
    loaded = detail::compile_pack(reader, YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& e) {  // yaml-cpp reports malformed text by throwing.
    reader.error(Errc::syntax, e.mark, e.msg);
  }
  if (reader.failed()) return {nullptr, reader.take_errors()};
  return {std::move(loaded), {}};
}

PackLoad find_pack(std::string_view name, std::string_view directory) {
  if (!is_pack_name(name)) {
    return failed(Errc::unknown_protocol, name, "not a name of a device pack");
  }
  const std::filesystem::path folder(directory);
  if (!directory.empty()) {
    const std::filesystem::path path = folder / (std::string(name) + ".yaml");
    std::error_code error;
    if (std::filesystem::exists(path, error)) {
      std::ifstream file(path, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      if (!file.is_open() || file.bad()) {
        return failed(Errc::io, path.string(), std::generic_category().message(errno));
      }
      return named(load_pack(text, path.string()), name, path.string());
    }
  }
  for (const EmbeddedPack& pack : embedded_packs()) {
    if (pack.name == name) {
      return named(load_pack(pack.yaml, "packs/" + std::string(name) + ".yaml"), name, name);
    }
  }
  return failed(Errc::unknown_protocol, name,
                "no such device pack; there are: " + known_names(folder));
}

}  // namespace ems::io
