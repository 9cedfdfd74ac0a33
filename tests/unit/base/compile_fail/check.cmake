# SPDX-License-Identifier: Apache-2.0
set(flags -std=c++20 -fsyntax-only -Werror=unused-result)
foreach(directory IN LISTS INCLUDES)
  list(APPEND flags -I${directory})
endforeach()

execute_process(COMMAND ${COMPILER} ${flags} ${SOURCE} RESULT_VARIABLE status ERROR_VARIABLE diagnostics)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "The case does not compile even without its offending line:\n${diagnostics}")
endif()

execute_process(COMMAND ${COMPILER} ${flags} -DDBXAUTH_OFFENDING_LINE ${SOURCE} RESULT_VARIABLE status ERROR_VARIABLE diagnostics)
if(status EQUAL 0)
  message(FATAL_ERROR "The offending line compiles: ${SOURCE}")
endif()
if(NOT diagnostics MATCHES "${EXPECTED}")
  message(FATAL_ERROR "It fails for another reason than '${EXPECTED}':\n${diagnostics}")
endif()
