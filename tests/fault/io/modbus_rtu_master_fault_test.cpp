// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "support/modbus_peers.hpp"

namespace ems::test {
namespace {

std::unique_ptr<io::ModbusMaster> master_for(asio::io_context& io, const std::string& device) {
  io::ModbusRtuOptions options;
  options.device = device;
  options.baud = 115'200;
  options.reopen_every = milliseconds(1);
  return io::make_modbus_rtu_master(io.get_executor(), options);
}

TEST(ModbusRtuMaster, LibmodbusTalksToOurServer) {
  PtyPair pty;
  RtuServer server(pty.host());
  asio::io_context io;
  const auto master = master_for(io, pty.device());
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = read_pdu(7, 40)})), 307);
  std::vector<std::byte> write(5);
  ASSERT_TRUE(modbus::encode_write_single_request(8, 0xBEEF, write));
  EXPECT_TRUE(transact(io, *master, {.unit = 2, .pdu = write}));
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = read_pdu(8, 1)})), 0xBEEF);
  EXPECT_EQ(master->counters().answers, 3U);
  EXPECT_TRUE(master->connected());
}

TEST(ModbusRtuMaster, NamesCrcErrorsExceptionsAndSilence) {
  PtyPair pty;
  RtuServer server(pty.host());
  asio::io_context io;
  const auto master = master_for(io, pty.device());
  const auto broken = read_pdu(RtuServer::kBrokenCrcAt, 1);
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = broken}).error().code, Errc::checksum);
  const auto beyond = transact(io, *master, {.unit = 1, .pdu = read_pdu(99, 2)});
  EXPECT_EQ(beyond.error(), (Error{Errc::exception, 2}));
  const auto silent =
      transact(io, *master, {.unit = 9, .pdu = read_pdu(0, 1), .timeout = milliseconds(60)});
  EXPECT_EQ(silent.error().code, Errc::timeout);
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = read_pdu(0, 1)})), 300);
  const auto counters = master->counters();
  EXPECT_EQ(counters.checksum_errors, 1U);
  EXPECT_EQ(counters.exceptions, 1U);
  EXPECT_EQ(counters.timeouts, 1U);
  EXPECT_EQ(counters.answers, 1U);
}

TEST(ModbusRtuMaster, ADeadUnitIsLeftAloneAfterThreeFailures) {
  PtyPair pty;
  RtuServer server(pty.host());
  asio::io_context io;
  const auto master = master_for(io, pty.device());
  const auto pdu = read_pdu(0, 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(
        transact(io, *master, {.unit = 9, .pdu = pdu, .timeout = milliseconds(40)}).error().code,
        Errc::timeout);
  }
  EXPECT_EQ(transact(io, *master, {.unit = 9, .pdu = pdu}).error().code, Errc::unavailable);
  EXPECT_EQ(master->counters().circuit_open, 1U);
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 2, .pdu = pdu})), 300);
}

TEST(ModbusRtuMaster, ALineThatIsNotThereSaysSo) {
  asio::io_context io;
  const auto master = master_for(io, "/dev/ems-no-such-line");
  const auto result = transact(io, *master, {.unit = 1, .pdu = read_pdu(0, 1)});
  EXPECT_EQ(result.error().code, Errc::unavailable);
  EXPECT_EQ(master->last_error(), "/dev/ems-no-such-line: No such file or directory");
  EXPECT_FALSE(master->connected());
}

TEST(ModbusRtuMaster, ALostLineIsUnavailableNotSilent) {
  asio::io_context io;
  PtyPair pty;
  const auto master = master_for(io, pty.device());
  {
    RtuServer server(pty.host());
    ASSERT_TRUE(transact(io, *master, {.unit = 1, .pdu = read_pdu(0, 1)}));
  }
  pty.unplug();
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = read_pdu(0, 1)}).error().code,
            Errc::unavailable);
  EXPECT_FALSE(master->connected());
}

TEST(ModbusRtuMaster, CloseCancelsWhatWaits) {
  PtyPair pty;
  asio::io_context io;
  const auto master = master_for(io, pty.device());
  int cancelled = 0;
  int others = 0;
  for (int i = 0; i < 10; ++i) {
    master->transact({.unit = 1, .pdu = read_pdu(0, 1), .timeout = milliseconds(50)},
                     [&](Result<io::ModbusResponse> r) {
                       ++(r.error().code == Errc::cancelled ? cancelled : others);
                     });
  }
  master->close();
  ASSERT_TRUE(run_until(io, [&] { return cancelled + others == 10; }));
  EXPECT_GE(cancelled, 9);  // One may have been on the line already.
}

TEST(ModbusRtuMaster, UnitsOutsideTheLineAreRejected) {
  PtyPair pty;
  asio::io_context io;
  const auto master = master_for(io, pty.device());
  for (const std::uint8_t unit : {std::uint8_t{0}, std::uint8_t{248}}) {
    EXPECT_EQ(transact(io, *master, {.unit = unit, .pdu = read_pdu(0, 1)}).error().code,
              Errc::invalid_argument);
  }
}

}  // namespace
}  // namespace ems::test
