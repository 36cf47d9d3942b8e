# packs/*.yaml as string constants in ems::io, so that programs need no files beside them. YAML stays the only source.
function(ems_embed_packs target)
  file(GLOB packs CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/packs/*.yaml)
  set(EMS_PACK_ROWS "")
  foreach(pack IN LISTS packs)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${pack})
    get_filename_component(name ${pack} NAME_WE)
    file(READ ${pack} text)
    string(APPEND EMS_PACK_ROWS "    {\"${name}\", R\"EMSPACK(${text})EMSPACK\"},\n")
  endforeach()
  configure_file(${CMAKE_CURRENT_SOURCE_DIR}/cmake/embedded_packs.cpp.in
                 ${CMAKE_CURRENT_BINARY_DIR}/embedded_packs.cpp @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded_packs.cpp)
endfunction()
