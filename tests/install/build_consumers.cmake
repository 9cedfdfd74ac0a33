# SPDX-License-Identifier: Apache-2.0
# Each step must succeed, and each program must run: without credentials it exits with 1 and a message.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed (${status}): ${ARGN}\n${output}")
  endif()
endfunction()

function(expect_no_credentials program)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env --unset=DATABRICKS_HOST --unset=DATABRICKS_TOKEN HOME=${WORK_DIR}
      LD_LIBRARY_PATH=${prefix}/${LIBDIR} ${program}
    RESULT_VARIABLE status ERROR_VARIABLE error)
  if(NOT status EQUAL 1 OR NOT error MATCHES "credentials")
    message(FATAL_ERROR "${program}: status ${status}, said: ${error}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
set(prefix ${WORK_DIR}/prefix)
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})

file(GLOB pc_files ${prefix}/${LIBDIR}/pkgconfig/*.pc)
list(LENGTH pc_files count)
if(NOT count EQUAL 2)
  message(FATAL_ERROR "expected two pkg-config files, found ${count}")
endif()

run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/examples/cmake_consumer -B ${WORK_DIR}/cmake
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_C_COMPILER=${CC} -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/cmake)
expect_no_credentials(${WORK_DIR}/cmake/consumer_c)
expect_no_credentials(${WORK_DIR}/cmake/consumer_cpp)

file(COPY ${SOURCE_DIR}/examples/pkgconfig_consumer ${SOURCE_DIR}/examples/c ${SOURCE_DIR}/examples/cpp
  DESTINATION ${WORK_DIR}/copied)
run(${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${prefix}/${LIBDIR}/pkgconfig
  make -C ${WORK_DIR}/copied/pkgconfig_consumer CC=${CC} CXX=${CXX})
expect_no_credentials(${WORK_DIR}/copied/pkgconfig_consumer/print_headers)
expect_no_credentials(${WORK_DIR}/copied/pkgconfig_consumer/list_catalogs)

# The component c alone must not ask for the C++ library's dependencies.
file(WRITE ${WORK_DIR}/only_c/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(only_c LANGUAGES C)
set(CMAKE_DISABLE_FIND_PACKAGE_simdjson TRUE)
set(CMAKE_DISABLE_FIND_PACKAGE_fmt TRUE)
set(CMAKE_DISABLE_FIND_PACKAGE_tl-expected TRUE)
find_package(dbxauth 0.1 REQUIRED COMPONENTS c)
add_executable(only_c ${SOURCE_DIR}/examples/c/print_headers.c)
target_link_libraries(only_c PRIVATE dbxauth::c)
")
run(${CMAKE_COMMAND} -S ${WORK_DIR}/only_c -B ${WORK_DIR}/only_c/build -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_C_COMPILER=${CC})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/only_c/build)
expect_no_credentials(${WORK_DIR}/only_c/build/only_c)
