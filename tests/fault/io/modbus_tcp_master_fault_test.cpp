// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "ems/protocol/modbus/tcp.hpp"
#include "support/modbus_peers.hpp"

namespace ems::test {
namespace {

using io::ModbusCounters;
using io::ModbusMaster;
using io::ModbusRequest;

constexpr Duration kShort = milliseconds(100);

std::unique_ptr<ModbusMaster> master_for(asio::io_context& io, std::uint16_t port) {
  io::ModbusTcpOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.backoff_first = milliseconds(20);
  return io::make_modbus_tcp_master(io.get_executor(), options);
}

std::vector<std::byte> tcp_answer(Bytes request, const std::vector<std::byte>& pdu,
                                  std::uint16_t transaction_offset = 0) {
  const auto frame = modbus::decode_tcp(request);
  std::vector<std::byte> out(modbus::kMbapSize + pdu.size());
  const auto transaction = static_cast<std::uint16_t>(frame->transaction + transaction_offset);
  EXPECT_TRUE(modbus::encode_tcp(transaction, frame->unit, pdu, out));
  return out;
}

std::uint64_t outcomes(const ModbusCounters& c) {
  return c.answers + c.exceptions + c.timeouts + c.checksum_errors + c.frame_errors +
         c.unavailable + c.circuit_open + c.queue_full + c.rejected + c.cancelled;
}

TEST(ModbusTcpMaster, ReadsAndWritesALibmodbusServer) {
  LibmodbusServer server;
  asio::io_context io;
  const auto master = master_for(io, server.port());
  const auto holding = read_pdu(10, 100);
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = holding})), 1010);
  const auto input = read_pdu(3, 2, modbus::Function::read_input_registers);
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = input})), 5003);

  std::vector<std::byte> write(10);
  const std::array<std::uint16_t, 2> values = {0xFFFF, 0xFB2E};
  ASSERT_TRUE(modbus::encode_write_multiple_request(20, values, write));
  EXPECT_TRUE(transact(io, *master, {.unit = 1, .pdu = write}));
  const auto back = read_pdu(21, 1);
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = back})), 0xFB2E);
  EXPECT_EQ(master->counters().answers, 4U);
  EXPECT_TRUE(master->connected());
}

TEST(ModbusTcpMaster, AnExceptionIsAnErrorWithItsCode) {
  LibmodbusServer server;
  asio::io_context io;
  const auto master = master_for(io, server.port());
  const auto beyond = read_pdu(LibmodbusServer::kRegisters, 1);
  for (int i = 0; i < 5; ++i) {  // A device that refuses is alive: its circuit stays closed.
    const auto result = transact(io, *master, {.unit = 1, .pdu = beyond});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), (Error{Errc::exception, 2}));
  }
  EXPECT_EQ(master->counters().exceptions, 5U);
}

TEST(ModbusTcpMaster, ADeadUnitCostsTheOthersNothing) {
  LibmodbusServer server(9);
  asio::io_context io;
  const auto master = master_for(io, server.port());
  const auto pdu = read_pdu(0, 1);
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = pdu})), 1000);
  for (int i = 0; i < 3; ++i) {
    std::optional<Result<io::ModbusResponse>> dead;
    master->transact({.unit = 9, .pdu = pdu, .timeout = kShort},
                     [&dead](Result<io::ModbusResponse> r) { dead = std::move(r); });
    EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = pdu})), 1000);
    EXPECT_FALSE(dead) << "unit 1 was answered while unit 9 was still waited for";
    ASSERT_TRUE(run_until(io, [&dead] { return dead.has_value(); }));
    EXPECT_EQ(dead->error().code, Errc::timeout);
  }
  const auto refused = transact(io, *master, {.unit = 9, .pdu = pdu, .timeout = kShort});
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_EQ(master->counters().circuit_open, 1U);
  const auto urgent =
      transact(io, *master, {.unit = 9, .pdu = pdu, .timeout = kShort, .urgent = true});
  EXPECT_EQ(urgent.error().code, Errc::timeout) << "a stop goes through an open circuit";
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = pdu})), 1000);
  EXPECT_EQ(master->counters().connects, 1U);
}

