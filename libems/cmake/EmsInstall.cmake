# Installs the SDK: libraries, public headers, the CMake package `libems`, pkg-config files, the wire contract.
#
# Each layer belongs to one component of find_package(libems COMPONENTS ...), which has its own file of targets, so that nobody
# needs the dependencies of what they do not use. The C library adds itself to the export set of core, libemsTargets.
# The COMPONENTs of install() are the Debian packages: runtime dev agent server cli python.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

foreach(dir IN ITEMS LIBDIR INCLUDEDIR DATADIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    message(FATAL_ERROR "CMAKE_INSTALL_${dir} must be relative to the prefix: an installed libems can be moved")
  endif()
endforeach()

set(core_layers L0 L1 L1h)
set(io_layers L2)
set(runtime_layers L3)
set(rpc_layers L4)
set(core_export libemsTargets)
set(io_export libemsIoTargets)
set(runtime_export libemsRuntimeTargets)
set(rpc_export libemsRpcTargets)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libems)
set(EMS_INSTALLED_COMPONENTS)
set(core_modules)
get_property(modules GLOBAL PROPERTY EMS_MODULES)
foreach(component IN ITEMS core io runtime rpc)
  foreach(module IN LISTS modules)
    get_target_property(layer ems_${module} EMS_LAYER)
    if(NOT layer IN_LIST ${component}_layers)
      continue()
    endif()
    install(TARGETS ems_${module} EXPORT ${${component}_export} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
    if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/ems/${module})  # ota_tuf's go with ota's.
      install(DIRECTORY include/ems/${module} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ems COMPONENT dev)
    endif()
    list(APPEND ${component}_modules ${module})
  endforeach()
  if(NOT ${component}_modules)
    continue()
  endif()
  list(APPEND EMS_INSTALLED_COMPONENTS ${component})
  install(EXPORT ${${component}_export} FILE libems-${component}.cmake NAMESPACE ems:: DESTINATION ${package_dir} COMPONENT dev)
endforeach()
if(EMS_BUILD_C)
  list(APPEND EMS_INSTALLED_COMPONENTS c)
endif()

# ems::ems: everything that has no dependency.
add_library(ems_ems INTERFACE)
add_library(ems::ems ALIAS ems_ems)
set_target_properties(ems_ems PROPERTIES EXPORT_NAME ems)
list(TRANSFORM core_modules PREPEND ems:: OUTPUT_VARIABLE core_targets)
target_link_libraries(ems_ems INTERFACE ${core_targets})
install(TARGETS ems_ems EXPORT libemsTargets)

configure_package_config_file(cmake/libemsConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/libemsConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/libemsConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libemsConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/libemsConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT dev)

# pkg-config, relative to the file itself so that the tree can be moved. Static libraries: dependents come first.
file(RELATIVE_PATH EMS_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" EMS_PC_TO_PREFIX "${EMS_PC_TO_PREFIX}")
list(TRANSFORM core_modules PREPEND -lems_ OUTPUT_VARIABLE EMS_PC_CORE_LIBS)
list(REVERSE EMS_PC_CORE_LIBS)
list(JOIN EMS_PC_CORE_LIBS " " EMS_PC_CORE_LIBS)
get_target_property(EMS_PC_CORE_DEFINES ems_core INTERFACE_COMPILE_DEFINITIONS)  # Sizes of tables, where they were chosen.
if(EMS_PC_CORE_DEFINES)
  list(TRANSFORM EMS_PC_CORE_DEFINES PREPEND " -D")
  list(JOIN EMS_PC_CORE_DEFINES "" EMS_PC_CORE_DEFINES)
else()
  set(EMS_PC_CORE_DEFINES)
endif()
set(pc_files libems-core.pc)
if(EMS_BUILD_C)
  list(APPEND pc_files ems.pc)
endif()
foreach(file IN LISTS pc_files)
  configure_file(cmake/${file}.in ${CMAKE_CURRENT_BINARY_DIR}/${file} @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()

if(TARGET ems_rpc)
  install(TARGETS ems_proto EXPORT libemsRpcTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
  install(FILES cmake/EmsAsio.cmake DESTINATION ${package_dir} COMPONENT dev)
  # For clients in other languages: the .proto files, and all of them with their imports as one FileDescriptorSet.
  install(DIRECTORY proto/ems DESTINATION ${CMAKE_INSTALL_DATADIR}/libems/proto COMPONENT dev FILES_MATCHING PATTERN "*.proto")
  install(FILES ${CMAKE_BINARY_DIR}/gen/ems.v1.descriptors.pb DESTINATION ${CMAKE_INSTALL_DATADIR}/libems/proto COMPONENT dev)
endif()
