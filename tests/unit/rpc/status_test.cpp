// SPDX-License-Identifier: Apache-2.0
#include "rpc/status.hpp"

#include <gtest/gtest.h>

namespace ems::rpc {
namespace {

TEST(Status, EveryErrorSurvivesTheWire) {
  for (const ErrcInfo& info : errc_table()) {
    const grpc::Status status = to_status(Error{info.code, 7, "why"});
    EXPECT_FALSE(status.ok()) << info.name;
    EXPECT_EQ(status.error_message(), std::string{info.name} + ": why");
    const Error error = to_error(status);
    EXPECT_EQ(error.code, info.code) << info.name;
    EXPECT_EQ(error.offset, 7);
    EXPECT_EQ(std::string{error.what}, std::string{info.meaning});
  }
}

TEST(Status, PlainStatusOfGrpcGetsTheGeneralCode) {
  EXPECT_EQ(to_error({grpc::StatusCode::UNAVAILABLE, "no"}).code, Errc::unavailable);
  EXPECT_EQ(to_error({grpc::StatusCode::DEADLINE_EXCEEDED, "no"}).code, Errc::timeout);
  EXPECT_EQ(to_error({grpc::StatusCode::ABORTED, "no"}).code, Errc::aborted);
  EXPECT_EQ(to_error({grpc::StatusCode::UNKNOWN, "no"}).code, Errc::internal);
  EXPECT_EQ(to_error({grpc::StatusCode::ABORTED, "no", "\xFFgarbage"}).code, Errc::aborted);
}

}  // namespace
}  // namespace ems::rpc
