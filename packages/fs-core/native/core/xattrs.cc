#include "xattrs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace ram {

int Xattrs::validate(std::string_view name, uint32_t mode, bool writing) {
  if (name.empty()) return -EINVAL;
  if (name.size() > 255) return -ERANGE;
  if (name.find('\0') != std::string_view::npos) return -EINVAL;
  for (const std::string_view space : {"user.", "trusted.", "security."}) {
    if (!name.starts_with(space)) continue;
    if (name.size() == space.size()) return -EINVAL;
    const bool plain = S_ISREG(mode) || S_ISDIR(mode);
    if (space == "user." && !plain) return writing ? -EPERM : -ENODATA;
    return 0;
  }
  return -EOPNOTSUPP;
}

uint64_t Xattrs::bytesOf(const XattrRecord* record) {
  return sizeof(XattrRecord) + record->nameLength + record->valueLength;
}

Xattrs::Found Xattrs::find(const InodeRecord* record, std::string_view name) const {
  uint32_t* link = const_cast<uint32_t*>(&record->xattrs);
  while (*link != 0) {
    auto* found = segment_.at<XattrRecord>(*link);
    if (std::string_view{found->bytes, found->nameLength} == name) return {found, link};
    link = &found->next;
  }
  return {nullptr, link};
}

bool Xattrs::has(const InodeRecord* record, std::string_view name) const {
  return record->xattrs != 0 && find(record, name).record != nullptr;
}

ssize_t Xattrs::get(const InodeRecord* record, std::string_view name, void* value,
                    size_t size) const {
  const XattrRecord* found = find(record, name).record;
  if (found == nullptr) return -ENODATA;
  if (size == 0) return found->valueLength;
  if (found->valueLength > size) return -ERANGE;
  ::memcpy(value, found->bytes + found->nameLength, found->valueLength);
  return found->valueLength;
}

ssize_t Xattrs::list(const InodeRecord* record, char* names, size_t size) const {
  size_t total = 0;
  for (uint32_t ref = record->xattrs; ref != 0; ref = segment_.at<XattrRecord>(ref)->next) {
    total += segment_.at<XattrRecord>(ref)->nameLength + size_t{1};
  }
  if (total > kXattrListMax) return -E2BIG;
  if (size == 0) return static_cast<ssize_t>(total);
  if (total > size) return -ERANGE;
  for (uint32_t ref = record->xattrs; ref != 0; ref = segment_.at<XattrRecord>(ref)->next) {
    const auto* entry = segment_.at<XattrRecord>(ref);
    ::memcpy(names, entry->bytes, entry->nameLength);
    names += entry->nameLength;
    *names++ = '\0';
  }
  return static_cast<ssize_t>(total);
}

int Xattrs::set(Transaction& tx, InodeRecord* record, std::string_view name, const void* value,
                size_t size, int flags) {
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) return -EINVAL;
  if (size > kXattrValueMax) return -E2BIG;
  const Found found = find(record, name);
  if (found.record != nullptr && (flags & XATTR_CREATE) != 0) return -EEXIST;
  if (found.record == nullptr && (flags & XATTR_REPLACE) != 0) return -ENODATA;
  const HeapRef ref = heap_.allocate(sizeof(XattrRecord) + name.size() + size);
  if (ref == 0) return -ENOSPC;
  auto* fresh = segment_.at<XattrRecord>(ref);
  fresh->nameLength = static_cast<uint8_t>(name.size());
  fresh->valueLength = static_cast<uint32_t>(size);
  fresh->next = found.record == nullptr ? 0 : found.record->next;
  ::memcpy(fresh->bytes, name.data(), name.size());
  if (size != 0) ::memcpy(fresh->bytes + name.size(), value, size);
  const HeapRef before = *found.link;
  tx.set32(found.link, ref);
  tx.commit();
  if (found.record != nullptr) heap_.free(before, bytesOf(found.record));
  return 0;
}

int Xattrs::remove(Transaction& tx, InodeRecord* record, std::string_view name) {
  const Found found = find(record, name);
  if (found.record == nullptr) return -ENODATA;
  const HeapRef before = *found.link;
  tx.set32(found.link, found.record->next);
  tx.commit();
  heap_.free(before, bytesOf(found.record));
  return 0;
}

void Xattrs::freeAll(uint32_t first) {
  while (first != 0) {
    const auto* record = segment_.at<XattrRecord>(first);
    const uint32_t next = record->next;
    heap_.free(first, bytesOf(record));
    first = next;
  }
}

bool Xattrs::mark(const InodeRecord* record) {
  for (uint32_t ref = record->xattrs; ref != 0; ref = segment_.at<XattrRecord>(ref)->next) {
    if (!segment_.inHeap(ref)) return false;
    const auto* entry = segment_.at<XattrRecord>(ref);
    if (entry->nameLength == 0 || entry->valueLength > kXattrValueMax) return false;
    if (!heap_.mark(ref, bytesOf(entry))) return false;
  }
  return true;
}

}  // namespace ram
