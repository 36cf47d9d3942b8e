# Runs PROGRAM and fails unless it exits with 0 and prints exactly what the file EXPECTED holds.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE printed RESULT_VARIABLE code)
file(READ ${EXPECTED} expected)
if(NOT code EQUAL 0 OR NOT printed STREQUAL expected)
  message(FATAL_ERROR "${PROGRAM}: exit code ${code}\nprinted:  ${printed}\nexpected: ${expected}")
endif()
