#include "directory.h"

#include <errno.h>
#include <string.h>

#include <algorithm>

namespace ram {
namespace {

constexpr uint32_t kSmallestIndex = 8;
constexpr uint64_t kBytesPerEntry = 20;  // what tmpfs adds to a directory's st_size per name

uint32_t capacityOf(uint32_t indexSize) { return indexSize / 4 * 3; }

}  // namespace

DirectoryTable* Directory::table(const InodeRecord* directory) const {
  if (directory->content == 0) return nullptr;
  return segment_.at<DirectoryTable>(static_cast<HeapRef>(directory->content));
}

uint32_t* Directory::index(DirectoryTable* table) {
  return reinterpret_cast<uint32_t*>(table->slots + table->capacity);
}

uint64_t Directory::bytesOf(uint32_t capacity, uint32_t indexSize) {
  return sizeof(DirectoryTable) + uint64_t{capacity} * sizeof(DirectorySlot) +
         uint64_t{indexSize} * sizeof(uint32_t);
}

uint32_t Directory::hash(std::string_view name) const {
  return static_cast<uint32_t>(sipHash(segment_.super()->hashKey, name));
}

uint64_t Directory::live(const InodeRecord* directory) const {
  const DirectoryTable* t = table(directory);
  return t == nullptr ? 0 : t->live;
}

Directory::Found Directory::find(const InodeRecord* directory, std::string_view name) const {
  DirectoryTable* t = table(directory);
  if (t == nullptr) return {};
  const uint32_t wanted = hash(name);
  const uint32_t mask = t->indexSize - 1;
  const uint32_t* entries = index(t);
  for (uint32_t at = wanted & mask; entries[at] != 0; at = (at + 1) & mask) {
    if (entries[at] == kIndexDeleted) continue;
    DirectorySlot* slot = t->slots + entries[at] - 1;
    if (slot->hash != wanted) continue;
    Dentry* dentry = segment_.at<Dentry>(slot->dentry);
    if (dentry->length == name.size() && ::memcmp(dentry->name, name.data(), name.size()) == 0) {
      return {slot, dentry};
    }
  }
  return {};
}

uint32_t Directory::indexPlace(const DirectoryTable* table, const DirectorySlot* slot) {
  const uint32_t mask = table->indexSize - 1;
  const uint32_t number = static_cast<uint32_t>(slot - table->slots) + 1;
  const uint32_t* entries = index(const_cast<DirectoryTable*>(table));
  uint32_t at = slot->hash & mask;
  while (entries[at] != number) at = (at + 1) & mask;
  return at;
}

// The new table is filled where nobody sees it; one store makes it the directory's.
int Directory::rebuild(InodeRecord* directory, uint32_t indexSize, Heap::Reserve reserve) {
  DirectoryTable* old = table(directory);
  const uint32_t capacity = capacityOf(indexSize);
  const HeapRef ref = heap_.allocate(bytesOf(capacity, indexSize), reserve);
  if (ref == 0) return -ENOSPC;
  auto* fresh = segment_.at<DirectoryTable>(ref);
  fresh->capacity = capacity;
  fresh->indexSize = indexSize;
  uint32_t* entries = index(fresh);
  const uint32_t mask = indexSize - 1;
  for (uint32_t i = 0; old != nullptr && i < old->used; ++i) {
    if (old->slots[i].dentry == 0) continue;
    fresh->slots[fresh->used] = old->slots[i];
    uint32_t at = old->slots[i].hash & mask;
    while (entries[at] != 0) at = (at + 1) & mask;
    entries[at] = ++fresh->used;
  }
  fresh->live = fresh->used;
  const HeapRef before = static_cast<HeapRef>(directory->content);
  Transaction tx(journal_);
  tx.set64(&directory->content, ref);
  tx.commit();
  freeTable(before);
  return 0;
}

int Directory::reserve(InodeRecord* directory, Heap::Reserve reserve) {
  const DirectoryTable* t = table(directory);
  if (t == nullptr) return rebuild(directory, kSmallestIndex, reserve);
  if (t->used < t->capacity) return 0;
  // Many removed slots: the same size will do after they are squeezed out.
  const bool crowded = t->live > t->capacity / 4 * 3;
  if (crowded && t->indexSize > UINT32_MAX / 4) return -ENOSPC;
  return rebuild(directory, crowded ? t->indexSize * 2 : t->indexSize, reserve);
}

HeapRef Directory::makeDentry(std::string_view name, uint64_t inode, uint8_t type,
                              Heap::Reserve reserve) {
  const HeapRef ref = heap_.allocate(sizeof(Dentry) + name.size(), reserve);
  if (ref == 0) return 0;
  auto* dentry = segment_.at<Dentry>(ref);
  dentry->inode = static_cast<uint32_t>(inode);
  dentry->length = static_cast<uint8_t>(name.size());
  dentry->type = type;
  ::memcpy(dentry->name, name.data(), name.size());
  return ref;
}

void Directory::freeDentry(HeapRef dentry) {
  if (dentry != 0) heap_.free(dentry, sizeof(Dentry) + segment_.at<Dentry>(dentry)->length);
}

void Directory::insert(Transaction& tx, InodeRecord* directory, HeapRef ref) {
  DirectoryTable* t = table(directory);
  const auto* dentry = segment_.at<Dentry>(ref);
  const uint32_t used = tx.get32(&t->used);
  const uint32_t live = tx.get32(&t->live);
  const uint64_t cookie = std::max(tx.get64(&directory->cursor), kFirstCookie);
  const uint32_t hashed = hash({dentry->name, dentry->length});
  // Behind `used` nobody looks, so the slot needs no log.
  t->slots[used] = {cookie, ref, hashed};
  uint32_t* entries = index(t);
  const uint32_t mask = t->indexSize - 1;
  uint32_t at = hashed & mask;
  for (;;) {
    const uint32_t entry = tx.get32(entries + at);
    if (entry == 0 || entry == kIndexDeleted) break;
    at = (at + 1) & mask;
  }
  tx.set32(entries + at, used + 1);
  tx.set32(&t->used, used + 1);
  tx.set32(&t->live, live + 1);
  tx.set64(&directory->cursor, cookie + 1);
  tx.set64(&directory->size, (live + 1) * kBytesPerEntry);
}

void Directory::remove(Transaction& tx, InodeRecord* directory, const Found& found) {
  DirectoryTable* t = table(directory);
  const uint32_t live = tx.get32(&t->live) - 1;
  uint32_t* entries = index(t);
  const uint32_t at = indexPlace(t, found.slot);
  // The last of a probe chain can be emptied; others must let searches pass.
  const bool last = tx.get32(entries + ((at + 1) & (t->indexSize - 1))) == 0;
  tx.set32(entries + at, last ? 0 : kIndexDeleted);
  tx.set32(&found.slot->dentry, 0);
  tx.set32(&t->live, live);
  tx.set64(&directory->size, live * kBytesPerEntry);
}

void Directory::replace(Transaction& tx, const Found& found, uint64_t inode, uint8_t type) {
  Dentry word = *found.dentry;
  word.inode = static_cast<uint32_t>(inode);
  word.type = type;
  uint64_t value;
  static_assert(sizeof(Dentry) == sizeof value);
  ::memcpy(&value, &word, sizeof value);
  tx.set64(reinterpret_cast<uint64_t*>(found.dentry), value);
}

void Directory::shrink(InodeRecord* directory) {
  const DirectoryTable* t = table(directory);
  if (t == nullptr) return;
  if (t->live == 0) {
    const HeapRef before = static_cast<HeapRef>(directory->content);
    Transaction tx(journal_);
    tx.set64(&directory->content, 0);
    tx.commit();
    freeTable(before);
  } else if (t->indexSize > kSmallestIndex && t->live < t->capacity / 8) {
    // Where there is no memory for it, it stays as it is.
    rebuild(directory, t->indexSize / 4, Heap::Reserve::kNo);
  }
}

void Directory::freeTable(HeapRef ref) {
  if (ref == 0) return;
  const auto* t = segment_.at<DirectoryTable>(ref);
  heap_.free(ref, bytesOf(t->capacity, t->indexSize));
}

const DirectorySlot* Directory::end(const InodeRecord* directory) const {
  const DirectoryTable* t = table(directory);
  return t == nullptr ? nullptr : t->slots + t->used;
}

const DirectorySlot* Directory::seek(const InodeRecord* directory, uint64_t cookie) const {
  const DirectoryTable* t = table(directory);
  if (t == nullptr) return nullptr;
  const DirectorySlot* stop = t->slots + t->used;
  return std::upper_bound(t->slots, stop, cookie, [](uint64_t wanted, const DirectorySlot& slot) {
    return wanted < slot.cookie;
  });
}

const Dentry* Directory::dentryOf(const DirectorySlot* slot) const {
  return slot->dentry == 0 ? nullptr : segment_.at<Dentry>(slot->dentry);
}

bool Directory::mark(const InodeRecord* directory) {
  if (directory->content == 0) return directory->size == 0;
  const HeapRef ref = static_cast<HeapRef>(directory->content);
  if (!segment_.inHeap(ref)) return false;
  DirectoryTable* t = table(directory);
  if (t->indexSize < kSmallestIndex || (t->indexSize & (t->indexSize - 1)) != 0 ||
      t->capacity != capacityOf(t->indexSize) || t->used > t->capacity ||
      !heap_.mark(ref, bytesOf(t->capacity, t->indexSize))) {
    return false;
  }
  uint32_t live = 0;
  uint64_t cookie = kFirstCookie - 1;
  for (const DirectorySlot* slot = t->slots; slot != t->slots + t->used; ++slot) {
    if (slot->cookie <= cookie || slot->cookie >= directory->cursor) return false;
    cookie = slot->cookie;
    if (slot->dentry == 0) continue;
    ++live;
    if (!segment_.inHeap(slot->dentry)) return false;
    const Dentry* dentry = dentryOf(slot);
    if (!heap_.mark(slot->dentry, sizeof(Dentry) + dentry->length)) return false;
    const std::string_view name{dentry->name, dentry->length};
    if (slot->hash != hash(name) || find(directory, name).slot != slot) return false;
  }
  return live == t->live && directory->size == live * kBytesPerEntry;
}

}  // namespace ram
