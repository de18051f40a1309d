# Programs outside the project: builds and installs the policy core alone, then a plugin and a host
# as separate projects against the installed package, runs them and reads what they print.
#     cmake -DSOURCE=.. -DWORK=.. [-DGENERATOR= -DC= -DCXX= -DLAUNCHER=] -P outside.cmake
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${WORK}/prefix ${WORK}/static_prefix ${WORK}/plugin)

function(run name out)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text ERROR_VARIABLE errors RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${name} failed (${code}):\n${text}\n${errors}")
  endif()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# build(NAME SOURCE OPTIONS...): configures and builds a project in WORK/NAME.
function(build name source)
  run("configuring ${name}" ignored ${CMAKE_COMMAND} -G ${GENERATOR} -S ${source}
      -B ${WORK}/${name} -DCMAKE_C_COMPILER=${C} -DCMAKE_CXX_COMPILER=${CXX}
      -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${ARGN})
  run("building ${name}" ignored ${CMAKE_COMMAND} --build ${WORK}/${name})
endfunction()

function(expect what text)
  foreach(wanted ${ARGN})
    if(NOT text MATCHES "${wanted}")
      message(FATAL_ERROR "${what}: no \"${wanted}\" in:\n${text}")
    endif()
  endforeach()
endfunction()

string(TIMESTAMP start "%s")
build(core ${SOURCE}/policies)
run("installing" ignored ${CMAKE_COMMAND} --install ${WORK}/core --prefix ${WORK}/prefix)
string(TIMESTAMP end "%s")
math(EXPR seconds "${end} - ${start}")
message(STATUS "policies/ configured, built and installed alone in ${seconds} s")

# The shared library shows the C binding and nothing else.
find_program(NM nm)
if(NM)
  run("nm" symbols ${NM} -D --defined-only ${WORK}/prefix/lib/libfleetcache_policies.so)
  string(REGEX MATCHALL "[^ \n]+\n" names "${symbols}")
  list(FILTER names EXCLUDE REGEX "^(fcp_|FLEETCACHE_POLICIES_)")
  if(names)
    message(FATAL_ERROR "the shared library also exports ${names}")
  endif()
endif()

build(plugin ${SOURCE}/tests/abi/outside_plugin -DCMAKE_PREFIX_PATH=${WORK}/prefix)
set(plugins ${WORK}/plugin)

# Without its shared form a prefix serves the static one to pkg-config too.
file(COPY ${WORK}/prefix/ DESTINATION ${WORK}/static_prefix)
file(GLOB shared ${WORK}/static_prefix/lib/libfleetcache_policies.so*)
file(REMOVE ${shared})

find_program(PKG_CONFIG pkg-config)
set(lines "")
foreach(host "package;policies;prefix" "package;policies_shared;prefix" "pkg-config;policies_shared;prefix"
             "pkg-config;policies;static_prefix")
  list(GET host 0 find)
  list(GET host 1 form)
  list(GET host 2 prefix)
  if(find STREQUAL pkg-config AND NOT PKG_CONFIG)
    message(STATUS "skipped: no pkg-config")
    continue()
  endif()
  set(name host_${find}_${form})
  build(${name} ${SOURCE}/tests/abi/outside_host -DFIND=${find} -DFORM=${form}
        -DCMAKE_PREFIX_PATH=${WORK}/${prefix})
  run("as C++17 (${name})" text ${WORK}/${name}/as_cpp)
  run("lru (${name})" lru ${WORK}/${name}/host lru)
  run("the plugin (${name})" plugin ${WORK}/${name}/host two-random ${plugins}/two_random.so)
  expect(${name} "${lru}${plugin}" "lru: [1-9][0-9]* hits" "two-random: [1-9][0-9]* hits")
  # The same decisions from every form.
  if(lines AND NOT lines STREQUAL "${lru}${plugin}")
    message(FATAL_ERROR "${name} decides otherwise:\n${lru}${plugin}than\n${lines}")
  endif()
  set(lines "${lru}${plugin}")
  message(STATUS "${name} runs")
