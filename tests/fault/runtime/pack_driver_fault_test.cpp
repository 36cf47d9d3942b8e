// SPDX-License-Identifier: Apache-2.0
// The set-point's way to an inverter when the inverter is late, silent, refusing or restarted.
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ems/io/pack_loader.hpp"
#include "ems/protocol/modbus/server.hpp"
#include "ems/runtime/pack_driver.hpp"
#include "ems/sim/plant.hpp"
#include "ems/sim/sunspec_server.hpp"
#include "support/manual_clock.hpp"

namespace ems::runtime {
namespace {

namespace modbus = protocol::modbus;

/// A master in front of a simulated PCS; it can fall silent, refuse writes, or hold answers back.
class FakeMaster final : public io::ModbusMaster {
 public:
  FakeMaster(asio::io_context& io, modbus::RegisterAccess& device) : io_(io), device_(device) {}

  void transact(const io::ModbusRequest& request, io::ModbusCallback callback) override {
    const std::vector<std::byte> pdu(request.pdu.begin(), request.pdu.end());
    const bool write = pdu[0] == std::byte{16};
    if (write) ++writes;
    std::function<void()> answer = [this, pdu, write, callback = std::move(callback)] {
      if (silent) return callback(fail(Errc::timeout, 0, "no answer"));
      if (write && refuse_writes) return callback(fail(Errc::exception, 4, "refused"));
      std::vector<std::byte> response(modbus::kPduSize);
      response.resize(modbus::serve(pdu, device_, response));
      if ((static_cast<unsigned>(response[0]) & modbus::kExceptionFlag) != 0) {
        return callback(fail(Errc::exception, static_cast<unsigned>(response[1]), "refused"));
      }
      callback(std::move(response));
    };
    if (hold_writes && write) {
      held.push_back(std::move(answer));
    } else {
      asio::post(io_, std::move(answer));
    }
  }
  void close() override {}
  [[nodiscard]] bool connected() const override { return !silent; }
  [[nodiscard]] std::string last_error() const override { return {}; }
  [[nodiscard]] io::ModbusCounters counters() const override { return {}; }
  [[nodiscard]] std::string_view name() const override { return "fake"; }
  void set_stop(const io::StopPlan& plan) override { stop = plan; }
  [[nodiscard]] std::uint64_t stops() const noexcept override { return stops_made; }
  void begin_stop() noexcept override {}
  [[nodiscard]] bool advance_stop() noexcept override { return true; }
  void end_stop() noexcept override {}

  bool silent = false;
  bool refuse_writes = false;
  bool hold_writes = false;
  int writes = 0;
  std::uint64_t stops_made = 0;  ///< By a watchdog.
  std::optional<io::StopPlan> stop;
  std::vector<std::function<void()>> held;

 private:
  asio::io_context& io_;
  modbus::RegisterAccess& device_;
};

class PackDriverFault : public ::testing::Test {
 protected:
  PackDriverFault()
      : plant(sim::PlantConfig{}, 1),
        registers(plant, [this] { return plant.state(); }),
        master(std::make_shared<FakeMaster>(io, registers)),
        log("test", std::make_shared<spdlog::sinks::null_sink_mt>()),
        driver({io.get_executor(), clock, image, log}, inverter(1), master,
               io::find_pack("sunspec_pcs").loaded, settings()) {}

  static PackDriverSettings settings() {
    PackDriverSettings settings;
    settings.period = 10_ms;  // Wall time: rounds follow quickly. Leases run on the manual clock.
    settings.lease = 30_s;
    settings.write_step = 25_w;
    return settings;
  }

