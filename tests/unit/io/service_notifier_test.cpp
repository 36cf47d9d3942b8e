// SPDX-License-Identifier: Apache-2.0
#include "ems/io/service_notifier.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

/// The manager's end: a bound datagram socket.
class Manager {
 public:
  explicit Manager(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EMS_ASSERT(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  }
  ~Manager() { ::close(fd_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// The next datagram; `(none)` when there is none.
  std::string take() {
    std::array<char, 512> buffer{};
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "(none)" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  int fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST(ServiceNotifier, SendsOneDatagramToAPath) {
  const test::TempDir dir;
  Manager manager(dir / "notify");
  const auto notifier = ServiceNotifier::make({dir / "notify", "", ""});
  ASSERT_TRUE(notifier);
  EXPECT_TRUE(notifier->supervised());
  EXPECT_TRUE(notifier->send("READY=1\nSTATUS=normal"));
  EXPECT_EQ(manager.take(), "READY=1\nSTATUS=normal");
  EXPECT_EQ(manager.take(), "(none)");
}

TEST(ServiceNotifier, SendsToAnAbstractName) {
  const std::string name = "@ems-notifier-test-" + std::to_string(::getpid());
  Manager manager(name);
  const auto notifier = ServiceNotifier::make({name, "", ""});
  ASSERT_TRUE(notifier);
  EXPECT_TRUE(notifier->send("WATCHDOG=1"));
  EXPECT_EQ(manager.take(), "WATCHDOG=1");
}

TEST(ServiceNotifier, WithoutAManagerSendsNothingAndSucceeds) {
  const auto notifier = ServiceNotifier::make({});
  ASSERT_TRUE(notifier);
  EXPECT_FALSE(notifier->supervised());
  EXPECT_FALSE(notifier->watchdog());
  EXPECT_TRUE(notifier->send("READY=1"));
}

TEST(ServiceNotifier, SaysThatAManagerIsGone) {
  const test::TempDir dir;
  const auto notifier = ServiceNotifier::make({dir / "notify", "", ""});
  ASSERT_TRUE(notifier);
  const Result<void> sent = notifier->send("READY=1");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::io);
  EXPECT_EQ(sent.error().offset, ENOENT);
}

TEST(ServiceNotifier, NeverBlocksOnAFullManager) {
  const test::TempDir dir;
  const Manager manager(dir / "notify");
  const auto notifier = ServiceNotifier::make({dir / "notify", "", ""});
  ASSERT_TRUE(notifier);
  Result<void> sent;
  for (int i = 0; i < 10'000 && sent; ++i) sent = notifier->send("WATCHDOG=1");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().offset, EAGAIN);
}

TEST(ServiceNotifier, RefusesWhatIsNoSocket) {
  const std::string longest(sizeof(sockaddr_un::sun_path) - 1, 'x');
  EXPECT_TRUE(ServiceNotifier::make({"/" + longest.substr(1), "", ""}));
  for (const std::string& name : {std::string{"relative"}, std::string{"/"}, std::string{"@"},
                                  "/" + longest, std::string{"vsock:2:1234"}}) {
    const auto notifier = ServiceNotifier::make({name, "", ""});
    ASSERT_FALSE(notifier) << name;
    EXPECT_EQ(notifier.error().code, Errc::invalid_argument) << name;
  }
}

TEST(ServiceNotifier, KeepsAliveAtAThirdOfTheWatchdog) {
  const std::string own = std::to_string(::getpid());
  const auto notifier = ServiceNotifier::make({"/run/n", "9000000", own});
  ASSERT_TRUE(notifier);
  EXPECT_EQ(notifier->watchdog(), seconds(9));
  EXPECT_EQ(notifier->interval(), seconds(3));
  EXPECT_EQ(ServiceNotifier::make({"/run/n", "9000000", ""})->watchdog(), seconds(9));
}

TEST(ServiceNotifier, AWatchdogOfAnotherProcessIsNotOurs) {
  const auto notifier =
      ServiceNotifier::make({"/run/n", "9000000", std::to_string(::getpid() + 1)});
  ASSERT_TRUE(notifier);
  EXPECT_FALSE(notifier->watchdog());
  EXPECT_EQ(notifier->interval(), seconds(5));
}

TEST(ServiceNotifier, RefusesAWatchdogThatIsNoNumber) {
  for (const char* text : {"0", "-1", "9s", " 9", "99999999999999999999"}) {
    EXPECT_EQ(ServiceNotifier::make({"/run/n", text, ""}).error().code, Errc::syntax) << text;
    EXPECT_EQ(ServiceNotifier::make({"/run/n", "9000000", text}).error().code, Errc::syntax)
        << text;
  }
}

}  // namespace
}  // namespace ems::io
