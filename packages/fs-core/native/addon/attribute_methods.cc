// Methods of NativeVolume that read and change attributes.
#include <cerrno>
#include <cmath>

#include "volume_wrap.h"

namespace ram {
namespace {

// stat(path, follow, asBigint): fills `fields`
int64_t statPath(const VolumeCall& call) {
  PathArgument path;
  if (!path.read(call.env(), call[0])) return -EINVAL;
  Attributes found;
  int result = call.client()->stat(path.view(), readBoolean(call.env(), call[1]), &found);
  if (result < 0) return result;
  call.fields()->put(found, call.volume()->device(), readBoolean(call.env(), call[2]));
  return 0;
}

// fstat(fd, asBigint): fills `fields`
int64_t statFile(const VolumeCall& call) {
  int32_t descriptor;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  Attributes found;
  int result = call.client()->stat(descriptor, &found);
  if (result < 0) return result;
  call.fields()->put(found, call.volume()->device(), readBoolean(call.env(), call[1]));
  return 0;
}

// statfs(path, asBigint): fills `fields`
int64_t statFileSystem(const VolumeCall& call) {
  PathArgument path;
  if (!path.read(call.env(), call[0])) return -EINVAL;
  FileSystemStats stats;
  int result = call.client()->statistics(path.view(), &stats);
  if (result < 0) return result;
  call.fields()->put(stats, readBoolean(call.env(), call[1]));
  return 0;
}

// access(path, mask)
int64_t accessPath(const VolumeCall& call) {
  PathArgument path;
  uint32_t mask;
  if (!path.read(call.env(), call[0]) || !readUint32(call.env(), call[1], &mask)) return -EINVAL;
  return call.client()->access(path.view(), mask);
}

// chmod(path, mode)
int64_t changeModeOfPath(const VolumeCall& call) {
  PathArgument path;
  uint32_t mode;
  if (!path.read(call.env(), call[0]) || !readUint32(call.env(), call[1], &mode)) return -EINVAL;
  return call.client()->changeMode(path.view(), mode);
}

// fchmod(fd, mode)
int64_t changeModeOfFile(const VolumeCall& call) {
  int32_t descriptor;
  uint32_t mode;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  if (!readUint32(call.env(), call[1], &mode)) return -EINVAL;
  return call.client()->changeMode(descriptor, mode);
}

// chown(path, uid, gid, follow). -1 keeps an owner.
int64_t changeOwnerOfPath(const VolumeCall& call) {
  PathArgument path;
  uint32_t uid, gid;
  if (!path.read(call.env(), call[0]) || !readUint32(call.env(), call[1], &uid) ||
      !readUint32(call.env(), call[2], &gid)) {
    return -EINVAL;
  }
  return call.client()->changeOwner(path.view(), readBoolean(call.env(), call[3]), uid, gid);
}

// fchown(fd, uid, gid)
int64_t changeOwnerOfFile(const VolumeCall& call) {
  int32_t descriptor;
  uint32_t uid, gid;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  if (!readUint32(call.env(), call[1], &uid) || !readUint32(call.env(), call[2], &gid)) {
    return -EINVAL;
  }
  return call.client()->changeOwner(descriptor, uid, gid);
}

// Seconds with a fraction, cut to microseconds as libuv does it.
bool readTime(napi_env env, napi_value value, Timestamp* out) {
  double seconds;
  if (napi_get_value_double(env, value, &seconds) != napi_ok) return false;
  if (!(std::fabs(seconds) < 1e18)) return false;
  double whole = std::floor(seconds);
  auto micros = static_cast<uint32_t>((seconds - whole) * 1e6);
  if (micros > 999'999) micros = 999'999;
  *out = {static_cast<int64_t>(whole), micros * 1000};
  return true;
}

// utimes(path, accessed, modified, follow)
int64_t changeTimesOfPath(const VolumeCall& call) {
  PathArgument path;
  Timestamp accessed, modified;
  if (!path.read(call.env(), call[0]) || !readTime(call.env(), call[1], &accessed) ||
      !readTime(call.env(), call[2], &modified)) {
    return -EINVAL;
  }
  return call.client()->changeTimes(path.view(), readBoolean(call.env(), call[3]), accessed,
                                    modified);
}

// futimes(fd, accessed, modified)
int64_t changeTimesOfFile(const VolumeCall& call) {
  int32_t descriptor;
  Timestamp accessed, modified;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  if (!readTime(call.env(), call[1], &accessed) || !readTime(call.env(), call[2], &modified)) {
    return -EINVAL;
  }
  return call.client()->changeTimes(descriptor, accessed, modified);
}

constexpr Method kMethods[] = {
    {"stat", numberMethod<statPath>, true},
    {"fstat", numberMethod<statFile>, true},
    {"statfs", numberMethod<statFileSystem>},
    {"access", numberMethod<accessPath>, true},
    {"chmod", numberMethod<changeModeOfPath>},
    {"fchmod", numberMethod<changeModeOfFile>},
    {"chown", numberMethod<changeOwnerOfPath>},
    {"fchown", numberMethod<changeOwnerOfFile>},
    {"utimes", numberMethod<changeTimesOfPath>},
    {"futimes", numberMethod<changeTimesOfFile>},
};

}  // namespace

MethodTable attributeMethods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

}  // namespace ram