TEST(ModbusTcpMaster, AnswersWithAnotherTransactionAreDropped) {
  const std::vector<std::byte> right = {std::byte{3}, std::byte{2}, std::byte{0}, std::byte{42}};
  const std::vector<std::byte> wrong = {std::byte{3}, std::byte{2}, std::byte{0}, std::byte{13}};
  ScriptedServer server([&](Bytes request) {
    auto answer = tcp_answer(request, wrong, 100);
    const auto second = tcp_answer(request, right);
    answer.insert(answer.end(), second.begin(), second.end());
    return std::optional{answer};
  });
  asio::io_context io;
  const auto master = master_for(io, server.port());
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = read_pdu(0, 1)})), 42);
  EXPECT_EQ(master->counters().late_answers, 1U);
}

TEST(ModbusTcpMaster, AnAnswerOfTheWrongLengthIsNamed) {
  const std::vector<std::byte> two = {std::byte{3}, std::byte{4}, std::byte{0},
                                      std::byte{1}, std::byte{0}, std::byte{2}};
  ScriptedServer server([&](Bytes request) { return std::optional{tcp_answer(request, two)}; });
  asio::io_context io;
  const auto master = master_for(io, server.port());
  const auto result = transact(io, *master, {.unit = 1, .pdu = read_pdu(0, 1)});
  EXPECT_EQ(result.error(), (Error{Errc::length, 1}));
  EXPECT_EQ(master->counters().frame_errors, 1U);
}

TEST(ModbusTcpMaster, ACutConnectionFailsWhatWaitsAndComesBack) {
  std::atomic<int> requests = 0;
  const std::vector<std::byte> right = {std::byte{3}, std::byte{2}, std::byte{0}, std::byte{42}};
  ScriptedServer server([&](Bytes request) -> std::optional<std::vector<std::byte>> {
    if (++requests == 1) return std::nullopt;
    return tcp_answer(request, right);
  });
  asio::io_context io;
  const auto master = master_for(io, server.port());
  const auto pdu = read_pdu(0, 1);
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = pdu}).error().code, Errc::unavailable);
  EXPECT_NE(master->last_error().find("modbus-tcp://127.0.0.1:"), std::string::npos);
  ASSERT_TRUE(run_until(io, [&] { return master->connected(); }));
  EXPECT_EQ(first_register(transact(io, *master, {.unit = 1, .pdu = pdu})), 42);
  EXPECT_EQ(master->counters().connects, 2U);
}

TEST(ModbusTcpMaster, GarbageDropsTheConnection) {
  ScriptedServer server([](Bytes) { return std::optional{std::vector(64, std::byte{0xEE})}; });
  asio::io_context io;
  const auto master = master_for(io, server.port());
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = read_pdu(0, 1)}).error().code,
            Errc::unavailable);
  EXPECT_EQ(master->counters().disconnects, 1U);
}

TEST(ModbusTcpMaster, NobodyListeningIsUnavailableWithAReason) {
  std::uint16_t port = 0;
  {
    ScriptedServer gone([](Bytes) { return std::nullopt; });
    port = gone.port();
  }
  asio::io_context io;
  const auto master = master_for(io, port);
  const auto pdu = read_pdu(0, 1);
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = pdu}).error().code, Errc::unavailable);
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = pdu}).error().code, Errc::unavailable);
  EXPECT_NE(master->last_error().find("refused"), std::string::npos) << master->last_error();
}

TEST(ModbusTcpMaster, TheQueueIsBoundedAndKeepsRoomForUrgentRequests) {
  ScriptedServer server([](Bytes) { return std::optional{std::vector<std::byte>{}}; });
  asio::io_context io;
  const auto master = master_for(io, server.port());
  const auto pdu = read_pdu(0, 1);
  int full = 0;
  int cancelled = 0;
  const auto count = [&](Result<io::ModbusResponse> r) {
    full += r.error().code == Errc::resource_exhausted ? 1 : 0;
    cancelled += r.error().code == Errc::cancelled ? 1 : 0;
  };
  const auto sent = static_cast<int>(io::kModbusQueueSize) + 5;
  for (int i = 0; i < sent; ++i) master->transact({.unit = 1, .pdu = pdu}, count);
  master->transact({.unit = 1, .pdu = pdu, .urgent = true}, count);
  master->close();
  ASSERT_TRUE(run_until(io, [&] { return full + cancelled == sent + 1; }));
  EXPECT_EQ(full, 5);
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = pdu}).error().code, Errc::cancelled);
  EXPECT_EQ(outcomes(master->counters()), master->counters().requests);
}

