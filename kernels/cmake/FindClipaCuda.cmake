# Finds a CUDA toolkit with cuBLASLt: unpacked wheels or an installed toolkit, in this order:
# -DCLIPA_CUDA_ROOT, $CUDA_HOME, $CUDA_PATH, nvcc on PATH, /usr/local/cuda.
#
# NCCL's header comes from -DCLIPA_NCCL_ROOT, $NCCL_HOME, the toolkit or the system; its library is
# opened at run time only.
#
# Sets CLIPA_NVCC, CLIPA_NCCL_INCLUDE, CLIPA_NCCL_LIBRARY_DIR, CLIPA_CUDA_INCLUDE, CLIPA_CUDA_LIBRARY_DIR and CLIPA_CUDA_LIBRARIES (the static
# runtime and cuBLASLt), and defines clipa_cuda_objects(VARIABLE sources...). CMake's own CUDA
# language is not used: it wants a complete toolkit, which the wheels are not.
set(CLIPA_CUDA_ROOT "" CACHE PATH "Root of a CUDA toolkit: bin/nvcc, include/, lib/")
find_program(CLIPA_NVCC nvcc
  HINTS ${CLIPA_CUDA_ROOT} $ENV{CUDA_HOME} $ENV{CUDA_PATH} PATHS /usr/local/cuda PATH_SUFFIXES bin)
if(CLIPA_NVCC)
  get_filename_component(CLIPA_CUDA_TOP "${CLIPA_NVCC}" REALPATH)
  get_filename_component(CLIPA_CUDA_TOP "${CLIPA_CUDA_TOP}/../.." ABSOLUTE)
endif()
set(CLIPA_CUDA_SUFFIXES lib lib64 lib/x86_64-linux-gnu lib/aarch64-linux-gnu targets/x86_64-linux/lib
  targets/sbsa-linux/lib)
find_path(CLIPA_CUDA_INCLUDE cublasLt.h HINTS ${CLIPA_CUDA_TOP} ${CLIPA_CUDA_ROOT}
  PATH_SUFFIXES include targets/x86_64-linux/include targets/sbsa-linux/include)
find_library(CLIPA_CUDART cudart_static HINTS ${CLIPA_CUDA_TOP} ${CLIPA_CUDA_ROOT}
  PATH_SUFFIXES ${CLIPA_CUDA_SUFFIXES})
find_library(CLIPA_CUBLASLT NAMES cublasLt libcublasLt.so.13 libcublasLt.so.12
  HINTS ${CLIPA_CUDA_TOP} ${CLIPA_CUDA_ROOT} PATH_SUFFIXES ${CLIPA_CUDA_SUFFIXES})
set(CLIPA_NCCL_ROOT "" CACHE PATH "Root of NCCL: include/nccl.h, lib/")
find_path(CLIPA_NCCL_INCLUDE nccl.h HINTS ${CLIPA_NCCL_ROOT} $ENV{NCCL_HOME} ${CLIPA_CUDA_TOP}
  PATH_SUFFIXES include)
if(CLIPA_NCCL_INCLUDE)
  get_filename_component(CLIPA_NCCL_LIBRARY_DIR "${CLIPA_NCCL_INCLUDE}/../lib" ABSOLUTE)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ClipaCuda
  REQUIRED_VARS CLIPA_NVCC CLIPA_CUDA_INCLUDE CLIPA_CUDART CLIPA_CUBLASLT CLIPA_NCCL_INCLUDE
  REASON_FAILURE_MESSAGE "run `deno task build:cuda`, which fetches a toolkit, or set CUDA_HOME")
if(ClipaCuda_FOUND)
  get_filename_component(CLIPA_CUDA_LIBRARY_DIR "${CLIPA_CUBLASLT}" DIRECTORY)
  set(CLIPA_CUDA_LIBRARIES ${CLIPA_CUDART} ${CLIPA_CUBLASLT})
endif()

# One object per source, with machine code for every architecture, and PTX of the newest for those
# that come later. Registers and spills of every kernel are left in <name>.usage.txt.
function(clipa_cuda_objects variable)
  set(codes)
  foreach(arch IN LISTS CLIPA_CUDA_ARCHITECTURES)
    list(APPEND codes -gencode arch=compute_${arch},code=sm_${arch})
    set(newest ${arch})
  endforeach()
  list(APPEND codes -gencode arch=compute_${newest},code=compute_${newest})
  set(objects)
  foreach(source IN LISTS ARGN)
    get_filename_component(name ${source} NAME_WE)
    set(object ${CMAKE_BINARY_DIR}/cuda_kernels/${name}.o)
    set(usage ${CLIPA_CUDA_OUT}/${name}.usage.txt)
    add_custom_command(OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -DUSAGE=${usage} -P ${CMAKE_SOURCE_DIR}/cmake/compile_kernels.cmake
        -- ${CLIPA_NVCC} -c ${source} -o ${object} -MD -MF ${object}.d -std=c++17 -O2
        --extended-lambda -Xptxas -v -ccbin ${CMAKE_CXX_COMPILER} ${codes}
        -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}/src -I${CLIPA_CUDA_INCLUDE}
        -DCLIPA_BUILDING -Xcompiler -fPIC,-fvisibility=hidden,-Wall,-Wextra,-Werror
        -Werror all-warnings
      DEPENDS ${source} ${CMAKE_SOURCE_DIR}/cmake/compile_kernels.cmake
      DEPFILE ${object}.d VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  set(${variable} ${objects} PARENT_SCOPE)
endfunction()
