// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/json.hpp"

#include <algorithm>

#include "ems/core/assert.hpp"

namespace ems::ota::tuf {

JsonValue Json::root() const noexcept {
  EMS_ASSERT(tree_ != nullptr && "Json read after it was moved from");
  return {*tree_, 0};
}

Result<const Json::Node*> JsonValue::node(Json::Kind kind, const char* what) const noexcept {
  if (tree_ == nullptr) return fail(error_);
  const Json::Node& node = tree_->nodes[at_];
  if (node.kind != kind) return fail(Errc::malformed, node.offset, what);
  return &node;
}

JsonValue JsonValue::operator[](std::string_view name) const noexcept {
  const Result<JsonObject> object = this->object();
  return object ? (*object)[name] : JsonValue(object.error());
}

Result<JsonObject> JsonValue::object() const noexcept {
  const auto node = this->node(Json::Kind::object, "an object is due");
  if (!node) return fail(node.error());
  return JsonObject(*tree_, at_);
}

Result<JsonArray> JsonValue::array() const noexcept {
  const auto node = this->node(Json::Kind::array, "an array is due");
  if (!node) return fail(node.error());
  return JsonArray(*tree_, at_);
}

Result<std::string_view> JsonValue::string() const noexcept {
  const auto node = this->node(Json::Kind::string, "a string is due");
  if (!node) return fail(node.error());
  return tree_->text(**node);
}

Result<std::int64_t> JsonValue::integer() const noexcept {
  const auto node = this->node(Json::Kind::integer, "an integer is due");
  if (!node) return fail(node.error());
  return (*node)->integer;
}

Result<bool> JsonValue::boolean() const noexcept {
  const auto node = this->node(Json::Kind::boolean, "true or false is due");
  if (!node) return fail(node.error());
  return (*node)->integer != 0;
}

bool JsonValue::is_null() const noexcept {
  return tree_ != nullptr && tree_->nodes[at_].kind == Json::Kind::null;
}

std::size_t JsonValue::offset() const noexcept {
  return tree_ != nullptr ? tree_->nodes[at_].offset : error_.offset;
}

JsonObject::Member JsonObject::Iterator::operator*() const noexcept {
  return {tree_->text(tree_->nodes[at_]), {*tree_, at_ + 1}};
}

JsonObject::Iterator& JsonObject::Iterator::operator++() noexcept {
  at_ = tree_->nodes[at_ + 1].end;
  return *this;
}

JsonObject::Iterator JsonObject::Iterator::operator++(int) noexcept {
  const Iterator before = *this;
  ++*this;
  return before;
}

std::size_t JsonObject::size() const noexcept { return tree_->nodes[at_].size; }
JsonObject::Iterator JsonObject::begin() const noexcept { return {*tree_, at_ + 1}; }
JsonObject::Iterator JsonObject::end() const noexcept { return {*tree_, tree_->nodes[at_].end}; }

std::optional<JsonValue> JsonObject::find(std::string_view name) const noexcept {
  const Json::Node& node = tree_->nodes[at_];
  const auto first = tree_->order.begin() + node.begin;
  const auto last = first + node.size;
  const auto text = [this](std::uint32_t at) { return tree_->text(tree_->nodes[at]); };
  const auto found = std::ranges::lower_bound(first, last, name, {}, text);
  if (found == last || text(*found) != name) return std::nullopt;
  return JsonValue(*tree_, *found + 1);
}

JsonValue JsonObject::operator[](std::string_view name) const noexcept {
  const std::optional<JsonValue> found = find(name);
  if (found) return *found;
  return JsonValue(fail(Errc::malformed, tree_->nodes[at_].offset, "a member is missing").error);
}

JsonArray::Iterator& JsonArray::Iterator::operator++() noexcept {
  at_ = tree_->nodes[at_].end;
  return *this;
}

JsonArray::Iterator JsonArray::Iterator::operator++(int) noexcept {
  const Iterator before = *this;
  ++*this;
  return before;
}

std::size_t JsonArray::size() const noexcept { return tree_->nodes[at_].size; }
JsonArray::Iterator JsonArray::begin() const noexcept { return {*tree_, at_ + 1}; }
JsonArray::Iterator JsonArray::end() const noexcept { return {*tree_, tree_->nodes[at_].end}; }

}  // namespace ems::ota::tuf
