# How a layer becomes a library: one folder, one static library, its tests and benchmarks beside it.
#
#   weir_layer(stick DEPENDS base io config sample LIBRARIES xxhash)
#
# *.cpp are the library, *_test.cpp one GoogleTest program (weir_stick_test), *_bench.cpp one Google Benchmark program each.

add_library(weir_flags INTERFACE)
target_compile_options(weir_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Wno-missing-designated-field-initializers
  -Wno-missing-field-initializers -fno-omit-frame-pointer)
target_include_directories(weir_flags INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_compile_definitions(weir_flags INTERFACE _GNU_SOURCE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(weir_flags INTERFACE -fuse-ld=lld)
endif()
if(WEIR_SANITIZE)
  target_compile_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE})
endif()
if(WEIR_FUZZ)
  target_compile_options(weir_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# A release is laid out by how the data path runs (bench/train). What has changed since is built as if nothing were known.
if(WEIR_TRAIN)
  target_compile_options(weir_flags INTERFACE -fprofile-generate)
  target_link_options(weir_flags INTERFACE -fprofile-generate)
elseif(CMAKE_BUILD_TYPE STREQUAL Release AND CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  set(trained ${PROJECT_SOURCE_DIR}/bench/train.proftext)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${trained})
  file(SHA256 ${trained} sum)
  string(SUBSTRING ${sum} 0 16 sum)
  find_program(PROFDATA llvm-profdata-19 REQUIRED)
  execute_process(COMMAND ${PROFDATA} merge -o ${CMAKE_BINARY_DIR}/train-${sum}.profdata ${trained} COMMAND_ERROR_IS_FATAL ANY)
  # Named relative to the build folder, by what is in it: the same tree elsewhere is the same build, another training another.
  target_compile_options(weir_flags INTERFACE -fprofile-use=train-${sum}.profdata
    -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-error=backend-plugin)
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(GTest)
find_package(benchmark)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(VECTORSCAN REQUIRED IMPORTED_TARGET libhs)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(CODINGS REQUIRED IMPORTED_TARGET zlib libbrotlienc libzstd)
pkg_check_modules(BROTLIDEC IMPORTED_TARGET libbrotlidec)

# What nearly every file includes is parsed once. Files still include what they use: a lint compiles each header alone.
#
# Objects name the precompiled header relative to the build folder, and ccache takes the `.sum` beside it for its identity:
# the same tree in another folder is the same build. The header itself holds absolute paths, so it is never cached.
function(weir_precompiled name)
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
  target_link_libraries(${name} PRIVATE weir_flags ${PRECOMPILED_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${ARGN})
  target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp)
  set_target_properties(${name} PROPERTIES CXX_COMPILER_LAUNCHER "")
  set(folder CMakeFiles/${name}.dir)
  string(SHA256 sum "${ARGN} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_BUILD_TYPE} ${WEIR_SANITIZE} ${WEIR_FUZZ}")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${folder}/cmake_pch.hxx.pch.sum ${sum})
  file(RELATIVE_PATH folder ${CMAKE_BINARY_DIR} ${CMAKE_CURRENT_BINARY_DIR}/${folder})
  set(${name}_file ${folder}/cmake_pch.hxx.pch PARENT_SCOPE)
endfunction()
function(weir_use_precompiled target name)
  target_compile_options(${target} PRIVATE "SHELL:-include-pch ${${name}_file}")
  get_target_property(sources ${target} SOURCES)
  set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/${${name}_file})
endfunction()

set(common_headers
  <algorithm> <array> <atomic> <charconv> <chrono> <coroutine> <cstdint> <cstring> <deque> <functional> <limits> <map> <memory>
  <mutex> <optional> <span> <string> <string_view> <unordered_map> <utility> <vector> <fmt/format.h> <tl/expected.hpp>
  <netinet/in.h> <sys/socket.h>)
set(PRECOMPILED_LIBRARIES fmt::fmt)
weir_precompiled(weir_common_headers ${common_headers})
if(GTest_FOUND)
  set(PRECOMPILED_LIBRARIES fmt::fmt GTest::gmock)
  weir_precompiled(weir_test_headers ${common_headers} <gmock/gmock.h> <gtest/gtest.h>)
endif()

# weir_embed(<layer> <file>...): the files' texts as constants of one generated source, named after them: style.css is
# `embedded_style_css` of the layer's namespace.
function(weir_embed name)
  set(constants "")
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    file(READ ${file} text)
    get_filename_component(constant ${file} NAME)
    string(REPLACE "." "_" constant ${constant})
    string(APPEND constants
      "extern const std::string_view embedded_${constant};\nconstinit const std::string_view embedded_${constant}{R\"~~~(${text})~~~\"};\n\n")
  endforeach()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${name}_embedded.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
    "#include <string_view>\n\nnamespace weir::${name} {\n\n@constants@}  // namespace weir::${name}\n")
  target_sources(weir_${name} PRIVATE ${generated})
  set_property(SOURCE ${generated} APPEND PROPERTY OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/${weir_common_headers_file})
endfunction()

function(weir_layer name)
  cmake_parse_arguments(LAYER "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|/main)\\.cpp$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  if(NOT sources)
    add_library(weir_${name} INTERFACE)
    set(scope INTERFACE)
  else()
    add_library(weir_${name} STATIC ${sources})
    set(scope PUBLIC)
    weir_use_precompiled(weir_${name} weir_common_headers)
  endif()
  list(TRANSFORM LAYER_DEPENDS PREPEND weir_)
  target_link_libraries(weir_${name} ${scope} weir_flags ${LAYER_DEPENDS} ${LAYER_LIBRARIES})
  if(tests AND GTest_FOUND)
    add_executable(weir_${name}_test ${tests})
    target_link_libraries(weir_${name}_test PRIVATE weir_${name} GTest::gmock GTest::gtest_main)
    weir_use_precompiled(weir_${name}_test weir_test_headers)
    add_test(NAME unit.${name} COMMAND weir_${name}_test)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  endif()
  if(benchmark_FOUND)
    foreach(bench ${benches})
      get_filename_component(bench_name ${bench} NAME_WE)
      add_executable(${bench_name} EXCLUDE_FROM_ALL ${bench})
      target_link_libraries(${bench_name} PRIVATE weir_${name} benchmark::benchmark_main)
    endforeach()
  endif()
endfunction()
