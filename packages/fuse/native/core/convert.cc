#include "convert.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "session.h"

namespace ram::fuse {

uint32_t deviceToWire(uint64_t device) {
  uint32_t high = major(device), low = minor(device);
  return (low & 0xff) | ((high & 0xfff) << 8) | ((low & ~0xffu) << 12);
}

uint64_t deviceFromWire(uint32_t device) {
  return makedev((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00));
}

void toWire(const Attributes& from, WireAttributes* to) {
  to->inode = from.inode;
  to->size = from.size;
  to->blocks = from.blocks;
  to->atime = static_cast<uint64_t>(from.accessed.seconds);
  to->mtime = static_cast<uint64_t>(from.modified.seconds);
  to->ctime = static_cast<uint64_t>(from.changed.seconds);
  to->atimeNs = from.accessed.nanoseconds;
  to->mtimeNs = from.modified.nanoseconds;
  to->ctimeNs = from.changed.nanoseconds;
  to->mode = from.mode;
  to->links = from.links;
  to->uid = from.uid;
  to->gid = from.gid;
  to->device = deviceToWire(from.device);
  to->blockSize = from.blockSize;
  to->flags = 0;
}

void toWire(const Attributes& from, WireStatx* to) {
  auto time = [](const Timestamp& t) { return WireTime{t.seconds, t.nanoseconds, 0}; };
  to->mask = STATX_BASIC_STATS | STATX_BTIME;
  to->blockSize = from.blockSize;
  to->links = from.links;
  to->uid = from.uid;
  to->gid = from.gid;
  to->mode = static_cast<uint16_t>(from.mode);
  to->inode = from.inode;
  to->size = from.size;
  to->blocks = from.blocks;
  to->atime = time(from.accessed);
  to->btime = time(from.born);
  to->ctime = time(from.changed);
  to->mtime = time(from.modified);
  to->deviceMajor = major(from.device);
  to->deviceMinor = minor(from.device);
}

uint64_t attributeLifetime(const Attributes& attributes) {
  return (attributes.state & kAttributesUnsettled) != 0 ? 0 : kLifetimeSeconds;
}

void toEntry(const Attributes& from, EntryOut* to) {
  to->node = from.inode;
  to->generation = from.generation;
  to->entryValid = kLifetimeSeconds;
  to->attributesValid = attributeLifetime(from);
  toWire(from, &to->attributes);
}

}  // namespace ram::fuse