endforeach()
string(STRIP "${lines}" lines)
message(STATUS "all print:\n${lines}")

# refused(PLUGIN MESSAGE): a damaged plugin is named and refused, and a sound one still accepted.
function(refused plugin)
  run("load ${plugin}" text ${WORK}/host_package_policies/load ${plugins}/${plugin}.so
      ${plugins}/two_random.so)
  expect(${plugin} "${text}" "^${ARGN}" "\nFCP_OK")
  message(STATUS "${plugin}: refused")
endfunction()
refused(wrong_major "FCP_E_VERSION [^\n]*built for version 2\\.0 of the interface; this is 1\\.")
refused(wrong_minor "FCP_E_VERSION [^\n]*built for version 1\\.")
refused(short_struct "FCP_E_VERSION [^\n]*its struct has 48 bytes where 56 are needed")
refused(short_table "FCP_E_VERSION [^\n]*its table has 80 bytes where 88 are needed")
refused(flipped_choice "FCP_E_SELF_TEST [^\n]*its decisions here give [0-9a-f]+, its author's gave")
refused(lost_abort "FCP_E_SELF_TEST [^\n]*after an abort the next victims are others")
refused(taken_name "FCP_E_EXISTS [^\n]*plugin lru: its name is taken")
refused(no_query "FCP_E_VERSION [^\n]*has no function fcp_plugin_query_v1")

# A name can be taken by a plugin too; a list of sums lets in what is on it.
run("load twice" text ${WORK}/host_package_policies/load ${plugins}/two_random.so
    ${plugins}/two_random.so ${plugins}/absent.so)
expect("loading twice" "${text}" "^FCP_OK" "\nFCP_E_EXISTS" "\nFCP_E_IO [^\n]*absent.so: cannot")
file(SHA256 ${plugins}/two_random.so sum)
run("load by sum" text ${WORK}/host_package_policies/load --allow ${sum}
    ${plugins}/flipped_choice.so ${plugins}/two_random.so)
expect("the list of sums" "${text}" "^FCP_E_REFUSED [^\n]*is not on the list" "\nFCP_OK")
file(WRITE ${WORK}/text.so "no library\n")
run("load a text" text ${WORK}/host_package_policies/load ${WORK}/text.so)
expect("a file that is no library" "${text}" "^FCP_E_IO")
message(STATUS "lists of sums, repeated names and files that are no libraries: as they should be")

# The example of docs/embedding.md compiles as strict C11 and prints what the page says.
file(READ ${SOURCE}/docs/embedding.md page)
string(REGEX MATCH "<!-- example -->\n```c\n(.*)\n```\n\nIt prints" found "${page}")
if(NOT found)
  message(FATAL_ERROR "docs/embedding.md has no example")
endif()
file(WRITE ${WORK}/example.c "${CMAKE_MATCH_1}\n")
run("compiling the example" ignored ${C} -std=c11 -pedantic -Wall -Wextra -Werror -O2
    ${WORK}/example.c -o ${WORK}/example -I${WORK}/prefix/include/fleetcache -L${WORK}/prefix/lib
    -lfleetcache_policies -Wl,-rpath,${WORK}/prefix/lib)
run("the example" printed ${WORK}/example)
string(FIND "${page}" "<!-- output -->\n```\n${printed}```" at)
if(at EQUAL -1)
  message(FATAL_ERROR "docs/embedding.md shows another output than:\n${printed}")
endif()
message(STATUS "docs/embedding.md: its example compiles and prints what the page says")

find_program(PYTHON NAMES python3)
if(PYTHON)
  run("Python" text ${PYTHON} ${SOURCE}/tests/abi/ctypes_bench.py
      ${WORK}/prefix/lib/libfleetcache_policies.so --requests 20000 --capacity 500)
  expect("Python" "${text}" "one call a request" "batches of 4096")
  message(STATUS "from Python:\n${text}")
else()
  message(STATUS "skipped: no python3")
endif()
