// Methods of NativeVolume about the memory itself: views, usage, and the object for drivers.
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/stat.h>

#include "volume_wrap.h"

namespace ram {
namespace {

// More makes V8 abort in Node 20.
constexpr uint64_t kViewBytesMax = 4ull << 30;

constexpr napi_type_tag kTypeTag = {kFileSystemTag[0], kFileSystemTag[1]};

// The collector has taken the ArrayBuffer over a file's bytes; the Volume may be gone before.
void dropView(napi_env env, void*, void* hint) {
  auto* view = static_cast<View*>(hint);
  int64_t ignored;
  napi_adjust_external_memory(env, -static_cast<int64_t>(view->length), &ignored);
  Store::unmapView(view->id);
  delete view;
}

// Where external memory is refused: a copy, which is as good for who only reads.
napi_value copyView(napi_env env, const View& view) {
  napi_value buffer = nullptr;
  void* data = nullptr;
  if (napi_create_arraybuffer(env, view.length, &data, &buffer) != napi_ok) return nullptr;
  memcpy(data, view.address, view.length);
  return buffer;
}

napi_value exposeView(napi_env env, const View& view, bool writable) {
  auto* own = new (std::nothrow) View(view);
  napi_value buffer = nullptr;
  napi_status status = napi_generic_failure;
  if (own != nullptr) {
    status = napi_create_external_arraybuffer(env, view.address, view.length, dropView, own,
                                              &buffer);
  }
  if (status == napi_ok) {
    int64_t ignored;
    napi_adjust_external_memory(env, static_cast<int64_t>(view.length), &ignored);
    return buffer;
  }
  delete own;
  bool refused = status == napi_no_external_buffers_allowed;
  if (refused && !writable) buffer = copyView(env, view);
  Store::unmapView(view.id);
  if (buffer != nullptr) return buffer;
  return makeNumber(env, refused ? int64_t{kViewUnsupported} : -ENOMEM);
}

// Something must keep the inode from becoming another's.
napi_value mapInode(const VolumeCall& call, const Attributes& found, bool writable) {
  napi_env env = call.env();
  if (!S_ISREG(found.mode)) return makeNumber(env, S_ISDIR(found.mode) ? -EISDIR : -EINVAL);
  if (found.size > kViewBytesMax) return makeNumber(env, kViewTooLarge);
  napi_value buffer = nullptr;
  if (found.size == 0) {
    napi_create_arraybuffer(env, 0, nullptr, &buffer);
    return buffer;
  }
  View view{};
  int result = call.store()->mapView(found.inode, writable, &view);
  if (result < 0) return makeNumber(env, result);
  // It may have grown, or become empty, since.
  if (view.length == 0 || view.length > kViewBytesMax) {
    Store::unmapView(view.id);
    if (view.length != 0) return makeNumber(env, kViewTooLarge);
    napi_create_arraybuffer(env, 0, nullptr, &buffer);
    return buffer;
  }
  return exposeView(env, view, writable);
}

// view(path, writable): ArrayBuffer | number
napi_value makeView(const VolumeCall& call) {
  napi_env env = call.env();
  PathArgument path;
  if (!path.read(env, call[0])) return makeNumber(env, -EINVAL);
  bool writable = readBoolean(env, call[1]);
  int descriptor = call.client()->open(path.view(), writable ? O_RDWR : O_RDONLY, 0);
  if (descriptor < 0) return makeNumber(env, descriptor);
  Attributes found;
  int status = call.client()->stat(descriptor, &found);
  napi_value result = status < 0 ? makeNumber(env, status) : mapInode(call, found, writable);
  call.client()->close(descriptor);
  return result;
}

// spill(path, beyondBytes, directory): 0; the directory's descriptor stays the caller's
int64_t setSpill(const VolumeCall& call) {
  PathArgument path;
  int64_t bytes;
  int32_t directory;
  if (!path.read(call.env(), call[0]) || !readInt64(call.env(), call[1], &bytes) || bytes < 0 ||
      !readInt32(call.env(), call[2], &directory)) {
    return -EINVAL;
  }
  const int descriptor = call.client()->open(path.view(), O_RDONLY, 0);
  if (descriptor < 0) return descriptor;
  Attributes found;
  int result = call.client()->stat(descriptor, &found);
  if (result == 0) {
    result = call.store()->setSpill(found.inode, static_cast<uint64_t>(bytes), directory);
  }
  call.client()->close(descriptor);
  return result;
}

// openInode(inode, generation, flags): descriptor
int64_t openInode(const VolumeCall& call) {
  uint32_t inode, generation;
  int32_t flags;
  if (!readUint32(call.env(), call[0], &inode) || !readUint32(call.env(), call[1], &generation) ||
      !readInt32(call.env(), call[2], &flags)) {
    return -EINVAL;
  }
  return call.client()->openInode(inode, generation, flags);
}

// viewInode(inode, generation): ArrayBuffer | number
napi_value viewInode(const VolumeCall& call) {
  napi_env env = call.env();
  uint32_t inode, generation;
  if (!readUint32(env, call[0], &inode) || !readUint32(env, call[1], &generation)) {
    return makeNumber(env, -EINVAL);
  }
  Attributes found;
  const uint32_t token = call.store()->enterCall();
  int status = call.store()->getAttributes(Caller{}, inode, &found);
  if (status == 0 && found.generation != generation) status = -ESTALE;
  napi_value result = status < 0 ? makeNumber(env, status) : mapInode(call, found, false);
  call.store()->leaveCall(token);
  return result;
}

// usage(): fills `fields` in the order of StoreUsage
int64_t readUsage(const VolumeCall& call) {
  StoreUsage usage;
  int result = call.store()->usage(&usage);
  if (result < 0) return result;
  const uint64_t values[] = {usage.maxBytes,      usage.usedBytes, usage.freeBytes,
                             usage.slabBytes,     usage.fileBytes, usage.externalBytes,
                             usage.metadataBytes, usage.inodes,    usage.maxInodes,
                             usage.swappedBytes};
  double* numbers = call.fields()->numbers;
  for (uint64_t value : values) *numbers++ = static_cast<double>(value);
  return 0;
}

// isTmpfs(): boolean
napi_value isTmpfs(const VolumeCall& call) {
  napi_value result = nullptr;
  napi_get_boolean(call.env(), call.store()->isTmpfs(), &result);
  return result;
}

// token(): string
napi_value readToken(const VolumeCall& call) {
  napi_value result = nullptr;
  const std::string& token = call.volume()->token();
  napi_create_string_utf8(call.env(), token.data(), token.size(), &result);
  return result;
}

// check(): a report of what is wrong in the store, or 0
napi_value checkStore(const VolumeCall& call) {
  char report[4096] = "";
  int result = call.store()->check(report, sizeof report);
  if (result >= 0) return makeNumber(call.env(), 0);
  napi_value text = nullptr;
  napi_create_string_utf8(call.env(), report, strnlen(report, sizeof report), &text);
  return text;
}

// fileSystem(): External<ram::FileSystemReference>, for one driver
napi_value exposeFileSystem(const VolumeCall& call) {
  napi_env env = call.env();
  auto drop = [](napi_env, void* data, void*) { delete static_cast<FileSystemReference*>(data); };
  auto* reference = new (std::nothrow) FileSystemReference(call.store());
  napi_value external = nullptr;
  if (reference == nullptr ||
      napi_create_external(env, reference, drop, nullptr, &external) != napi_ok) {
    delete reference;
    return makeNumber(env, -ENOMEM);
  }
  napi_type_tag_object(env, external, &kTypeTag);
  return external;
}

constexpr Method kMethods[] = {
    {"view", valueMethod<makeView>},
    {"spill", numberMethod<setSpill>},
    {"openInode", numberMethod<openInode>},
    {"viewInode", valueMethod<viewInode>},
    {"usage", numberMethod<readUsage>},
    {"isTmpfs", valueMethod<isTmpfs>},
    {"token", valueMethod<readToken>},
    {"check", valueMethod<checkStore>},
    {"fileSystem", valueMethod<exposeFileSystem>},
};

}  // namespace

MethodTable memoryMethods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

}  // namespace ram
