// SPDX-License-Identifier: Apache-2.0
// emsctl detect: which battery protocol does a port speak?
#include <charconv>
#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "command.hpp"
#include "ems/io/detect.hpp"
#include "ems/io/link/can_endpoint.hpp"

namespace ems::cli {
namespace {

using protocol::Detected;
using protocol::DetectVerdict;

constexpr int kExitNothing = 3;
constexpr int kExitSeveral = 4;
constexpr int kExitBusy = 5;
constexpr int kExitInterrupted = 128 + SIGINT;

struct DetectOptions {
  std::string port;
  std::string tcp;
  std::string can;
  std::string candump;
  protocol::DetectSettings settings;
  std::optional<double> listen_s;
  bool acknowledge = false;
  bool json = false;
  bool verbose = false;
};

volatile std::sig_atomic_t interrupted = 0;

int exit_code(DetectVerdict verdict) {
  switch (verdict) {
    case DetectVerdict::found:
      return 0;
    case DetectVerdict::several:
      return kExitSeveral;
    case DetectVerdict::busy:
      return kExitBusy;
    default:
      return kExitNothing;
  }
}

/// HOST:PORT; an IPv6 host in brackets.
std::optional<io::TcpEndpoint> endpoint_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  io::TcpEndpoint endpoint{.host = text.substr(0, colon)};
  if (endpoint.host.starts_with('[') && endpoint.host.ends_with(']')) {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + colon + 1, end, endpoint.port);
  if (error != std::errc{} || at != end || endpoint.port == 0) return std::nullopt;
  return endpoint;
}

std::string rate_text(std::uint32_t bit_rate) {
  return bit_rate == 0 ? "the line's rate" : std::to_string(bit_rate) + " bit/s";
}

std::string candidate_text(const protocol::DetectCandidate& candidate) {
  std::string text(candidate.codec->name());
  if (!candidate.variant.empty()) text += ", " + std::string(candidate.variant);
  if (candidate.address) text += ", address " + std::to_string(*candidate.address);
  return text + ", " + rate_text(candidate.bit_rate);
}

void print_tried(const protocol::DetectTried& tried) {
  const std::string outcome(to_string(tried.outcome));
  std::fprintf(stderr, "%-56s %s", candidate_text(tried.candidate).c_str(), outcome.c_str());
  if (tried.bytes > 0) std::fprintf(stderr, ", %" PRIu32 " bytes", tried.bytes);
  if (tried.error) std::fprintf(stderr, ": %s", tried.error->what);
  std::fputc('\n', stderr);
}

/// What is known of one protocol, in a line, and what the replies leave open.
std::string found_text(const Detected& detected) {
  const protocol::ProtocolInfo& info = detected.candidate.codec->info();
  std::string text = candidate_text(detected.candidate) + " (" + std::string(info.title) + "): ";
  if (detected.asked == 0) {
    text += "heard";
  } else {
    text += "answered " + std::to_string(detected.answered) + " of " +
            std::to_string(detected.asked) + " requests";
  }
  if (detected.adds_up) {
    text += *detected.adds_up ? "; its cells add up to the pack voltage"
                              : "; its cells do not add up to the pack voltage";
  }
  std::string variants;
  for (std::size_t i = 0; i < info.variants.size(); ++i) {
    if ((detected.variants >> i & 1U) == 0) continue;
    variants += (variants.empty() ? "" : ", ") + std::string(info.variants[i]);
  }
  if (variants.find(',') != std::string::npos) text += "; the variant is open: " + variants;
  return text + "\n";
}

std::string verdict_text(const io::Detection& detection, const io::DetectPort& port) {
  std::string text;
  switch (detection.verdict) {
    case DetectVerdict::found:
      text = found_text(detection.found.front());
      return text + "\n" + io::site_lines(port, detection.found.front());
    case DetectVerdict::several:
      text = "several protocols fit; look at the values of each and choose:\n";
      break;
    case DetectVerdict::busy:
      text = "somebody else speaks on this line (" + std::to_string(detection.heard.unasked) +
             " bytes); nothing was sent";
      text += detection.found.empty() ? "\n" : ". It sounds like:\n";
      break;
    default: {
      const protocol::DetectHeard& heard = detection.heard;
      text = "no battery protocol answered: " + std::to_string(heard.bytes) + " bytes came";
      for (const auto outcome :
           {protocol::DetectOutcome::echo, protocol::DetectOutcome::noise,
            protocol::DetectOutcome::damaged, protocol::DetectOutcome::refused}) {
        if (heard.count(outcome) == 0) continue;
        text +=
            ", " + std::to_string(heard.count(outcome)) + " x " + std::string(to_string(outcome));
      }
      return text + "\n";
    }
  }
  for (const Detected& one : detection.found) text += "  " + found_text(one);
  return text;
}

std::string verdict_text(const io::CanDetection& detection) {
  std::string text = std::to_string(detection.frames) + " frames of " +
                     std::to_string(detection.identifiers) + " identifiers; ";
  if (detection.frames == 0) return "nothing was heard\n";
  if (detection.best == 0) {
    return text + "no battery protocol known here reads two of them\n";
  }
  text += detection.best == 1 ? "spoken:\n" : "several protocols fit; choose:\n";
  for (std::size_t i = 0; i < detection.ranked.size(); ++i) {
    if (i == detection.best) text += "less likely:\n";
    const protocol::CanDetected& one = detection.ranked[i];
    text += "  " + std::string(one.codec->name()) + ": reads " + std::to_string(one.messages) +
            " messages";
    if (one.refused > 0) text += ", refuses " + std::to_string(one.refused) + " frames";
    text += "\n";
  }
  return text;
}

[[noreturn]] void detect_recorded(const DetectOptions& options) {
  const Result<io::CanDetection> detection = io::detect_recording(options.candump);
  if (!detection) end_with(options.candump, detection.error());
  print(options.json ? io::to_json(*detection) : verdict_text(*detection));
  throw CLI::RuntimeError(exit_code(detection->verdict));
}

Duration duration_of(double seconds) {
  return microseconds(static_cast<std::int64_t>(seconds * 1e6));
}

/// From now on: says whether somebody wants to end it.
std::function<bool()> until_interrupted() {
  interrupted = 0;
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });
  return [] { return interrupted != 0; };
}

