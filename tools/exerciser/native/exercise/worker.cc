#include "worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>

namespace exercise {

Worker::Worker(const Options& options, unsigned thread, const Grounds& grounds)
    : context_(options, thread), grounds_(grounds) {
  const std::string own = options.directory + "/t" + std::to_string(thread);
  directories_ = {own + "/a", own + "/b", grounds.common};
  others_.push_back(std::make_shared<File>(context_, -1, thread * grounds.partBytes,
                                           std::vector<char>(grounds.partBytes), true));
  for (size_t i = 0; i < grounds.readOnly.size(); ++i) {
    others_.push_back(std::make_shared<File>(context_, -2 - static_cast<int>(i), 0,
                                             grounds.readOnlyBytes[i], false));
  }
}

void Worker::run() {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(context_.options.seconds);
  const bool timed = context_.options.seconds > 0;
  for (; timed || context_.tally.steps < context_.options.steps; ++context_.tally.steps) {
    if (timed && context_.tally.steps % 64 == 0 && Clock::now() >= end) break;
    step();
  }
  finish();
}

void Worker::step() {
  if (context_.thread == 0 && context_.tally.steps + 1 == context_.options.spoilAt) spoil();
  const uint64_t kind = context_.random.below(1000);
  if (kind < 150) return stepInNames(kind);
  if (kind < 250) {
    const size_t which = context_.random.percent(60) ? 0 : context_.random.below(others_.size());
    const std::string path = which == 0 ? grounds_.sharedFile : grounds_.readOnly[which - 1];
    return stepInFile(*others_[which], path, context_.random.below(1000));
  }
  if (const auto file = anyFile()) stepInFile(*file, nameOf(*file), context_.random.below(1000));
}

void Worker::stepInFile(File& file, const std::string& path, uint64_t kind) {
  const bool mappings = context_.options.mappings;
  if (!file.hasHandle() && path.empty()) {
    // Only mappings keep it.
    if (context_.random.percent(10)) return file.unmapOne();
    return context_.random.percent(50) ? file.load() : file.store();
  }
  if (path.empty() && context_.random.percent(10)) return file.closeOne();
  if ((kind < 110 && file.handleCount() < 5) || !file.hasHandle()) {
    if (path.empty() || context_.random.percent(10)) return file.reopen();
    file.open(path);
    return;
  }
  if (kind < 200) return file.closeOne();
  if (kind < 210) {
    while (file.hasHandle()) file.closeOne();
    return;
  }
  if (kind < 330) return file.read();
  if (kind < 480) return file.write();
  if (kind < 540) return file.append();
  if (kind < 590) return file.truncate(path);
  if (kind < 640) return file.seek();
  if (kind < 710) return file.allocate();
  if (kind < 770) {
    const auto source = context_.random.percent(70)
                            ? anyFile()
                            : others_[context_.random.below(others_.size())];
    if (source && context_.random.percent(70)) file.copyFrom(*source);
    else if (source) file.sendFrom(*source);
    return;
  }
  if (kind < 790) return file.sync();
  if (kind < 810) return file.verify(path);
  if (kind < 840) return file.checkAttributes(linksOf(file));
  if (!mappings) return file.write();
  if (kind < 870) return file.map();
  if (kind < 890) return file.unmapOne();
  if (kind < 930) return file.load();
  if (kind < 985) return file.store();
  file.flushMapping();
}

// A byte that nobody knows of, in its part of the shared file: the run must fail.
void Worker::spoil() {
  const int fd = ::open(grounds_.sharedFile.c_str(), O_RDWR | O_CLOEXEC);
  char byte = 0;
  if (::pread(fd, &byte, 1, 5000) != 1) context_.failCall("pread");
  ++byte;
  if (::pwrite(fd, &byte, 1, 5000) != 1) context_.failCall("pwrite");
  ::close(fd);
}

void Worker::finish() {
  for (auto& file : files_) file->verify(nameOf(*file));
  for (size_t i = 0; i < others_.size(); ++i) {
    others_[i]->verify(i == 0 ? grounds_.sharedFile : grounds_.readOnly[i - 1]);
  }
  list();
  others_.clear();
  while (!names_.empty()) remove(names_.begin());
  files_.clear();
}

}  // namespace exercise
