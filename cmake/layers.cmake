# SPDX-License-Identifier: Apache-2.0
# dbxauth_add_layer(name SOURCES ... DEPENDS layer... LINK library...)
#   One folder of src/ as an internal static library. DEPENDS names the layers below it; the installed libraries are made
#   from the objects of all layers (src/CMakeLists.txt).
function(dbxauth_add_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(dbxauth_layer_${name} STATIC ${LAYER_SOURCES})
  target_include_directories(dbxauth_layer_${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(dbxauth_layer_${name} PUBLIC tl::expected Threads::Threads PRIVATE ${LAYER_LINK})
  foreach(below IN LISTS LAYER_DEPENDS)
    target_link_libraries(dbxauth_layer_${name} PUBLIC dbxauth_layer_${below})
  endforeach()
  dbxauth_warnings(dbxauth_layer_${name})
  set_property(GLOBAL APPEND PROPERTY DBXAUTH_LAYERS ${name})
  set_property(GLOBAL APPEND PROPERTY DBXAUTH_LAYER_LINKS ${LAYER_LINK})
endfunction()

# dbxauth_add_unit_tests(layer SOURCES ... [DEPENDS layer...])
#   dbxauth_<layer>_tests, one ctest entry, linked with the one Catch main.
function(dbxauth_add_unit_tests name)
  cmake_parse_arguments(TESTS "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_executable(dbxauth_${name}_tests ${TESTS_SOURCES})
  target_link_libraries(dbxauth_${name}_tests PRIVATE dbxauth_test_main ${TESTS_LINK})
  foreach(layer IN LISTS TESTS_DEPENDS)
    target_link_libraries(dbxauth_${name}_tests PRIVATE dbxauth_layer_${layer})
  endforeach()
  dbxauth_warnings(dbxauth_${name}_tests)
  add_test(NAME unit.${name} COMMAND dbxauth_${name}_tests)
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()
