#include "content_inline.h"

#include <errno.h>

#include <algorithm>
#include <cstring>

namespace ram {

void InlineBytes::read(const InodeRecord* record, uint64_t offset, void* data,
                       size_t length) const {
  std::memcpy(data, of(record)->bytes + offset, length);
}

HeapRef InlineBytes::make(uint64_t inode, uint64_t size) {
  const uint64_t bytes = Heap::capacityOf(objectBytes(size));
  const HeapRef ref = parts_.heap.allocate(bytes);
  if (ref == 0) return 0;
  auto* fresh = parts_.segment.at<InlineContent>(ref);
  fresh->owner = static_cast<uint32_t>(inode);
  fresh->capacity = static_cast<uint32_t>(bytes - sizeof(InlineContent));
  parts_.slabBytes.add(bytes);
  return ref;
}

// Into a larger record, with [offset, offset + length) replaced by `data`.
int InlineBytes::grow(uint64_t inode, InodeRecord* record, uint64_t size, uint64_t offset,
                      const void* data, size_t length) {
  const HeapRef ref = make(inode, size);
  if (ref == 0) return -ENOSPC;
  uint8_t* bytes = parts_.segment.at<InlineContent>(ref)->bytes;
  if (record->kind == ContentKind::kInline) {
    std::memcpy(bytes, of(record)->bytes, std::min(record->size, size));
  }
  if (length > 0) std::memcpy(bytes + offset, data, length);
  const InodeRecord before = *record;
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kInline);
  tx.set64(&record->content, ref);
  setWord(tx, &record->size, size);
  stampModified(tx, record);
  tx.commit();
  if (before.kind == ContentKind::kInline) release(before);
  return 0;
}

int InlineBytes::write(uint64_t inode, InodeRecord* record, uint64_t offset, const void* data,
                       size_t length) {
  const uint64_t size = std::max(record->size, offset + length);
  if (record->kind != ContentKind::kInline || size > of(record)->capacity) {
    return grow(inode, record, size, offset, data, length);
  }
  uint8_t* bytes = of(record)->bytes;
  if (offset > record->size) std::memset(bytes + record->size, 0, offset - record->size);
  std::memcpy(bytes + offset, data, length);
  Transaction tx(parts_.journal);
  setWord(tx, &record->size, size);
  stampModified(tx, record);
  tx.commit();
  return 0;
}

int InlineBytes::resize(uint64_t inode, InodeRecord* record, uint64_t size) {
  InlineContent* content = of(record);
  if (size > content->capacity) return grow(inode, record, size, 0, nullptr, 0);
  if (size > record->size) std::memset(content->bytes + record->size, 0, size - record->size);
  Transaction tx(parts_.journal);
  setWord(tx, &record->size, size);
  stampModified(tx, record);
  tx.commit();
  return 0;
}

void InlineBytes::zero(InodeRecord* record, uint64_t offset, uint64_t length) {
  length = clipped(offset, length, record->size);
  if (length > 0) std::memset(of(record)->bytes + offset, 0, length);
  Transaction tx(parts_.journal);
  stampModified(tx, record);
  tx.commit();
}

int InlineBytes::adopt(uint64_t inode, InodeRecord* record, const void* data, uint64_t size) {
  const HeapRef ref = size == 0 ? 0 : make(inode, size);
  if (ref == 0 && size > 0) return -ENOSPC;
  if (size > 0) std::memcpy(parts_.segment.at<InlineContent>(ref)->bytes, data, size);
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, size == 0 ? ContentKind::kNone : ContentKind::kInline);
  tx.set64(&record->content, ref);
  tx.commit();
  return 0;
}

void InlineBytes::move(InodeRecord* record, HeapRef fresh) {
  const HeapRef old = static_cast<HeapRef>(record->content);
  const uint64_t bytes = objectBytes(of(record)->capacity);
  std::memcpy(parts_.segment.at<uint8_t>(fresh), of(record), bytes);
  Transaction tx(parts_.journal);
  tx.set64(&record->content, fresh);
  tx.commit();
  parts_.heap.free(old, bytes);
}

void InlineBytes::release(const InodeRecord& dead) {
  const uint64_t bytes = objectBytes(of(&dead)->capacity);
  parts_.heap.free(static_cast<HeapRef>(dead.content), bytes);
  parts_.slabBytes.subtract(bytes);
  parts_.inlineReleases.add(1);
}

bool InlineBytes::mark(uint64_t inode, const InodeRecord* record) {
  if (!inHeap(parts_.segment, record->content)) return false;
  const InlineContent* content = of(record);
  const uint64_t bytes = objectBytes(content->capacity);
  const bool sound = content->owner == inode && record->size <= content->capacity &&
                     bytes <= kSmallMax && Heap::capacityOf(bytes) == bytes;
  if (!sound || !parts_.heap.mark(static_cast<HeapRef>(record->content), bytes)) return false;
  parts_.slabBytes.add(bytes);
  return true;
}

}  // namespace ram
