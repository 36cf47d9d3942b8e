# Flags as an interface target, never as globals, except the sanitizers, which every object of a process must share.
add_library(ems_build_flags INTERFACE)
target_compile_options(ems_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast> $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual> -Wimplicit-fallthrough
  -fvisibility=hidden $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fno-gnu-unique>
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
if(EMS_WERROR)
  target_compile_options(ems_build_flags INTERFACE -Werror)
endif()
if(EMS_SANITIZE)
  add_compile_options(-fsanitize=${EMS_SANITIZE} -fno-omit-frame-pointer)
  if(EMS_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  add_link_options(-fsanitize=${EMS_SANITIZE})
endif()
if(EMS_BUILD_TESTS)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
find_program(EMS_CCACHE ccache)
if(EMS_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${EMS_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
define_property(TARGET PROPERTY EMS_LAYER BRIEF_DOCS "Layer of DESIGN section 2" FULL_DOCS "L0 .. L4")
