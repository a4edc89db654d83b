// Blob files without a byte: how an empty file becomes one, and is one no longer, without a system
// call for each of its times.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "blob_times.h"
#include "content_file.h"

namespace ram {
namespace {

timespec toTimespec(const Timestamp& time) {
  return {time.seconds, static_cast<long>(time.nanoseconds)};
}

void setTimesOf(Transaction& tx, InodeRecord* record, const struct stat& status) {
  const BlobTimes times = timesOf(record, status);
  tx.set64(&record->size, static_cast<uint64_t>(status.st_size));
  tx.set64(&record->accessed, times.accessed.seconds);
  tx.set32(&record->accessedNs, times.accessed.nanoseconds);
  tx.set64(&record->modified, times.modified.seconds);
  tx.set32(&record->modifiedNs, times.modified.nanoseconds);
  tx.set64(&record->changed, times.changed.seconds);
  tx.set32(&record->changedNs, times.changed.nanoseconds);
}

}  // namespace

int FileBytes::adoptBlank(InodeRecord* record) {
  uint64_t number = 0;
  BlobFiles::Lease lease;
  if (int status = begin(true, &number, &lease); status < 0) return status;
  // The fine time: no atime that the kernel has given so far is later. The coarse one would not do,
  // which the kernel's own are ahead of once a file's next time was a fine one (multigrain).
  timespec since;
  ::clock_gettime(CLOCK_REALTIME, &since);
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kFile);
  tx.set64(&record->content, number);
  tx.set64(&record->cursor, kCursorBlank | nanosecondsOf(since));
  tx.set32(&record->pages, 0);
  tx.commit();
  return 0;
}

int FileBytes::endBlank(InodeRecord* record, int fd) {
  if (!isBlank(record)) return 0;
  struct stat status;
  return ::fstat(fd, &status) == 0 ? putTimes(record, fd, status) : -errno;
}

int FileBytes::putTimes(InodeRecord* record, int fd, const struct stat& status) {
  const PassedVersions::OwnChange own(parts_.passed.versions, record->content, fd);
  const BlobTimes times = timesOf(record, status);
  const timespec both[2] = {toTimespec(times.accessed), toTimespec(times.modified)};
  struct stat after;
  if (::futimens(fd, both) != 0 || ::fstat(fd, &after) != 0) return -errno;
  Transaction tx(parts_.journal);
  setTimesOf(tx, record, status);
  tx.set64(&record->cursor, cursorOf(after));
  tx.commit();
  return 0;
}

void FileBytes::settleAs(InodeRecord* record, const struct stat& status) {
  Transaction tx(parts_.journal);
  setTimesOf(tx, record, status);
  if (!isBlank(record)) tx.set64(&record->cursor, cursorOf(status));
  tx.commit();
}

int FileBytes::settle(uint64_t inode, InodeRecord* record) {
  BlobFiles::Lease lease;
  if (int result = parts_.blobs.acquire(record->content, &lease); result < 0) return result;
  windows_.timesSet(keyOf(inode, record));
  if (int result = endBlank(record, lease.fd()); result < 0) return result;
  struct stat status;
  if (::fstat(lease.fd(), &status) != 0) return -errno;
  settleAs(record, status);
  return 0;
}

// It becomes a file without content; its blob file is as it came.
void FileBytes::leaveBlank(InodeRecord* record, const struct stat& status) {
  const uint64_t number = record->content;
  const BlobTimes times = timesOf(record, status);
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kNone);
  tx.set64(&record->content, 0);
  tx.set64(&record->size, 0);
  tx.set64(&record->accessed, times.accessed.seconds);
  tx.set32(&record->accessedNs, times.accessed.nanoseconds);
  tx.commit();
  discard(number, true);
}

}  // namespace ram
