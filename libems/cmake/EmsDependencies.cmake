# Third-party packages, all from Debian 12. Each has its one find call here.
if(EMS_BUILD_IO)
  find_package(Threads REQUIRED)
  find_package(PkgConfig REQUIRED)
  find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
  add_library(ems_asio INTERFACE)
  add_library(asio::asio ALIAS ems_asio)
  target_include_directories(ems_asio SYSTEM INTERFACE ${ASIO_INCLUDE_DIR})
  # Asio asks for aligned_alloc by a libstdc++ macro that is not defined yet where asio comes first in a file: two files
  # then disagree on how to free a block (found by AddressSanitizer). Off everywhere, they agree.
  target_compile_definitions(ems_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_DISABLE_VISIBILITY
    ASIO_DISABLE_STD_ALIGNED_ALLOC
    $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE>)
  target_link_libraries(ems_asio INTERFACE Threads::Threads)
  find_package(Protobuf 3.21 REQUIRED)
  find_package(OpenSSL 3.0 REQUIRED)
  find_package(gRPC 1.51 CONFIG REQUIRED)
  find_package(SQLiteCpp 3.2 CONFIG REQUIRED)
  find_package(yaml-cpp REQUIRED)
  find_package(spdlog CONFIG REQUIRED)
  find_package(nlohmann_json CONFIG REQUIRED)
  find_package(CLI11 CONFIG REQUIRED)
  pkg_check_modules(MODBUS REQUIRED IMPORTED_TARGET libmodbus)
endif()
if(EMS_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(nlohmann_json CONFIG REQUIRED)
endif()
