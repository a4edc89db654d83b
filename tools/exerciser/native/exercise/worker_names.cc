// Names: made, linked, moved, removed, listed.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "worker.h"

namespace exercise {

void Worker::stepInNames(uint64_t kind) {
  if (kind < 40) create();
  else if (kind < 50) makeTemporary();
  else if (kind < 60) link();
  else if (kind < 95) unlink();
  else if (kind < 130) rename();
  else if (kind < 135) renameDirectory();
  else if (kind < 145) list();
  else dropUnused();
}

std::string Worker::freshName() {
  const std::string& directory = directories_[context_.random.below(directories_.size())];
  // Some names are long, so that directories grow.
  const std::string tail(context_.random.percent(10) ? context_.random.below(200) : 0, 'n');
  return directory + "/t" + std::to_string(context_.thread) + "." + std::to_string(fresh_++) + tail;
}

Worker::Names::iterator Worker::anyName() {
  auto name = names_.begin();
  std::advance(name, static_cast<ptrdiff_t>(context_.random.below(names_.size())));
  return name;
}

std::string Worker::nameOf(const File& file) const {
  for (const auto& [name, its] : names_) {
    if (its.get() == &file) return name;
  }
  return {};
}

uint64_t Worker::linksOf(const File& file) const {
  const auto isIts = [&](const auto& entry) { return entry.second.get() == &file; };
  return static_cast<uint64_t>(std::count_if(names_.begin(), names_.end(), isIts));
}

std::shared_ptr<File> Worker::anyFile() {
  return files_.empty() ? nullptr : files_[context_.random.below(files_.size())];
}

// True: it failed for lack of space, which was expected.
bool Worker::fails(const char* call, int result) {
  if (result >= 0) return false;
  if (errno != ENOSPC || !context_.options.full) context_.failCall(call);
  ++context_.tally.noSpace;
  return true;
}

void Worker::dropUnused() {
  std::erase_if(files_, [&](const auto& file) { return !file->inUse() && linksOf(*file) == 0; });
}

void Worker::create() {
  if (files_.size() >= context_.options.files) return dropUnused();
  const std::string path = freshName();
  const int flags = O_RDWR | (context_.random.percent(20) ? O_APPEND : 0);
  context_.note("create f%d %s", numbers_, path.c_str());
  const int fd = ::open(path.c_str(), flags | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fails("create", fd)) return;
  auto file = std::make_shared<File>(context_, numbers_++);
  file->adopt(fd, flags);
  names_[path] = file;
  files_.push_back(file);
}

void Worker::makeTemporary() {
  if (files_.size() >= context_.options.files) return;
  const std::string& directory = directories_[context_.random.below(directories_.size())];
  context_.note("O_TMPFILE f%d in %s", numbers_, directory.c_str());
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EOPNOTSUPP) {
    ++context_.tally.unsupported;
    return;
  }
  if (fails("O_TMPFILE", fd)) return;
  auto file = std::make_shared<File>(context_, numbers_++);
  file->adopt(fd, O_RDWR);
  files_.push_back(file);
  if (context_.random.percent(50)) return;
  const std::string from = "/proc/self/fd/" + std::to_string(fd), path = freshName();
  context_.note("linkat f%d %s", file->number(), path.c_str());
  if (fails("linkat", ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW)))
    return;
  names_[path] = file;
}

void Worker::link() {
  if (names_.empty() || names_.size() > 4ul * context_.options.files) return;
  const auto from = anyName();
  const std::string path = freshName();
  context_.note("link f%d %s", from->second->number(), path.c_str());
  int result = ::link(from->first.c_str(), path.c_str());
  struct stat at;
  if (result != 0 && errno == ENOENT && context_.options.staleLinks &&
      ::stat(from->first.c_str(), &at) == 0) {
    context_.note("link again: it has %llu names", static_cast<unsigned long long>(at.st_nlink));
    ++context_.tally.staleLinks;
    result = ::link(from->first.c_str(), path.c_str());
  }
  if (!fails("link", result)) names_[path] = from->second;
}

void Worker::unlink() {
  if (!names_.empty()) remove(anyName());
}

void Worker::remove(Names::iterator name) {
  context_.note("unlink f%d %s", name->second->number(), name->first.c_str());
  if (::unlink(name->first.c_str()) != 0) context_.failCall("unlink");
  names_.erase(name);
  dropUnused();
}

void Worker::rename() {
  if (names_.empty()) return;
  const auto from = anyName();
  const uint64_t kind = context_.random.below(4);
  const std::string target = kind == 0 ? freshName() : anyName()->first;
  const unsigned flags = kind == 2 ? RENAME_EXCHANGE : kind == 3 ? RENAME_NOREPLACE : 0;
  context_.note("rename f%d %s to %s flags %u", from->second->number(), from->first.c_str(),
                target.c_str(), flags);
  const int result =
      ::renameat2(AT_FDCWD, from->first.c_str(), AT_FDCWD, target.c_str(), flags);
  if (kind == 3) {
    if (result == 0 || errno != EEXIST) context_.fail("a rename replaced a name, or: %m");
    return;
  }
  if (fails("rename", result)) return;
  if (kind == 2) return std::swap(from->second, names_[target]);
  auto& there = names_[target];
  // Two names of one file: nothing happens.
  if (there == from->second) return;
  there = from->second;
  names_.erase(from);
  dropUnused();
}

void Worker::renameDirectory() {
  const size_t which = context_.random.below(directories_.size() - 1);
  const std::string old = directories_[which] + "/";
  const std::string path = context_.options.directory + "/t" + std::to_string(context_.thread) +
                           "/d" + std::to_string(fresh_++);
  context_.note("rename directory %s to %s", old.c_str(), path.c_str());
  if (fails("rename", ::rename(directories_[which].c_str(), path.c_str()))) return;
  directories_[which] = path;
  Names moved;
  for (auto& [name, file] : names_) {
    const bool inside = name.starts_with(old);
    moved[inside ? path + "/" + name.substr(old.size()) : name] = file;
  }
  names_ = std::move(moved);
}

// Its own names, each once, and no others of its own; whatever else comes and goes.
void Worker::list() {
  const std::string mine = "t" + std::to_string(context_.thread) + ".";
  std::set<std::string> listed;
  for (const std::string& path : directories_) {
    context_.note("list %s", path.c_str());
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) context_.failCall("opendir");
    for (errno = 0; const dirent* entry = ::readdir(directory); errno = 0) {
      const std::string name = entry->d_name;
      if (!name.starts_with(mine)) continue;
      if (!listed.insert(path + "/" + name).second) {
        context_.fail("%s is listed twice", name.c_str());
      }
    }
    if (errno != 0) context_.failCall("readdir");
    ::closedir(directory);
  }
  for (const auto& [name, file] : names_) {
    if (!listed.contains(name)) context_.fail("%s is not listed", name.c_str());
  }
  if (listed.size() != names_.size()) context_.fail("there are names that were removed");
}

}  // namespace exercise
