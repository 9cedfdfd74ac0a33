# SPDX-License-Identifier: Apache-2.0
# Installation: headers, libraries, CMake package (components c and cpp) and pkg-config files. A consumer of the
# component c needs none of the C++ library's dependencies.
include(CMakePackageConfigHelpers)

install(TARGETS dbxauth EXPORT dbxauth-cpp-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cpp)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/dbxauth DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT cpp)
install(EXPORT dbxauth-cpp-targets NAMESPACE dbxauth:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dbxauth COMPONENT cpp)

# Relative to the .pc file, so that an installation may be moved.
file(RELATIVE_PATH DBXAUTH_PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(_pkgconfig_files)
if(TARGET dbxauth_c)
  install(TARGETS dbxauth_c EXPORT dbxauth-c-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT c)
  install(FILES ${PROJECT_SOURCE_DIR}/capi/dbxauth.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT c)
  install(EXPORT dbxauth-c-targets NAMESPACE dbxauth:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dbxauth COMPONENT c)
  configure_file(cmake/dbxauth.pc.in ${PROJECT_BINARY_DIR}/dbxauth.pc @ONLY)
  list(APPEND _pkgconfig_files ${PROJECT_BINARY_DIR}/dbxauth.pc)
endif()
configure_file(cmake/dbxauth-cpp.pc.in ${PROJECT_BINARY_DIR}/dbxauth-cpp.pc @ONLY)
list(APPEND _pkgconfig_files ${PROJECT_BINARY_DIR}/dbxauth-cpp.pc)
install(FILES ${_pkgconfig_files} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

configure_package_config_file(cmake/dbxauth-config.cmake.in ${PROJECT_BINARY_DIR}/dbxauth-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dbxauth)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dbxauth-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/dbxauth-config.cmake ${PROJECT_BINARY_DIR}/dbxauth-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dbxauth)

foreach(_program dbxauth_cli dbxauth-emulator)
  if(TARGET ${_program})
    install(TARGETS ${_program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  endif()
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