  /// Runs the strand until `done`, at most 2 s of wall time.
  template <class F>
  bool until(F done, std::chrono::milliseconds most = std::chrono::seconds(2)) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (std::chrono::steady_clock::now() < end) {
      if (done()) return true;
      clock.advance(1_ms);
      io.restart();
      io.run_one_for(std::chrono::milliseconds(5));
    }
    return done();
  }
  /// Lets what is under way end: some twenty rounds.
  void settle() {
    until([] { return false; }, std::chrono::milliseconds(200));
  }
  /// One tick's worth of wanting something.
  void want(CommandKind kind, Watt p, Interval bound = {Watt{-5'000}, 5'000_w}) {
    driver.command({kind, p, Var{}}, bound);
  }
  [[nodiscard]] double setpoint() const { return plant.state().control.watts; }

  asio::io_context io;
  test::ManualClock clock;
  SiteImage image;
  sim::Plant plant;
  sim::SunSpecServer registers;
  std::shared_ptr<FakeMaster> master;
  spdlog::logger log;
  PackDriver driver;
};

TEST_F(PackDriverFault, WritesOnceAndRefreshesAtAThirdOfTheLease) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  want(CommandKind::follow, 1'000_w);
  ASSERT_TRUE(until([&] { return master->writes == 3; }));
  want(CommandKind::follow, 1'010_w);  // Within the step: waits for the refresh.
  settle();
  EXPECT_EQ(master->writes, 3);
  clock.advance(10_s);
  want(CommandKind::follow, 1'010_w);
  EXPECT_TRUE(until([&] { return master->writes == 6; }));
}

TEST_F(PackDriverFault, AStepThatSafetyNoLongerAllowsIsWrittenHoweverSmall) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  want(CommandKind::follow, 1'000_w);
  ASSERT_TRUE(until([&] { return master->writes == 3; }));
  want(CommandKind::follow, 999_w, {Watt{}, 999_w});
  EXPECT_TRUE(until([&] { return master->writes == 6; }));
}

TEST_F(PackDriverFault, OpenIsWrittenAsStopByADeviceWithoutAContactor) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  want(CommandKind::follow, 1'000_w);
  ASSERT_TRUE(until([&] { return setpoint() == 1'000; }));
  want(CommandKind::open, Watt{});
  EXPECT_TRUE(until([&] { return setpoint() == 0; }));
  EXPECT_FALSE(driver.write_error());
}

TEST_F(PackDriverFault, ATripReachesADeviceThatComesBackLate) {
  master->silent = true;
  driver.start();
  plant.write_pcs({}, false);
  settle();
  EXPECT_FALSE(driver.known());
  master->silent = false;
  ASSERT_TRUE(until([&] { return driver.known(); }));
  want(CommandKind::open, Watt{});  // What safety orders one second after a trip.
  EXPECT_TRUE(until([&] { return master->writes >= 3; }));
}

TEST_F(PackDriverFault, AStopIsTriedAlthoughTheDeviceMissedAnAnswer) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  want(CommandKind::follow, 1'000_w);
  ASSERT_TRUE(until([&] { return setpoint() == 1'000; }));
  master->silent = true;
  ASSERT_TRUE(until([&] { return !driver.ready(); }));
  EXPECT_TRUE(driver.known());
  const int before = master->writes;
  want(CommandKind::stop, Watt{});
  EXPECT_GT(master->writes, before);
}

TEST_F(PackDriverFault, AStopReplacesASequenceUnderWayAtTheNextFrame) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  master->hold_writes = true;
  want(CommandKind::follow, 2'000_w);
  ASSERT_EQ(master->held.size(), 1U);
  want(CommandKind::stop, Watt{});
  // It does not wait behind what the follow waits for: the link sends it before, and once.
  ASSERT_EQ(master->held.size(), 2U);
  want(CommandKind::stop, Watt{});
  EXPECT_EQ(master->held.size(), 2U);
  master->hold_writes = false;
  for (auto& answer : std::exchange(master->held, {})) answer();
  EXPECT_TRUE(until([&] { return master->writes == 4; }));
  settle();
  EXPECT_EQ(setpoint(), 0);
}

TEST_F(PackDriverFault, RefusedWritesShowAndTakeTheDeviceOutOfTheShare) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  master->refuse_writes = true;
  ASSERT_TRUE(until([&] {
    want(CommandKind::follow, 1'000_w);
    clock.advance(100_ms);
    return !driver.ready();
  }));
  ASSERT_TRUE(driver.write_error());
  EXPECT_EQ(driver.write_error()->code, Errc::exception);
  EXPECT_NE(driver.status().last_error.find("write refused"), std::string::npos);
  master->refuse_writes = false;
  EXPECT_TRUE(until([&] {
    want(CommandKind::follow, 0_w);
    clock.advance(100_ms);
    return driver.ready();
  })) << "a write that is taken again ends it";
}

TEST_F(PackDriverFault, WhatAnAbsentDeviceWasToldIsWrittenAgain) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  want(CommandKind::follow, 1'000_w);
  ASSERT_TRUE(until([&] { return master->writes == 3; }));
  settle();
  master->silent = true;
  ASSERT_TRUE(until([&] { return !driver.ready(); }));
  plant.write_pcs({}, false);  // It restarted and forgot.
  ASSERT_NE(setpoint(), 1'000);
  master->silent = false;
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  want(CommandKind::follow, 1'000_w);
  EXPECT_TRUE(until([&] { return setpoint() == 1'000; }));
}

TEST_F(PackDriverFault, FinishGoesOnUntilTheDeviceHasTheLastCommand) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  want(CommandKind::follow, 1'000_w);
  ASSERT_TRUE(until([&] { return setpoint() == 1'000; }));
  master->refuse_writes = true;
  bool done = false;
  driver.finish({CommandKind::follow, Watt{}, Var{}}, [&done] { done = true; });
  settle();
  EXPECT_FALSE(done);
  master->refuse_writes = false;
  EXPECT_TRUE(until([&] { return done; }));
  EXPECT_EQ(setpoint(), 0);
}

TEST_F(PackDriverFault, FinishIsNotForgottenWhileTheMeterKeepsAskingForSamples) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  want(CommandKind::follow, 1'000_w);
  ASSERT_TRUE(until([&] { return master->writes == 3; }));
  settle();
  master->refuse_writes = true;
  bool done = false;
  driver.finish({CommandKind::follow, Watt{}, Var{}}, [&done] { done = true; });
  master->refuse_writes = false;
  EXPECT_TRUE(until([&] {
    driver.poll_now();  // What every round of the PCC meter does.
    return done;
  }));
  EXPECT_EQ(setpoint(), 0);
}

TEST_F(PackDriverFault, AFailedOldWriteDoesNotStandBeforeTheLastOne) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  master->hold_writes = true;
  want(CommandKind::follow, 2'000_w);
  ASSERT_EQ(master->held.size(), 1U);
  bool done = false;
  driver.finish({CommandKind::follow, Watt{}, Var{}}, [&done] { done = true; });
  master->hold_writes = false;
  master->refuse_writes = true;
  master->held.front()();  // The old write fails after the end was ordered ...
  EXPECT_EQ(master->writes, 2) << "... and the last one leaves at once";
  master->refuse_writes = false;
  EXPECT_TRUE(until([&] { return done; }));
}

TEST_F(PackDriverFault, AReplacementThatIsNoLongerWantedIsNotWritten) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  master->hold_writes = true;
  want(CommandKind::stop, Watt{});
  ASSERT_EQ(master->held.size(), 1U);
  want(CommandKind::follow, 4'000_w);
  want(CommandKind::stop, Watt{});
  master->hold_writes = false;
  master->held.front()();
  ASSERT_TRUE(until([&] { return master->writes == 3; }));
  settle();
  EXPECT_EQ(setpoint(), 0);
}

/// Heartbeats the device got; everything else it takes and gives as zeros.
class HeartbeatDevice final : public modbus::RegisterAccess {
 public:
  std::optional<modbus::ExceptionCode> read(modbus::Function, std::uint16_t,
                                            std::span<std::uint16_t> out) override {
    std::fill(out.begin(), out.end(), std::uint16_t{0});
    return std::nullopt;
  }
  std::optional<modbus::ExceptionCode> write(std::uint16_t address,
                                             std::span<const std::uint16_t> values) override {
    if (address == 0) beats.push_back(values[0]);
    return std::nullopt;
  }
  std::vector<std::uint16_t> beats;
};

TEST_F(PackDriverFault, HeartbeatsLastAsLongAsTheCommandsDo) {
  HeartbeatDevice board;
  const auto line = std::make_shared<FakeMaster>(io, board);
  PackDriver beating({io.get_executor(), clock, image, log}, inverter(2), line,
                     io::find_pack("libems_io").loaded, settings());
  beating.start();
  ASSERT_TRUE(until([&] { return beating.ready(); }));
  EXPECT_TRUE(board.beats.empty()) << "reading is no sign that anybody controls";
  const auto tick = [&] {
    beating.command({CommandKind::follow, 100_w, Var{}}, {Watt{-5'000}, 5'000_w});
    const std::size_t before = board.beats.size();
    until([&] { return board.beats.size() > before; }, std::chrono::milliseconds(30));
    clock.advance(100_ms);
  };
  for (int i = 0; i < 40; ++i) tick();
  // 4 s and a little: one each 400 ms to 500 ms, every one with another count.
  EXPECT_GE(board.beats.size(), 8U);
  EXPECT_LE(board.beats.size(), 14U);
  for (std::size_t i = 1; i < board.beats.size(); ++i) {
    EXPECT_EQ(board.beats[i], board.beats[i - 1] + 1);
  }
  bool done = false;
  beating.finish({CommandKind::follow, Watt{}, Var{}}, [&done] { done = true; });
  ASSERT_TRUE(until([&] { return done; }));
  const std::size_t last = board.beats.size();
  for (int i = 0; i < 20; ++i) tick();
  EXPECT_EQ(board.beats.size(), last) << "an orderly end is an end";
  beating.stop();
}

// ---- the watchdog's part ---------------------------------------------------------------------

class WatchedPackDriverFault : public PackDriverFault {
 protected:
  WatchedPackDriverFault()
      : watched({io.get_executor(), clock, image, log}, inverter(1), master,
                io::find_pack("sunspec_pcs").loaded, watched_settings()) {}
  static PackDriverSettings watched_settings() {
    PackDriverSettings made = settings();
    made.watched = true;
    return made;
  }
  void want(Watt p) { watched.command({CommandKind::follow, p, Var{}}, {Watt{-5'000}, 5'000_w}); }
  PackDriver watched;
};

TEST_F(WatchedPackDriverFault, ItsStopIsLeftWithTheLinkOnceTheMapIsKnown) {
  EXPECT_FALSE(master->stop);
  watched.start();
  ASSERT_TRUE(until([&] { return watched.ready(); }));
  ASSERT_TRUE(master->stop);
  EXPECT_EQ(master->stop->unit, 1);
  ASSERT_EQ(master->stop->pdus.size(), 3U);
  want(2'000_w);
  ASSERT_TRUE(until([&] { return setpoint() == 2'000.0; }));
  for (const std::vector<std::byte>& pdu : master->stop->pdus) {
    std::vector<std::byte> answer(modbus::kPduSize);
    answer.resize(modbus::serve(pdu, registers, answer));
    EXPECT_TRUE(modbus::decode_write_response(pdu, answer));
  }
  EXPECT_EQ(setpoint(), 0.0);
}

TEST_F(WatchedPackDriverFault, AnUnwatchedOneLeavesNone) {
  driver.start();
  ASSERT_TRUE(until([&] { return driver.ready(); }));
  EXPECT_FALSE(master->stop);
}

TEST_F(WatchedPackDriverFault, WhatWasWrittenBeforeAStopIsWrittenAgain) {
  watched.start();
  ASSERT_TRUE(until([&] { return watched.ready(); }));
  want(2'000_w);
  ASSERT_TRUE(until([&] { return master->writes == 3; }));
  settle();
  ++master->stops_made;
  want(2'000_w);  // The same, and no refresh is due.
  EXPECT_TRUE(until([&] { return master->writes == 6; }));
}

TEST_F(WatchedPackDriverFault, ASequenceThatAStopCameIntoGoesNoFurther) {
  watched.start();
  ASSERT_TRUE(until([&] { return watched.ready(); }));
  master->hold_writes = true;
  want(2'000_w);
  ASSERT_TRUE(until([&] { return master->held.size() == 1; }));
  ++master->stops_made;
  for (auto& answer : std::exchange(master->held, {})) answer();
  settle();
  EXPECT_EQ(master->writes, 1) << "its second step would take the stop back";
  EXPECT_FALSE(watched.write_error()) << "no device refused anything";
  master->hold_writes = false;
  want(0_w);
  EXPECT_TRUE(until([&] { return master->writes == 4; }));
}

TEST_F(WatchedPackDriverFault, TheLastWordIsSaidAgainAfterAStop) {
  watched.start();
  ASSERT_TRUE(until([&] { return watched.ready(); }));
  master->hold_writes = true;
  bool done = false;
  watched.finish({CommandKind::follow, 0_w, Var{}}, [&] { done = true; });
  ASSERT_TRUE(until([&] { return master->held.size() == 1; }));
  ++master->stops_made;
  master->hold_writes = false;
  for (auto& answer : std::exchange(master->held, {})) answer();
  EXPECT_TRUE(until([&] { return done; }));
  EXPECT_EQ(master->writes, 4);
}

}  // namespace
}  // namespace ems::runtime
