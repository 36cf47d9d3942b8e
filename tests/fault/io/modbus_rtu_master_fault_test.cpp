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

// Sends a PDU with our framing and finds the answer with our scanner; empty when none comes.
std::vector<std::byte> exchange(int fd, std::uint8_t unit, const std::vector<std::byte>& pdu) {
  std::vector<std::byte> frame(pdu.size() + modbus::kRtuOverhead);
  EXPECT_TRUE(modbus::encode_rtu(unit, pdu, frame));
  EXPECT_EQ(::write(fd, frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  std::vector<std::byte> received;
  const Bytes asked = Bytes{frame}.first(frame.size() - 2);
  while (readable(fd, 2'000)) {
    std::array<std::byte, 256> data{};
    const ssize_t size = ::read(fd, data.data(), data.size());
    if (size <= 0) break;
    received.insert(received.end(), data.begin(), data.begin() + size);
    const protocol::FrameScan found = modbus::scan_rtu_response(asked, received);
    if (found.size == 0) continue;
    const auto answer = modbus::decode_rtu(Bytes{received}.subspan(found.noise, found.size));
    EXPECT_TRUE(answer);
    if (!answer) break;
    EXPECT_EQ(answer->unit, unit);
    return {answer->pdu.begin(), answer->pdu.end()};
  }
  return {};
}

TEST(ModbusRtuFraming, OurClientSideTalksToALibmodbusServer) {
  PtyPair pty;
  LibmodbusRtuServer server(pty.device());
  const auto pdu = read_pdu(4, 3);
  std::array<std::uint16_t, 3> registers{};
  const auto answer = exchange(pty.host(), LibmodbusRtuServer::kUnit, pdu);
  ASSERT_TRUE(modbus::decode_read_response(pdu, answer, registers));
  EXPECT_EQ(registers, (std::array<std::uint16_t, 3>{704, 705, 706}));

  std::vector<std::byte> write(8);
  const std::array<std::uint16_t, 1> value = {0x1234};
  ASSERT_TRUE(modbus::encode_write_multiple_request(9, value, write));
  EXPECT_TRUE(
      modbus::decode_write_response(write, exchange(pty.host(), LibmodbusRtuServer::kUnit, write)));
  const auto beyond = read_pdu(49, 2);
  EXPECT_EQ(modbus::decode_read_response(
                beyond, exchange(pty.host(), LibmodbusRtuServer::kUnit, beyond), registers)
                .error(),
            (Error{Errc::exception, 2}));
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
