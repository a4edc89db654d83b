// Loads and stores through mappings, which outlive descriptors and names.
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "file.h"

namespace exercise {

using Count = unsigned long long;

void File::map() {
  if (mappings_.size() >= 3) return;
  Handle* handle = pick(O_RDONLY);
  if (handle == nullptr) return;
  const bool writable = (handle->flags & O_ACCMODE) == O_RDWR;
  const uint64_t offset = page(context_.offset(isPart_ ? size() - 1 : size()));
  uint64_t length = page(context_.length(sizeLimit()) + 4095);
  if (isPart_) length = std::min(length, size() - offset);
  context_.note("mmap f%d fd %d%s, %llu bytes at %llu of %llu", number_, handle->fd,
                writable ? " writable" : "", Count(length), Count(base_ + offset),
                Count(base_ + size()));
  const bool isPrivate = !writable && context_.random.percent(30);
  void* at = ::mmap(nullptr, length, PROT_READ | (writable ? PROT_WRITE : 0),
                    isPrivate ? MAP_PRIVATE : MAP_SHARED, handle->fd,
                    static_cast<off_t>(base_ + offset));
  if (at == MAP_FAILED) context_.failCall("mmap");
  mappings_.push_back({static_cast<char*>(at), offset, length, writable});
}

void File::unmapOne() {
  if (mappings_.empty()) return;
  const size_t which = context_.random.below(mappings_.size());
  context_.note("munmap f%d at %llu", number_, Count(base_ + mappings_[which].offset));
  if (::munmap(mappings_[which].at, mappings_[which].length) != 0) context_.failCall("munmap");
  mappings_.erase(mappings_.begin() + static_cast<ptrdiff_t>(which));
}

// A mapping and a part of it that lies within the file, from `offset` of the mapping on.
File::Mapping* File::pickMapping(bool writable, uint64_t* offset, uint64_t* length) {
  if (mappings_.empty()) return nullptr;
  Mapping& mapping = mappings_[context_.random.below(mappings_.size())];
  if (writable && !mapping.writable) return nullptr;
  if (mapping.offset >= size()) return nullptr;
  const uint64_t within = std::min(mapping.length, size() - mapping.offset);
  *offset = std::min(context_.offset(within), within - 1);
  *length = context_.length(within - *offset);
  return &mapping;
}

void File::load() {
  uint64_t offset, length;
  const Mapping* mapping = pickMapping(false, &offset, &length);
  if (mapping == nullptr) return;
  context_.note("load f%d, %llu bytes at %llu of %llu", number_, Count(length),
                Count(base_ + mapping->offset + offset), Count(base_ + size()));
  compare("load", mapping->offset + offset, mapping->at + offset, length);
}

void File::store() {
  uint64_t offset, length;
  const Mapping* mapping = pickMapping(true, &offset, &length);
  if (mapping == nullptr) return;
  context_.fillBuffer(length);
  context_.note("store f%d, %llu bytes at %llu of %llu", number_, Count(length),
                Count(base_ + mapping->offset + offset), Count(base_ + size()));
  std::memcpy(mapping->at + offset, context_.buffer, length);
  put(mapping->offset + offset, context_.buffer, length);
  context_.tally.bytesWritten += length;
}

void File::flushMapping() {
  if (mappings_.empty()) return;
  const Mapping& mapping = mappings_[context_.random.below(mappings_.size())];
  const bool wait = context_.random.percent(70);
  context_.note("msync f%d%s", number_, wait ? "" : " without waiting");
  if (::msync(mapping.at, mapping.length, wait ? MS_SYNC : MS_ASYNC) != 0) {
    context_.failCall("msync");
  }
}

}  // namespace exercise
