// Catches touches of pages that a client took out of a mapped file: with MADV_REMOVE on its own
// mapping of a passed-through file, of which the store hears nothing. On a full disk such a touch
// would be SIGBUS. Uses userfaultfd(2) and a thread that sleeps until that happens.
#pragma once

#include <cstdint>

namespace ram {

// Called on the guard's thread, while the thread that touched `page` waits: must see to it that
// there is a page, in the file or in its place, or find that nothing is mapped there any more.
using PageFiller = void (*)(uint8_t* page, uint64_t bytes);

// Guards [address, address + bytes), whole pages of a mapping of a tmpfs file, for as long as they
// stay mapped. 0, or -errno where the kernel has no such thing or doesn't allow it. Idempotent.
int guardHoles(void* address, uint64_t bytes, PageFiller fill);

}  // namespace ram
