# Cortex-M3, bare metal: GNU Arm compiler, libstdc++'s headers, no newlib.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m3)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(EMS_CPU_FLAGS "-mcpu=cortex-m3 -mthumb -ffreestanding -ffunction-sections -fdata-sections")
set(CMAKE_C_FLAGS_INIT "${EMS_CPU_FLAGS}")
set(CMAKE_CXX_FLAGS_INIT "${EMS_CPU_FLAGS} -fconserve-stack -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-asynchronous-unwind-tables")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib -nostartfiles -Wl,--gc-sections -Wl,--fatal-warnings")
set(CMAKE_INSTALL_LIBDIR lib)  # Nothing is installed; said so that nobody has to guess.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)  # 4 kB of flash less.
