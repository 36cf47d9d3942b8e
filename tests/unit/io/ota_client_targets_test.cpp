// SPDX-License-Identifier: Apache-2.0
// From a path to verified bytes: delegations, the device layer, the download.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/ota_client.hpp"

namespace ems::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class OtaTargets : public testing::Test, public OtaClient {
 protected:
  json& role(const std::string& name) { return repository.delegated[name]; }
  /// Roles that are asked for a path nobody has, in order.
  std::vector<std::string> visited(const std::string& path = "missing") {
    EXPECT_EQ(refresh(), "ok");
    repository.fetcher.asked.clear();
    EXPECT_EQ(find(path), "not-found " + path);
    std::vector<std::string> out;
    for (const std::string& name : repository.fetcher.asked) {
      out.push_back(name.substr(11, name.size() - 16));  // `metadata/1.A.json`
    }
    return out;
  }
  /// One target with `custom.ems`, and what becomes of it.
  std::string with_custom(const json& custom) {
    repository.targets["targets"]["fw/edge.img"]["custom"] = custom;
    repository.publish_next();
    EXPECT_EQ(refresh(), "ok");
    return find("fw/edge.img");
  }
};

TEST_F(OtaTargets, RolesAreAskedInPreOrderDepthFirst) {
  repository.delegate(repository.targets, "A", {"*"});
  repository.delegate(repository.targets, "B", {"*"});
  repository.delegate(role("A"), "C", {"*"});
  repository.delegate(role("C"), "D", {"*"});
  repository.delegate(role("A"), "E", {"*.py"});
  repository.delegate(role("A"), "F", {"*"});
  repository.publish();
  EXPECT_THAT(visited(), ElementsAre("A", "C", "D", "F", "B"));
  EXPECT_THAT(visited(), ElementsAre());  // From the store, without a fetch.
}

TEST_F(OtaTargets, ARoleWhoseNameNoDiskTakesIsUsedAndNotKept) {
  std::string name;
  std::string encoded;  // 252 bytes: with `.json` more than NAME_MAX.
  for (int i = 0; i < 42; ++i) name += "\u00f6", encoded += "%C3%B6";
  repository.delegate(repository.targets, name, {"*"});
  repository.add_target(role(name), "x", "of a long name");
  repository.publish();
  repository.put("1." + encoded + ".json", role(name), {name});
  ASSERT_EQ(refresh(), "ok");
  EXPECT_EQ(get("x"), "of a long name");
  EXPECT_FALSE(store.files.contains(encoded + ".json"));
}

TEST_F(OtaTargets, ATerminatingRoleAndThoseBelowItAreTheLast) {
  repository.delegate(repository.targets, "A", {"*"});
  repository.delegate(repository.targets, "B", {"*"});
  repository.delegate(role("A"), "C", {"other"}, true);
  repository.delegate(role("A"), "D", {"*"}, true);
  repository.delegate(role("A"), "E", {"*"});
  repository.delegate(role("D"), "F", {"*"});
  repository.publish();
  EXPECT_THAT(visited(), ElementsAre("A", "D", "F"));
}

TEST_F(OtaTargets, ACycleEnds) {
  repository.delegate(repository.targets, "A", {"*"});
  repository.delegate(role("A"), "B", {"*"});
  repository.delegate(role("B"), "A", {"*"});
  repository.delegate(role("B"), "B", {"*"});
  repository.publish();
  EXPECT_THAT(visited(), ElementsAre("A", "B"));
}

TEST_F(OtaTargets, EveryRoleOnTheWayMustCoverThePath) {
  repository.delegate(repository.targets, "A", {"bms/*"});
  repository.delegate(role("A"), "B", {"bms/x-*", "pcs/*"});
  repository.add_target(role("B"), "bms/x-1", "a battery's firmware");
  repository.add_target(role("B"), "bms/y-1", "not B's to give");
  repository.add_target(role("B"), "pcs/1", "not A's to give");
  repository.add_target(role("A"), "edge/1", "not A's either");
  repository.publish();
  ASSERT_EQ(refresh(), "ok");
  EXPECT_EQ(get("bms/x-1"), "a battery's firmware");
  EXPECT_EQ(client->find("bms/x-1")->role, "B");
  EXPECT_EQ(get("bms/y-1"), "not-found");
  EXPECT_EQ(get("pcs/1"), "not-found");
  EXPECT_EQ(get("edge/1"), "not-found");
}

