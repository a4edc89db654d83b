#include "operations.h"

namespace ram::fuse {
namespace {

constexpr std::array<Operation, kOpcodeCount> makeTable() {
  std::array<Operation, kOpcodeCount> table{};
  table[kLookup] = {"lookup", lookup};
  table[kForget] = {"forget", forget};
  table[kGetattr] = {"getattr", getAttributes};
  table[kSetattr] = {"setattr", setAttributes};
  table[kReadlink] = {"readlink", readSymlink};
  table[kSymlink] = {"symlink", makeSymlink};
  table[kMknod] = {"mknod", makeNode};
  table[kMkdir] = {"mkdir", makeDirectory};
  table[kUnlink] = {"unlink", unlink};
  table[kRmdir] = {"rmdir", removeDirectory};
  table[kRename] = {"rename", rename};
  table[kLink] = {"link", link};
  table[kOpen] = {"open", open};
  table[kRead] = {"read", read};
  table[kWrite] = {"write", write};
  table[kStatfs] = {"statfs", statistics};
  table[kRelease] = {"release", release};
  table[kFsync] = {"fsync", sync, true};
  table[kSetxattr] = {"setxattr", setXattr};
  table[kGetxattr] = {"getxattr", getXattr};
  table[kListxattr] = {"listxattr", listXattr};
  table[kRemovexattr] = {"removexattr", removeXattr};
  table[kFlush] = {"flush", flush};
  table[kInit] = {"init", init};
  table[kOpendir] = {"opendir", openDirectory};
  table[kReaddir] = {"readdir", readDirectory};
  table[kReleasedir] = {"releasedir", releaseDirectory};
  table[kFsyncdir] = {"fsyncdir", sync, true};
  table[kGetlk] = {"getlk", getLock};
  table[kSetlk] = {"setlk", setLock};
  table[kSetlkw] = {"setlkw", setLockWait};
  table[kAccess] = {"access", access};
  table[kCreate] = {"create", create};
  table[kInterrupt] = {"interrupt", interrupt};
  table[kBmap] = {"bmap", notSupported};
  table[kDestroy] = {"destroy", destroy};
  table[kIoctl] = {"ioctl", notForThisFile};
  table[kPoll] = {"poll", notSupported};
  table[kNotifyReply] = {"notify_reply", ignore};
  table[kBatchForget] = {"batch_forget", batchForget};
  table[kFallocate] = {"fallocate", allocate, true};
  table[kReaddirplus] = {"readdirplus", readDirectoryPlus};
  table[kRename2] = {"rename2", rename2};
  table[kLseek] = {"lseek", seek};
  table[kCopyFileRange] = {"copy_file_range", copyRange, true};
  table[kSyncfs] = {"syncfs", syncAll, true};
  table[kTmpfile] = {"tmpfile", makeTemporary};
  table[kStatx] = {"statx", extendedStat};
  table[kCopyFileRange64] = {"copy_file_range_64", copyRange64, true};
  for (uint32_t opcode : {kUnlink, kRmdir, kRename, kRename2, kRelease}) table[opcode].frees = true;
  for (uint32_t opcode : {kForget, kBatchForget, kRelease}) table[opcode].givesBack = true;
  for (uint32_t opcode :
       {kLookup, kReadlink, kAccess, kOpen, kOpendir, kCreate, kTmpfile, kMknod, kMkdir, kSymlink,
        kLink, kUnlink, kRmdir, kRename, kRename2, kSetattr, kGetxattr, kListxattr, kSetxattr,
        kRemovexattr}) {
    table[opcode].byRights = true;
  }
  return table;
}

}  // namespace

constinit const std::array<Operation, kOpcodeCount> kOperations = makeTable();

}  // namespace ram::fuse
