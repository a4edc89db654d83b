// Methods of NativeVolume that make, remove, rename and list names.
#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <new>
#include <string>
#include <vector>

#include "volume_wrap.h"

namespace ram {
namespace {

// open(path, flags, mode): descriptor
int64_t openPath(const VolumeCall& call) {
  PathArgument path;
  int32_t flags;
  uint32_t mode;
  if (!path.read(call.env(), call[0]) || !readInt32(call.env(), call[1], &flags) ||
      !readUint32(call.env(), call[2], &mode)) {
    return -EINVAL;
  }
  return call.client()->open(path.view(), flags, mode);
}

// mkdir(path, mode)
int64_t makeDirectory(const VolumeCall& call) {
  PathArgument path;
  uint32_t mode;
  if (!path.read(call.env(), call[0]) || !readUint32(call.env(), call[1], &mode)) return -EINVAL;
  return call.client()->makeDirectory(path.view(), mode);
}

// rmdir(path)
int64_t removeDirectory(const VolumeCall& call) {
  PathArgument path;
  if (!path.read(call.env(), call[0])) return -EINVAL;
  return call.client()->removeDirectory(path.view());
}

// unlink(path)
int64_t unlinkPath(const VolumeCall& call) {
  PathArgument path;
  if (!path.read(call.env(), call[0])) return -EINVAL;
  return call.client()->unlink(path.view());
}

// rename(from, to, flags)
int64_t renamePath(const VolumeCall& call) {
  PathArgument from, to;
  uint32_t flags;
  if (!from.read(call.env(), call[0]) || !to.read(call.env(), call[1]) ||
      !readUint32(call.env(), call[2], &flags)) {
    return -EINVAL;
  }
  return call.client()->rename(from.view(), to.view(), flags);
}

// link(existing, path)
int64_t linkPath(const VolumeCall& call) {
  PathArgument existing, path;
  if (!existing.read(call.env(), call[0]) || !path.read(call.env(), call[1])) return -EINVAL;
  return call.client()->link(existing.view(), path.view());
}

// symlink(target, path)
int64_t symlinkPath(const VolumeCall& call) {
  PathArgument target, path;
  if (!target.read(call.env(), call[0]) || !path.read(call.env(), call[1])) return -EINVAL;
  return call.client()->symlink(target.view(), path.view());
}

napi_value makeName(napi_env env, std::string_view name, bool asBuffer) {
  napi_value result = nullptr;
  if (asBuffer) {
    napi_create_buffer_copy(env, name.size(), name.data(), nullptr, &result);
  } else {
    napi_create_string_utf8(env, name.data(), name.size(), &result);
  }
  return result;
}

// readlink(path, asBuffer): string | Buffer | number
napi_value readSymlink(const VolumeCall& call) {
  napi_env env = call.env();
  PathArgument path;
  if (!path.read(env, call[0])) return makeNumber(env, -EINVAL);
  char target[PATH_MAX];
  ssize_t length = call.client()->readSymlink(path.view(), target, sizeof target);
  if (length < 0) return makeNumber(env, length);
  return makeName(env, {target, static_cast<size_t>(length)}, readBoolean(env, call[1]));
}

// Takes entries down without touching JavaScript, whose collector may call into the store.
class EntryCollector final : public DirectoryVisitor {
 public:
  bool visit(const DirectoryEntry& entry) override try {
    names.append(entry.name);
    ends.push_back(names.size());
    types.push_back(static_cast<uint8_t>(entry.type));
    return true;
  } catch (const std::bad_alloc&) {
    outOfMemory = true;
    return false;
  }

  std::string names;
  std::vector<size_t> ends;
  std::vector<uint8_t> types;
  bool outOfMemory = false;
};

// UV_DIRENT_* from DT_*.
int direntType(uint8_t type) {
  switch (type) {
    case DT_REG: return 1;
    case DT_DIR: return 2;
    case DT_LNK: return 3;
    case DT_FIFO: return 4;
    case DT_SOCK: return 5;
    case DT_CHR: return 6;
    case DT_BLK: return 7;
    default: return 0;
  }
}

template <typename Make>
napi_value makeArray(napi_env env, size_t count, Make make) {
  constexpr size_t kScopeEntries = 1024;  // handles held at a time
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, count, &array) != napi_ok) return nullptr;
  for (size_t from = 0; from < count; from += kScopeEntries) {
    napi_handle_scope scope;
    napi_open_handle_scope(env, &scope);
    for (size_t i = from; i < count && i < from + kScopeEntries; ++i) {
      napi_set_element(env, array, static_cast<uint32_t>(i), make(i));
    }
    napi_close_handle_scope(env, scope);
  }
  return array;
}

// readdir(path, asBuffers, withTypes): names, or [names, types], or a number
napi_value readDirectory(const VolumeCall& call) {
  napi_env env = call.env();
  PathArgument path;
  if (!path.read(env, call[0])) return makeNumber(env, -EINVAL);
  EntryCollector entries;
  int result = call.client()->readDirectory(path.view(), &entries);
  if (entries.outOfMemory) result = -ENOMEM;
  if (result < 0) return makeNumber(env, result);

  bool asBuffers = readBoolean(env, call[1]);
  napi_value names = makeArray(env, entries.ends.size(), [&](size_t i) {
    size_t start = i == 0 ? 0 : entries.ends[i - 1];
    std::string_view all = entries.names;
    return makeName(env, all.substr(start, entries.ends[i] - start), asBuffers);
  });
  if (!readBoolean(env, call[2])) return names;
  napi_value types = makeArray(env, entries.types.size(), [&](size_t i) {
    return makeNumber(env, direntType(entries.types[i]));
  });
  napi_value both = nullptr;
  napi_create_array_with_length(env, 2, &both);
  napi_set_element(env, both, 0, names);
  napi_set_element(env, both, 1, types);
  return both;
}

constexpr Method kMethods[] = {
    {"open", numberMethod<openPath>, true},
    {"mkdir", numberMethod<makeDirectory>, true},
    {"rmdir", numberMethod<removeDirectory>},
    {"unlink", numberMethod<unlinkPath>, true},
    {"rename", numberMethod<renamePath>, true},
    {"link", numberMethod<linkPath>},
    {"symlink", numberMethod<symlinkPath>},
    {"readlink", valueMethod<readSymlink>},
    {"readdir", valueMethod<readDirectory>},
};

}  // namespace

MethodTable pathMethods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

}  // namespace ram