TEST_F(OtaTargets, ARoleWithTwoDelegatorsIsVouchedForByBoth) {
  repository.delegate(repository.targets, "pa", {"a/*"});
  repository.delegate(repository.targets, "pb", {"b/*"});
  repository.delegate(role("pa"), "rel", {"*/*"});
  repository.delegate(role("pb"), "rel", {"*/*"});
  role("pb")["delegations"]["keys"]["rel"] = OtaKey("another").object();
  repository.add_target(role("rel"), "a/x", "by pa");
  repository.add_target(role("rel"), "b/x", "by pb");
  repository.publish();
  ASSERT_EQ(refresh(), "ok");
  EXPECT_EQ(get("a/x"), "by pa");
  EXPECT_EQ(find("b/x"), "signature rel.json");
  EXPECT_EQ(get("a/x"), "by pa");
  ASSERT_EQ(refresh(), "ok");  // In the other order, and with the file in the store.
  EXPECT_EQ(get("b/x"), "signature");
  EXPECT_EQ(get("a/x"), "by pa");
}

TEST_F(OtaTargets, AlsoInOneSearchARoleIsVouchedForByBoth) {
  repository.delegate(repository.targets, "pa", {"*"});
  repository.delegate(repository.targets, "pb", {"*"});
  repository.delegate(role("pa"), "rel", {"*"});
  repository.delegate(role("pb"), "rel", {"*"});
  repository.publish();
  EXPECT_THAT(visited(), ElementsAre("pa", "rel", "pb"));
  role("pb")["delegations"]["keys"]["rel"] = OtaKey("another").object();
  role("pb")["version"] = 2;
  repository.publish_next();
  ASSERT_EQ(refresh(), "ok");
  EXPECT_EQ(find("missing"), "signature rel.json");
}

TEST_F(OtaTargets, SoManyRolesAreAskedAndNoMore) {
  json* from = &repository.targets;
  for (int i = 1; i <= 33; ++i) {
    const std::string name = "r" + std::to_string(i);
    repository.delegate(*from, name, {"*"});
    from = &role(name);
    repository.add_target(*from, "in-" + name, "deep");
  }
  repository.publish();
  ASSERT_EQ(refresh(), "ok");
  EXPECT_EQ(get("in-r32"), "deep");
  EXPECT_EQ(get("in-r33"), "not-found");
}

TEST_F(OtaTargets, UnusualRoleNamesAreEncodedAndStayInTheStore) {
  const std::pair<const char*, const char*> names[] = {
      {"?", "%3F.json"},         {"#", "%23.json"},     {"/x", "%2Fx.json"},
      {"../x", "..%2Fx.json"},   {".", "..json"},       {"..", "...json"},
      {"\u00f6", "%C3%B6.json"}, {"a b", "a%20b.json"}, {"%2F", "%252F.json"}};
  for (const auto& [name, file] : names) {
    OtaClient one;
    one.repository.delegate(one.repository.targets, name, {"*"});
    one.repository.publish();
    one.repository.put(std::string("1.") + file, one.repository.delegated[name], {name});
    ASSERT_EQ(one.refresh(), "ok");
    one.repository.hashes = false;
    EXPECT_EQ(one.find("missing"), "not-found missing") << name;
    EXPECT_EQ(one.repository.fetcher.asked.back(), std::string("metadata/1.") + file);
    EXPECT_EQ(one.store.changed.back(), file);
  }
}

