# SPDX-License-Identifier: Apache-2.0
# What Debian's machines want beside programs and libraries: manual pages, shell completion, systemd units, examples; and the
# six packages, one per install component (scripts/package). Included last, from the top.
include(GNUInstallDirs)

# Manual pages and completion, printed by the programs themselves from the tables that parse their command lines.
function(ems_install_pages target component section)
  if(NOT TARGET ${target} OR CMAKE_CROSSCOMPILING)
    return()
  endif()
  set(page ${CMAKE_BINARY_DIR}/share/man/man${section}/${target}.${section})
  set(completion ${CMAKE_BINARY_DIR}/share/bash-completion/completions/${target})
  cmake_path(GET page PARENT_PATH page_dir)
  cmake_path(GET completion PARENT_PATH completion_dir)
  add_custom_command(OUTPUT ${page}.gz ${completion}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${page_dir} ${completion_dir}
    COMMAND ${target} --print-page man > ${page}
    COMMAND gzip -9nkf ${page}
    COMMAND ${target} --print-page bash > ${completion}
    DEPENDS ${target} COMMENT "Manual page and completion of ${target}" VERBATIM)
  add_custom_target(${target}_pages ALL DEPENDS ${page}.gz ${completion})
  install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
  install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT ${component})
endfunction()

# The unit, with the paths of the prefix that is installed to, and example configurations.
function(ems_install_service app)
  set(unit ems-${app}.service)
  set(source ${CMAKE_SOURCE_DIR}/apps/${app}/packaging)
  install(CODE "
    set(EMS_BINDIR \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR})
    set(EMS_SYSCONFDIR /etc)
    if(NOT CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
      set(EMS_SYSCONFDIR \${CMAKE_INSTALL_PREFIX}/etc)
    endif()
    configure_file(${source}/${unit}.in ${CMAKE_BINARY_DIR}/packaging/${unit} @ONLY)" COMPONENT ${app})
  install(FILES ${CMAKE_BINARY_DIR}/packaging/${unit} DESTINATION lib/systemd/system COMPONENT ${app})
  file(GLOB examples CONFIGURE_DEPENDS ${source}/*.yaml)
  install(FILES ${examples} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ems-${app}/examples COMPONENT ${app})
endfunction()

if(EMS_BUILD_APPS AND TARGET emsctl)
  ems_install_pages(emsctl cli 1)
  ems_install_pages(ems-agent agent 8)
  ems_install_pages(ems-server server 8)
  ems_install_service(agent)
  ems_install_service(server)
endif()

# ---- Debian packages ---------------------------------------------------------------------------

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libems)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # Each package has its own first line.
set(CPACK_PACKAGE_VENDOR "the libems authors")
set(CPACK_PACKAGE_CONTACT "The libems authors <libems@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE libems)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(same_version "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

# ems_package(<component> NAME <package> SECTION <section> SUMMARY <line> TEXT <text> [DEPENDS ...] [RECOMMENDS ...]
#             [SUGGESTS ...] [CONTROL file ...])
set(CPACK_COMPONENTS_ALL "")
macro(ems_package component)
  cmake_parse_arguments(arg "" "NAME;SECTION;SUMMARY;TEXT;DEPENDS;RECOMMENDS;SUGGESTS" "CONTROL" ${ARGN})
  string(TOUPPER ${component} upper)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${arg_NAME})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${arg_SECTION})
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${arg_SUMMARY}\n${arg_TEXT}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${arg_DEPENDS}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_RECOMMENDS "${arg_RECOMMENDS}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_SUGGESTS "${arg_SUGGESTS}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${arg_CONTROL})
  install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${arg_NAME} RENAME copyright
          COMPONENT ${component})
endmacro()

# Maintainer scripts of a daemon's package.
function(ems_control_files app config)
  set(EMS_PACKAGE ems-${app})
  set(EMS_UNIT ems-${app}.service)
  set(EMS_CONFIG ${config})
  foreach(name IN ITEMS postinst prerm postrm)
    configure_file(${CMAKE_SOURCE_DIR}/libems/cmake/package/${name}.in ${CMAKE_BINARY_DIR}/packaging/${app}/${name} @ONLY
                   FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    list(APPEND files ${CMAKE_BINARY_DIR}/packaging/${app}/${name})
  endforeach()
  set(${app}_control ${files} PARENT_SCOPE)
endfunction()

if(TARGET ems_c)
  # Who links libems.so.0 needs this version or a later one. CPack's own would also look at the Python module and warn.
  file(WRITE ${CMAKE_BINARY_DIR}/packaging/shlibs
       "libems ${PROJECT_VERSION_MAJOR} libems0 (>= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})\n")
  ems_package(runtime NAME libems0 SECTION libs SUMMARY "Battery energy storage, C library"
    TEXT "Decodes battery and inverter protocols, keeps batteries inside their\nlimits and decides what they do. No dependency but libc."
    CONTROL ${CMAKE_BINARY_DIR}/packaging/shlibs)
  ems_package(dev NAME libems-dev SECTION libdevel SUMMARY "Battery energy storage, development files"
    TEXT "Headers, static libraries, CMake package, pkg-config files and the wire\ncontract. What is recommended is needed for the components io and rpc only."
    DEPENDS "libems0 ${same_version}"
    RECOMMENDS "libasio-dev, libssl-dev, libcurl4-openssl-dev, libmodbus-dev, libsqlitecpp-dev, libsqlite3-dev, libspdlog-dev, libyaml-cpp-dev"
    SUGGESTS "libgrpc++-dev, libprotobuf-dev, protobuf-compiler-grpc, cmake, pkg-config")
endif()
if(TARGET ems-agent)
  ems_control_files(agent site.yaml)
  ems_control_files(server server.yaml)
  ems_package(agent NAME ems-agent SECTION misc SUMMARY "Battery energy storage, the agent of one site"
    TEXT "Reads the devices of a site, keeps its batteries inside accepted limits,\ncontrols them and keeps telemetry until a server has it."
    DEPENDS "adduser, tzdata" RECOMMENDS "emsctl" CONTROL ${agent_control})
  ems_package(server NAME ems-server SECTION misc SUMMARY "Battery energy storage, the server of a fleet"
    TEXT "Takes the telemetry of a fleet's agents exactly once and answers for it."
    DEPENDS "adduser" RECOMMENDS "emsctl" CONTROL ${server_control})
  ems_package(cli NAME emsctl SECTION utils SUMMARY "Battery energy storage, command line"
    TEXT "Looks at and commands a site, asks a server, checks configuration, makes\ndevelopment certificates, decodes frames and simulates a site.")
endif()
if(TARGET ems_python)
  ems_package(python NAME python3-libems SECTION python SUMMARY "Battery energy storage, Python package"
    TEXT "Decodes frames and reads telemetry into numpy arrays."
    DEPENDS "python3 (>= 3.11), python3 (<< 3.12), python3-numpy" SUGGESTS "python3-pandas, python3-matplotlib"
    CONTROL ${CMAKE_SOURCE_DIR}/libems/cmake/package/python/postinst ${CMAKE_SOURCE_DIR}/libems/cmake/package/python/prerm)
endif()
include(CPack)
