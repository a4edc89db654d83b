// Between the store's structs and the wire's.
#pragma once

#include "protocol.h"
#include "ram/file_system.h"

namespace ram::fuse {

void toWire(const Attributes& from, WireAttributes* to);
void toWire(const Attributes& from, WireStatx* to);
// With the lifetimes that this driver gives.
void toEntry(const Attributes& from, EntryOut* to);
uint64_t attributeLifetime(const Attributes& attributes);

// The kernel's 32-bit device numbers.
uint32_t deviceToWire(uint64_t device);
uint64_t deviceFromWire(uint32_t device);

}  // namespace ram::fuse