TEST_F(OtaTargets, RefusesDelegations) {
  const struct {
    const char* why;
    const char* result;
    std::function<void(json& targets)> change;
  } cases[] = {
      {"as root", "malformed", [](json& t) { t["delegations"]["roles"][0]["name"] = "root"; }},
      {"as targets", "malformed",
       [](json& t) { t["delegations"]["roles"][0]["name"] = "targets"; }},
      {"without a name", "malformed", [](json& t) { t["delegations"]["roles"][0]["name"] = ""; }},
      {"twice", "malformed",
       [](json& t) { t["delegations"]["roles"].push_back(json(t["delegations"]["roles"][0])); }},
      {"threshold 0", "malformed", [](json& t) { t["delegations"]["roles"][0]["threshold"] = 0; }},
      {"a key id twice", "malformed",
       [](json& t) { t["delegations"]["roles"][0]["keyids"].push_back("A"); }},
      {"no paths", "malformed", [](json& t) { t["delegations"]["roles"][0].erase("paths"); }},
      {"paths of both kinds", "malformed",
       [](json& t) { t["delegations"]["roles"][0]["path_hash_prefixes"] = {"00"}; }},
      {"terminating is text", "malformed",
       [](json& t) { t["delegations"]["roles"][0]["terminating"] = "no"; }},
      {"no keys", "malformed", [](json& t) { t["delegations"].erase("keys"); }},
      {"null", "malformed", [](json& t) { t["delegations"] = nullptr; }},
      {"succinct", "unimplemented",
       [](json& t) {
         t["delegations"]["succinct_roles"] = {{"bit_length", 8}};
       }},
  };
  for (const auto& c : cases) {
    OtaClient one;
    one.repository.delegate(one.repository.targets, "A", {"*"});
    c.change(one.repository.targets);
    one.repository.publish();
    EXPECT_EQ(one.refresh(), c.result + std::string(" 1.targets.json")) << c.why;
  }
}

