// SPDX-License-Identifier: Apache-2.0
#include "io/config/document.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

namespace ems::io::config {
namespace {

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line) + 1, static_cast<std::uint32_t>(mark.column) + 1};
}

/// Builds the tree from parser events; refuses what configuration does not need.
class Builder final : public YAML::EventHandler {
 public:
  [[nodiscard]] Node take() { return std::move(root_); }
  [[nodiscard]] bool has_root() const { return has_root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add({.kind = Node::Kind::null, .place = place_of(mark)}, mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw YAML::ParserException(mark, "aliases are not allowed; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    add({.kind = Node::Kind::scalar, .place = place_of(mark), .quoted = tag == "!", .text = value},
        mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    throw YAML::ParserException(mark, "anchors are not allowed; write the value out");
  }
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw YAML::ParserException(mark, "tags are not allowed");
  }
  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (open_.size() >= kDepthMax) throw YAML::ParserException(mark, "nested too deeply");
    open_.push_back({.kind = kind, .place = place_of(mark)});
  }
  void close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node), YAML::Mark::null_mark());
  }
  void add(Node node, const YAML::Mark& mark) {
    if (++nodes_ > kNodesMax) throw YAML::ParserException(mark, "too many values");
    if (open_.empty()) {
      root_ = std::move(node);
      has_root_ = true;
      return;
    }
    Node& parent = open_.back();
    const bool is_key = parent.kind == Node::Kind::map && parent.keys.size() == parent.items.size();
    (is_key ? parent.keys : parent.items).push_back(std::move(node));
  }

  Node root_;
  bool has_root_ = false;
  std::vector<Node> open_;
  std::size_t nodes_ = 0;
};

std::optional<std::string> read_all(int descriptor) {
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kFileSizeMax) {
      errno = EFBIG;
      return std::nullopt;
    }
  }
}

}  // namespace

std::optional<Node> parse_document(std::string_view text, const std::string& file,
                                   std::vector<ConfigError>& errors) {
  const auto refuse = [&](const Place& place, std::string message) {
    errors.push_back({file, place.line, place.column, Errc::syntax, std::move(message), {}});
    return std::nullopt;
  };
  if (text.size() > kFileSizeMax) return refuse({}, "file is larger than 256 KiB");
  if (text.find('\0') != std::string_view::npos) return refuse({}, "file contains a NUL byte");
  std::istringstream stream{std::string{text}};
  try {
    YAML::Parser parser(stream);
    Builder builder;
    if (!parser.HandleNextDocument(builder) || !builder.has_root()) {
      return Node{.kind = Node::Kind::map, .place = {1, 1}};
    }
    Builder second;
    if (parser.HandleNextDocument(second)) {
      return refuse({}, "more than one YAML document; only one is allowed");
    }
    Node root = builder.take();
    if (root.kind == Node::Kind::null) root = {.kind = Node::Kind::map, .place = {1, 1}};
    return root;
  } catch (const YAML::Exception& error) {
    return refuse(place_of(error.mark), error.msg);
  }
}

std::optional<std::string> read_file(const std::filesystem::path& path,
                                     std::vector<ConfigError>& errors) {
  std::optional<std::string> text;
  int error = 0;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    error = errno;
  } else {
    struct stat status {};
    if (::fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode)) {
      error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    } else {
      text = read_all(descriptor);
      if (!text) error = errno;
    }
    ::close(descriptor);
  }
  if (!text) {
    const Errc code = error == ENOENT   ? Errc::not_found
                      : error == EACCES ? Errc::permission_denied
                                        : Errc::io;
    errors.push_back({path.string(),
                      0,
                      0,
                      code,
                      std::string("cannot read the file: ") + std::strerror(error),
                      {}});
  }
  return text;
}

}  // namespace ems::io::config