[[noreturn]] void end_interrupted() {
  std::fprintf(stderr, "emsctl: detect: interrupted; the port is closed\n");
  throw CLI::RuntimeError(kExitInterrupted);
}

/// Nothing came: why that may be.
void print_deaf(const io::CanDetection& detection, const DetectOptions& options) {
  if (!detection.bit_rate || options.acknowledge || detection.frames > 0) return;
  std::fprintf(stderr,
               "a battery alone on its bus is heard only by an adapter that acknowledges: "
               "--acknowledge --bit-rate 500000\n");
}

[[noreturn]] void detect_live_can(const DetectOptions& options) {
  const Result<io::BatteryLink> bus = io::parse_can_endpoint(options.can);
  if (!bus) throw CLI::ValidationError("--can", bus.error().what + (": " + options.can));
  io::CanListening listening{.bit_rate = options.settings.bit_rate,
                             .acknowledge = options.acknowledge};
  if (options.listen_s) listening.listen = duration_of(*options.listen_s);
  if (listening.listen <= Duration::zero()) {
    throw CLI::ValidationError("--listen", "a CAN bus is only listened to: above 0 s");
  }
  const std::size_t rates = io::can_bit_rates(*bus, listening).size();
  std::fprintf(stderr, "listens for %.1f s%s and sends nothing; Ctrl-C ends it\n",
               static_cast<double>(listening.listen.count()) / 1e6,
               rates > 1 ? ", at each bit rate until a frame is heard," : "");
  const io::CanDetection detection = io::detect_can(*bus, listening, until_interrupted());
  if (detection.failed) end_with("detect", detection.failed->error, detection.failed->message);
  if (options.json) {
    print(io::to_json(detection));
  } else if (!detection.cancelled) {
    std::string text = verdict_text(detection);
    if (detection.verdict == DetectVerdict::found) {
      text += "\n" + io::site_lines(*bus, detection, detection.ranked.front());
    }
    print(text);
    print_deaf(detection, options);
  }
  if (detection.cancelled) end_interrupted();
  throw CLI::RuntimeError(exit_code(detection.verdict));
}

/// Said before anything is sent.
void print_plan(const protocol::DetectSettings& settings) {
  const protocol::Detector plan(settings);
  std::fprintf(stderr,
               "listens for %.1f s, then asks in %zu ways: %.0f s at most; Ctrl-C ends it\n",
               static_cast<double>(settings.listen.count()) / 1e6, plan.candidate_count(),
               static_cast<double>(plan.longest().count()) / 1e6);
}

