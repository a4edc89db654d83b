// Waiting without sleeping.
#pragma once

#include <chrono>
#include <cstdint>

namespace ram {

inline void relaxCpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Keeps the CPU for about so long without touching memory that others use.
inline void pauseFor(uint32_t nanoseconds) {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + std::chrono::nanoseconds(nanoseconds);
  do {
    for (int i = 0; i < 4; ++i) relaxCpu();
  } while (clock::now() < end);
}

}  // namespace ram
