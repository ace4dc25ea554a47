# LibTorch, from the folder given by CMAKE_PREFIX_PATH or Torch_DIR, or from the Python environment.
# Sets TORCH_LIBRARIES and TORCH_INCLUDE_DIRS, and ARCSAT_NCCL_INCLUDES where several GPUs can be
# used.
#
# LibTorch's own package file demands CUDA's compiler where it was built with CUDA, as PyPI's wheel
# for x86-64 is, though nothing here is compiled by it. Of such a build only the targets that it
# exports are read; CUDA's runtime library and headers come from the packages that were installed
# with the wheel, or from a toolkit where there is one.

# Some of its libraries (those of 2.11 with CUDA, say) carry parts of another C++ library and show them to the whole
# program, of which std::filesystem::remove_all crashes (pytorch issue 133437). The system's goes
# first.
add_link_options(LINKER:--push-state,--no-as-needed -lstdc++ LINKER:--pop-state)

string(REPLACE ":" ";" PREFIXES "$ENV{CMAKE_PREFIX_PATH}")
find_file(TORCH_CONFIG TorchConfig.cmake HINTS ${Torch_DIR} ${CMAKE_PREFIX_PATH} ${PREFIXES}
          PATH_SUFFIXES share/cmake/Torch Torch NO_CACHE)
set(TORCH_ROOT)
if(TORCH_CONFIG)
  get_filename_component(TORCH_ROOT ${TORCH_CONFIG}/../../../.. ABSOLUTE)
endif()

set(ARCSAT_NCCL_INCLUDES)
if(NOT TORCH_ROOT OR NOT EXISTS ${TORCH_ROOT}/lib/libtorch_cuda.so)
  find_package(Torch REQUIRED)
  return()
endif()

file(GLOB WITH_WHEEL LIST_DIRECTORIES true ${TORCH_ROOT}/../nvidia/*)
file(GLOB CUDART ${TORCH_ROOT}/lib/libcudart*.so* ${TORCH_ROOT}/../nvidia/*/lib/libcudart.so.*)
if(NOT CUDART)
  find_library(CUDART cudart HINTS ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES lib64 NO_CACHE)
endif()
# CUDA's headers include these two, which come in packages of their own.
find_path(CUDA_INCLUDE crt/host_config.h HINTS ${WITH_WHEEL} ENV CUDA_HOME PATHS /usr/local/cuda
          PATH_SUFFIXES include NO_CACHE)
find_path(CCCL_INCLUDE nv/target HINTS ${WITH_WHEEL} ENV CUDA_HOME PATHS /usr/local/cuda
          PATH_SUFFIXES include include/cccl NO_CACHE)
find_path(NCCL_INCLUDE nccl.h HINTS ${WITH_WHEEL} PATH_SUFFIXES include NO_CACHE)

# What its targets link beside each other is inside its libraries, but for the runtime library.
set(TORCH_TARGETS ${TORCH_ROOT}/share/cmake/Caffe2/Caffe2Targets.cmake)
file(STRINGS ${TORCH_TARGETS} NEEDED REGEX "INTERFACE_LINK_LIBRARIES|_target ")
string(REGEX MATCHALL "[A-Za-z0-9_]+::[A-Za-z0-9_]+" NEEDED "${NEEDED}")
foreach(NAME IN LISTS NEEDED)
  if(NOT TARGET ${NAME})
    add_library(${NAME} INTERFACE IMPORTED)
  endif()
endforeach()
if(CUDART AND TARGET torch::cudart)
  list(GET CUDART 0 CUDART)
  set_target_properties(torch::cudart PROPERTIES INTERFACE_LINK_LIBRARIES ${CUDART})
endif()
include(${TORCH_TARGETS})
set(TORCH_INCLUDE_DIRS ${TORCH_ROOT}/include ${TORCH_ROOT}/include/torch/csrc/api/include)
set_target_properties(torch PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${TORCH_INCLUDE_DIRS}")
set(TORCH_LIBRARIES torch torch_library c10)

message(STATUS "LibTorch with CUDA: ${TORCH_ROOT}")
if(CUDART AND CUDA_INCLUDE AND CCCL_INCLUDE AND NCCL_INCLUDE)
  set(ARCSAT_NCCL_INCLUDES ${CUDA_INCLUDE} ${CCCL_INCLUDE} ${NCCL_INCLUDE})
else()
  message(STATUS "NCCL's or CUDA's headers were not found whole: arcsat trains on one GPU at a time "
                 "(docs/training.md says what to install)")
endif()