void detect(DetectOptions& options) {
  if (!options.candump.empty()) detect_recorded(options);
  if (!options.can.empty()) detect_live_can(options);
  io::DetectPort port = options.port;
  if (!options.tcp.empty()) {
    const std::optional<io::TcpEndpoint> endpoint = endpoint_of(options.tcp);
    if (!endpoint) throw CLI::ValidationError("--tcp", "HOST:PORT expected: " + options.tcp);
    port = *endpoint;
  }
  if (options.listen_s) options.settings.listen = duration_of(*options.listen_s);
  const protocol::DetectSettings settings = io::settings_for(port, options.settings);
  print_plan(settings);
  io::DetectWatch watch{.cancelled = until_interrupted()};
  if (options.verbose) watch.tried = print_tried;
  const io::Detection detection = io::detect_serial(port, settings, watch);
  if (detection.failed) {
    end_with("detect", detection.failed->error, detection.failed->message);
  }
  if (options.json) {
    print(io::to_json(detection));
  } else if (!detection.cancelled) {
    print(verdict_text(detection, port));
  }
  if (detection.cancelled) end_interrupted();
  if (const int code = exit_code(detection.verdict); code != 0) throw CLI::RuntimeError(code);
}

}  // namespace

void add_detect_command(CLI::App& app) {
  const auto options = std::make_shared<DetectOptions>();
  CLI::App* command = app.add_subcommand("detect", "Find out which battery protocol a port speaks");
  protocol::DetectSettings& settings = options->settings;
  CLI::Option* port = command->add_option("--port", options->port, "A serial device: /dev/ttyUSB0");
  CLI::Option* tcp =
      command->add_option("--tcp", options->tcp, "HOST:PORT of a serial line behind TCP");
  CLI::Option* candump = command->add_option("--candump", options->candump,
                                             "A recording of a CAN bus, instead of a port");
  CLI::Option* can = command->add_option(
      "--can", options->can,
      "A CAN bus, which is only listened to: socketcan:can0, slcan:DEVICE[@BAUD], "
      "slcan_tcp:HOST:PORT, socketcand:HOST:PORT[/BUS], cannelloni:HOST:PORT[,LISTEN:PORT]");
  port->excludes(tcp)->excludes(candump)->excludes(can);
  tcp->excludes(candump)->excludes(can);
  can->excludes(candump);
  CLI::Option* rate =
      command->add_option("--bit-rate", settings.bit_rate,
                          "Only this rate, in bit/s; default: those each protocol is found at");
  rate->excludes(tcp)->check(CLI::Range(1'200, 1'000'000));
  CLI::Option* address = command->add_option("--address", settings.address,
                                             "Only this address; default: the usual ones");
  address->check(CLI::Range(0, 255));
  CLI::Option* all = command->add_flag("--all-addresses", settings.all_addresses,
                                       "All addresses of each protocol; takes minutes");
  all->excludes(address);
  CLI::Option* writing = command->add_flag(
      "--ask-by-writing", settings.ask_by_writing,
      "Last, send the request of JK PB boards, which is a write; it changes nothing there");
  CLI::Option* busy = command->add_flag("--even-if-busy", settings.even_if_busy,
                                        "Ask although somebody else was heard on the line");
  CLI::Option* listen = command->add_option(
      "--listen", options->listen_s,
      "Listen for so long, s: before asking (default 2), or to each bit rate of a CAN bus (10)");
  listen->check(CLI::Range(0.0, 600.0));
  CLI::Option* acknowledge = command->add_flag(
      "--acknowledge", options->acknowledge,
      "Let a CAN adapter acknowledge frames, for a battery alone on its bus; needs the bit rate");
  acknowledge->needs(can)->needs(rate);
  for (CLI::Option* option : {address, all, writing, busy}) option->excludes(can);
  for (CLI::Option* option : {rate, address, all, writing, busy, listen}) option->excludes(candump);
  command->add_flag("--json", options->json, "The result as JSON");
  command->add_flag("--verbose", options->verbose, "One line for each way of asking");
  command->callback([options] {
    if (options->port.empty() && options->tcp.empty() && options->can.empty() &&
        options->candump.empty()) {
      throw CLI::RequiredError("--port, --tcp, --can or --candump");
    }
    detect(*options);
  });
}

}  // namespace ems::cli