TEST_F(OtaTargets, RefusesDelegatedFiles) {
  const struct {
    const char* why;
    const char* result;
    std::function<void(OtaRepository&)> change;
  } cases[] = {
      {"not listed", "not-in-snapshot A.json",
       [](auto& r) {
         r.snapshot["meta"].erase("A.json"), r.hashes = false;
         r.put("1.snapshot.json", r.snapshot, {"s1"});
         r.timestamp["meta"]["snapshot.json"] = {{"version", 1}};
         r.put("timestamp.json", r.timestamp, {"ts1"});
       }},
      {"gone", "download 1.A.json", [](auto& r) { r.fetcher.files.erase("metadata/1.A.json"); }},
      {"another's key", "signature 1.A.json",
       [](auto& r) {
         r.signers["A"] = {"t1", "t2"}, r.publish();
       }},
      {"expired", "expired 1.A.json",
       [](auto& r) { r.delegated["A"]["expires"] = "2027-01-01T00:00:00Z", r.publish(); }},
      {"other bytes", "hash 1.A.json",
       [](auto& r) { r.put("1.A.json", r.sign(r.delegated["A"], {"A"})).back() = std::byte{' '}; }},
      {"longer", "too-large 1.A.json",
       [](auto& r) {
         r.put("1.A.json", r.delegated["A"], {"A", "t1"});
       }},
      {"another version", "version 1.A.json",
       [](auto& r) {
         r.hashes = false, r.publish();
         r.delegated["A"]["version"] = 2, r.put("1.A.json", r.delegated["A"], {"A"});
       }},
      {"too few of its keys", "signature 1.A.json",
       [](auto& r) { r.targets["delegations"]["roles"][0]["threshold"] = 2, r.publish(); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.why);
    OtaClient one;
    one.repository.delegate(one.repository.targets, "A", {"*"});
    one.repository.delegate(one.repository.targets, "B", {"*"});
    one.repository.add_target(one.repository.delegated["B"], "x", "B has it, but A is first");
    one.repository.publish();
    c.change(one.repository);
    ASSERT_EQ(one.refresh(), "ok");
    EXPECT_EQ(one.find("x"), c.result);
    EXPECT_EQ(one.events.size(), 1U);
    EXPECT_FALSE(one.store.files.contains("A.json"));
    EXPECT_EQ(one.get("fw/edge.img"), "the firmware of the edge");
  }
}

TEST_F(OtaTargets, NamesThatCouldLeaveTheirFolderAreNotLookedFor) {
  for (const char* path :
       {"../x", "a/../x", "/x", "a//b", "a/", "", ".", "a\\b", "\u00f6", "a\nb"}) {
    repository.targets["targets"][path] = OtaRepository::entry("x");
  }
  repository.publish();
  ASSERT_EQ(refresh(), "ok");
  for (const auto& [path, entry] : repository.targets["targets"].items()) {
    EXPECT_EQ(find(path), path == "fw/edge.img" ? "ok" : "bad-name " + path);
  }
}

TEST_F(OtaTargets, ADeviceTakesWhatIsForIt) {
  settings.device.hardware_id = "A";
  settings.device.release_counter = 7;
  settings.device.security_floor = 5;
  const json good = {{"ems", {{"hardware_ids", {"B", "A"}}, {"release_counter", 7}}}};
  EXPECT_EQ(with_custom(good), "ok");
  json full = good;
  full["ems"].update({{"component", "edge"},
                      {"version", "2.4.1"},
                      {"payload", "rauc"},
                      {"security_floor", 7},
                      {"min_from_counter", 7},
                      {"what", "ever"},
                      {"published", "2026-10-01T00:00:00Z"}});
  EXPECT_EQ(with_custom(full), "ok");
  const auto target = client->find("fw/edge.img");
  EXPECT_EQ(target->device->component, "edge");
  EXPECT_EQ(target->device->version, "2.4.1");
  EXPECT_EQ(target->device->payload, "rauc");
  EXPECT_EQ(target->device->security_floor, 7);
  EXPECT_EQ(target->device->min_from_counter, 7);
  EXPECT_EQ(target->device->published, date("2026-10-01T00:00:00Z"));

  const auto with = [&](const char* name, const json& value) {
    json changed = full;
    changed["ems"][name] = value;
    return with_custom(changed);
  };
  EXPECT_EQ(with("hardware_ids", {"AA", "a", "A "}), "wrong-hardware fw/edge.img");
  EXPECT_EQ(with("hardware_ids", json::array()), "wrong-hardware fw/edge.img");
  EXPECT_EQ(with("release_counter", 8), "ok");
  EXPECT_EQ(with("min_from_counter", 8), "wrong-hardware fw/edge.img");
  EXPECT_EQ(with("payload", "zip"), "wrong-hardware fw/edge.img");
  EXPECT_EQ(with("hardware_ids", "A"), "malformed fw/edge.img");
  EXPECT_EQ(with("hardware_ids", {"A", 1}), "malformed fw/edge.img");
  EXPECT_EQ(with("release_counter", "7"), "malformed fw/edge.img");
  EXPECT_EQ(with("release_counter", -1), "malformed fw/edge.img");
  EXPECT_EQ(with("security_floor", 8), "malformed fw/edge.img");
  EXPECT_EQ(with("version", "2.\u00e4"), "malformed fw/edge.img");
  EXPECT_EQ(with("published", "2026-10-01"), "malformed fw/edge.img");
  full["ems"]["security_floor"] = 0;
  EXPECT_EQ(with("release_counter", 6), "rollback fw/edge.img");  // Below the installed one.
  settings.device.release_counter.reset();
  EXPECT_EQ(with("release_counter", 6), "ok");
  EXPECT_EQ(with("release_counter", 4), "rollback fw/edge.img");  // Below the floor.
  for (const char* required : {"hardware_ids", "release_counter"}) {
    json less = good;
    less["ems"].erase(required);
    EXPECT_EQ(with_custom(less), "malformed fw/edge.img");
  }
  EXPECT_EQ(with_custom({{"other", 1}}), "wrong-hardware fw/edge.img");
  EXPECT_EQ(with_custom({{"ems", 1}}), "malformed fw/edge.img");
}

TEST_F(OtaTargets, WithoutADeviceNothingIsAskedOfATarget) {
  EXPECT_EQ(with_custom({{"ems", {{"hardware_ids", {"B"}}, {"release_counter", 0}}}}), "ok");
  EXPECT_EQ(with_custom({{"ems", "of another maker"}}), "ok");
  settings.device.capacity = 23;
  EXPECT_EQ(with_custom(json::object()), "no-space fw/edge.img");
  settings.device.capacity = 24;
  EXPECT_EQ(with_custom(json::object()), "ok");
}

TEST_F(OtaTargets, ADeviceThatNamesOnlyItsPayloadTypesTakesNoOthers) {
  const auto with = [&](const char* payload) {
    return with_custom(
        {{"ems", {{"hardware_ids", {"B"}}, {"release_counter", 0}, {"payload", payload}}}});
  };
  settings.device.payloads = {"zip"};
  EXPECT_EQ(with("zip"), "ok");
  EXPECT_EQ(with("raw"), "wrong-hardware fw/edge.img");
  EXPECT_EQ(with_custom(json::object()), "wrong-hardware fw/edge.img");
}

TEST_F(OtaTargets, ADownloadIsExactlyWhatMetadataSays) {
  ASSERT_EQ(refresh(), "ok");
  const std::string content = "the firmware of the edge";
  const std::string name = "targets/fw/" + ota_sha256(content) + ".edge.img";
  const auto served = [&](const std::string& other) {
    repository.fetcher.files[name] = ota_bytes(other);
    return get("fw/edge.img");
  };
  for (const std::size_t piece : {1UL, 7UL, 1000UL}) {
    repository.fetcher.piece = piece;
    EXPECT_EQ(served(content), content);
    EXPECT_EQ(served("The firmware of the edge"), "hash");
    EXPECT_EQ(served(content.substr(1)), "length");
    EXPECT_EQ(served(""), "length");
    EXPECT_EQ(served(content + "!"), "too-large");
  }
  repository.fetcher.files.erase(name);
  EXPECT_EQ(get("fw/edge.img"), "download");
}

TEST_F(OtaTargets, EveryKnownHashMustMatch) {
  const std::string content = "the firmware of the edge";
  json& hashes = repository.targets["targets"]["fw/edge.img"]["hashes"];
  const auto with = [&](const json& all) {
    hashes = all;
    repository.publish_next();
    EXPECT_EQ(refresh(), "ok");
    return get("fw/edge.img");
  };
  const std::string good = ota_sha256(content);
  EXPECT_EQ(with({{"sha256", good}, {"sha512", ota_sha512(content)}}), content);
  EXPECT_EQ(with({{"sha256", good}, {"sha512", ota_sha512("x")}}), "hash");
  EXPECT_EQ(with({{"sha256", good}, {"blake2b", "00"}}), content);
  EXPECT_EQ(with({{"sha1", "00"}}), "unsupported-hash");
  EXPECT_EQ(find("fw/edge.img"), "unsupported-hash fw/edge.img");
  repository.fetcher.files["targets/fw/" + ota_sha512(content) + ".edge.img"] = ota_bytes(content);
  repository.fetcher.files.erase("targets/fw/" + good + ".edge.img");
  EXPECT_EQ(with({{"sha256", good}, {"sha512", ota_sha512(content)}}), content);  // By the other.
}

TEST_F(OtaTargets, ADownloadGoesOnBehindWhatWasKept) {
  ASSERT_EQ(refresh(), "ok");
  const std::string content = "the firmware of the edge";
  const auto with = [&](const std::string& kept) {
    MemorySink sink;
    sink.content = ota_bytes(kept);
    sink.begun = kept.size();
    repository.fetcher.asked.clear();
    return get("fw/edge.img", sink);
  };
  EXPECT_EQ(with(content.substr(0, 10)), content);
  EXPECT_EQ(with(content), content);
  EXPECT_TRUE(repository.fetcher.asked.empty());
  EXPECT_EQ(with("The firmwa"), "hash");
  EXPECT_EQ(with(content + "!"), "length");
}

TEST_F(OtaTargets, PathsAreEncodedPartByPart) {
  repository.add_target(repository.targets, "fw/a b#?%.img", "odd but safe");
  repository.publish();
  ASSERT_EQ(refresh(), "ok");
  EXPECT_EQ(get("fw/a b#?%.img"), "download");  // Memory knows no encoding: only the name counts.
  EXPECT_EQ(repository.fetcher.asked.back(),
            "targets/fw/" + ota_sha256("odd but safe") + ".a%20b%23%3F%25.img");
}

}  // namespace
}  // namespace ems::test
