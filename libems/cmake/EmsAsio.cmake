# ems::asio: standalone Asio with the definitions that every file of a program must share with libems. Used in the build and,
# installed, by consumers of ems::io.
if(NOT TARGET ems::asio)
  find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
  add_library(ems::asio INTERFACE IMPORTED)
  target_include_directories(ems::asio INTERFACE ${ASIO_INCLUDE_DIR})
  # Asio asks for aligned_alloc by a libstdc++ macro that is not defined yet where asio comes first in a file: two files
  # then disagree on how to free a block (found by AddressSanitizer). Off everywhere, they agree.
  target_compile_definitions(ems::asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_DISABLE_VISIBILITY
    ASIO_DISABLE_STD_ALIGNED_ALLOC
    $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE>)
  target_link_libraries(ems::asio INTERFACE Threads::Threads)
endif()
