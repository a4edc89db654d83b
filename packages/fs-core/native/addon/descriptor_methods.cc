// Methods of NativeVolume that work on open files.
#include <cerrno>

#include "volume_wrap.h"

namespace ram {
namespace {

// close(fd)
int64_t closeFile(const VolumeCall& call) {
  int32_t descriptor;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  return call.client()->close(descriptor);
}

// read(fd, bytes, offset, length, position): count. position -1: at the descriptor's.
int64_t readFile(const VolumeCall& call) {
  int32_t descriptor;
  int64_t position;
  Bytes target;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  if (!readSlice(call.env(), call[1], call[2], call[3], &target) ||
      !readInt64(call.env(), call[4], &position)) {
    return -EINVAL;
  }
  return call.client()->read(descriptor, target.data, target.length, position);
}

// write(fd, bytes, offset, length, position): count
int64_t writeFile(const VolumeCall& call) {
  int32_t descriptor;
  int64_t position;
  Bytes source;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  if (!readSlice(call.env(), call[1], call[2], call[3], &source) ||
      !readInt64(call.env(), call[4], &position)) {
    return -EINVAL;
  }
  return call.client()->write(descriptor, source.data, source.length, position);
}

// copy(fromFd, toFd, offset, length): count
int64_t copyBetween(const VolumeCall& call) {
  int32_t from, to;
  int64_t offset, length;
  if (!readInt32(call.env(), call[0], &from) || !readInt32(call.env(), call[1], &to)) {
    return -EBADF;
  }
  if (!readInt64(call.env(), call[2], &offset) || !readInt64(call.env(), call[3], &length) ||
      offset < 0 || length < 0) {
    return -EINVAL;
  }
  return call.client()->copy(from, to, static_cast<uint64_t>(offset),
                             static_cast<size_t>(length));
}

// ftruncate(fd, size)
int64_t truncateFile(const VolumeCall& call) {
  int32_t descriptor;
  int64_t size;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  if (!readInt64(call.env(), call[1], &size)) return -EINVAL;
  return call.client()->truncate(descriptor, size);
}

// sync(fd, dataOnly)
int64_t syncFile(const VolumeCall& call) {
  int32_t descriptor;
  if (!readInt32(call.env(), call[0], &descriptor)) return -EBADF;
  return call.client()->sync(descriptor, readBoolean(call.env(), call[1]));
}

constexpr Method kMethods[] = {
    {"closeFile", numberMethod<closeFile>, true},
    {"read", numberMethod<readFile>, true},
    {"write", numberMethod<writeFile>, true},
    {"copy", numberMethod<copyBetween>},
    {"ftruncate", numberMethod<truncateFile>},
    {"sync", numberMethod<syncFile>},
};

}  // namespace

MethodTable descriptorMethods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

}  // namespace ram
