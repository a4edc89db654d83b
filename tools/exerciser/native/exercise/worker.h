// One thread: its files, under names that only it uses, in directories that all use; its part of
// the file that all write; and files that all read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "file.h"

namespace exercise {

// The directories of a run, made by the main thread.
struct Grounds {
  std::string common;       // all threads have names here
  std::string sharedFile;   // each thread writes its part of it
  uint64_t partBytes = 0;
  std::vector<std::string> readOnly;
  std::vector<std::vector<char>> readOnlyBytes;
};

class Worker {
 public:
  Worker(const Options& options, unsigned thread, const Grounds& grounds);
  // Takes the steps, compares everything, and removes what it made.
  void run();
  const Tally& tally() const { return context_.tally; }

 private:
  using Names = std::map<std::string, std::shared_ptr<File>>;

  void step();
  void stepInFile(File& file, const std::string& path, uint64_t kind);
  void stepInNames(uint64_t kind);
  void finish();
  void spoil();

  void create();
  void makeTemporary();
  void link();
  void unlink();
  void rename();
  void renameDirectory();
  void list();
  void dropUnused();

  std::string freshName();
  Names::iterator anyName();
  std::string nameOf(const File& file) const;
  uint64_t linksOf(const File& file) const;
  std::shared_ptr<File> anyFile();
  void remove(Names::iterator name);
  bool fails(const char* call, int result);

  Context context_;
  const Grounds& grounds_;
  std::vector<std::string> directories_;  // its own, and the common one at the end
  Names names_;
  std::vector<std::shared_ptr<File>> files_;  // that have a name, a descriptor or a mapping
  std::vector<std::shared_ptr<File>> others_;  // its part, and those that are only read
  int numbers_ = 0, fresh_ = 0;
};

}  // namespace exercise
