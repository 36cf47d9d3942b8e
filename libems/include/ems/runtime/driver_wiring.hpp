// SPDX-License-Identifier: Apache-2.0
/// @file What every driver of a site is wired to.
#pragma once

#include <asio/any_io_executor.hpp>

#include "ems/model/clock.hpp"
#include "ems/runtime/site_image.hpp"

namespace spdlog {
class logger;
}

namespace ems::runtime {

/// References outlive the driver; the executor is the site's strand.
struct DriverWiring {
  asio::any_io_executor executor;
  const Clock& clock;
  SiteImage& image;
  spdlog::logger& log;
};

}  // namespace ems::runtime