// A stop must not be taken back by a set-point that waited while it overtook.
TEST(ModbusTcpMaster, AnUrgentRequestVoidsTheWaitingWritesOfItsUnit) {
  LibmodbusServer server;
  asio::io_context io;
  const auto master = master_for(io, server.port());
  const auto write = [](std::uint16_t value) {
    std::vector<std::byte> pdu(8);
    EXPECT_TRUE(modbus::encode_write_multiple_request(20, std::array{value}, pdu));
    return pdu;
  };
  const auto read = read_pdu(20, 1);
  std::vector<std::string> ends;
  const auto note = [&ends](const char* what) {
    return [&ends, what](Result<io::ModbusResponse> r) {
      ends.push_back(std::string(what) +
                     (r ? "" : std::string(" ") + to_string(r.error().code).data()));
    };
  };
  master->transact({.unit = 1, .pdu = read}, note("read"));  // They wait: nothing is connected yet.
  master->transact({.unit = 1, .pdu = write(7)}, note("set-point"));
  master->transact({.unit = 2, .pdu = write(8)}, note("another's"));
  master->transact({.unit = 1, .pdu = write(9), .urgent = true}, note("stop"));
  ASSERT_TRUE(run_until(io, [&] { return ends.size() == 4; }));
  std::sort(ends.begin(), ends.end());
  EXPECT_EQ(ends, (std::vector<std::string>{"another's", "read", "set-point cancelled", "stop"}));
  EXPECT_EQ(outcomes(master->counters()), master->counters().requests);
}

TEST(ModbusTcpMaster, WhatIsWantedAfterAStopOfTheWatchdogIsSent) {
  LibmodbusServer server;
  asio::io_context io;
  const auto master = master_for(io, server.port());
  const auto pdu = read_pdu(0, 1);
  ASSERT_TRUE(transact(io, *master, {.unit = 1, .pdu = pdu}));
  master->set_stop({1, {}, {read_pdu(5, 1)}});
  master->begin_stop();
  ASSERT_TRUE(master->advance_stop());
  master->end_stop();
  ASSERT_EQ(master->stops(), 1U);
  EXPECT_TRUE(transact(io, *master, {.unit = 1, .pdu = pdu})) << "the first order of the next tick";
}

// What TCP still holds of a lost connection must not arrive after what the next one says.
TEST(ModbusTcpMaster, ALostConnectionTakesItsUnsentBytesWithIt) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  asio::io_context io;
  const auto master = master_for(io, port_of(listener));
  const auto pdu = read_pdu(0, 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(transact(io, *master, {.unit = 1, .pdu = pdu, .timeout = kShort}));
  }
  ASSERT_TRUE(run_until(io, [&] { return master->counters().disconnects > 0; }));
  const int peer = ::accept(listener, nullptr, nullptr);
  std::array<std::byte, 512> data{};
  ssize_t size = 0;
  while ((size = ::read(peer, data.data(), data.size())) > 0) {
  }
  EXPECT_EQ(size, -1);
  EXPECT_EQ(errno, ECONNRESET);
  ::close(peer);
  ::close(listener);
}

TEST(ModbusTcpMaster, NoCallbackComesAfterTheDestructor) {
  LibmodbusServer server;
  asio::io_context io;
  auto master = master_for(io, server.port());
  int calls = 0;
  for (int i = 0; i < 4; ++i) {
    master->transact({.unit = 1, .pdu = read_pdu(0, 1)},
                     [&calls](Result<io::ModbusResponse>) { ++calls; });
  }
  master.reset();
  io.run_for(std::chrono::milliseconds(200));
  EXPECT_EQ(calls, 0);
}

TEST(ModbusTcpMaster, BadRequestsAreRejected) {
  asio::io_context io;
  const auto master = master_for(io, 1);
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = {}}).error().code, Errc::invalid_argument);
  const std::vector<std::byte> large(254);
  EXPECT_EQ(transact(io, *master, {.unit = 1, .pdu = large}).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace ems::test
