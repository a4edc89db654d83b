"""Behaviours, one line each, in the directory that is given. tmpfs says what is right."""
import errno, mmap, os, stat, sys
os.chdir(sys.argv[1]); os.umask(0)
def say(what, work):
    try: print(what, '→', work())
    except OSError as e: print(what, '→', errno.errorcode[e.errno])
def make(path, text='', mode='w'):
    with open(path, mode) as f: f.write(text)
def read(path):
    with open(path) as f: return f.read()
def as_other(work):
    r, w = os.pipe(); child = os.fork()
    if child == 0:
        os.setgid(54321); os.setuid(54321)
        try: text = str(work())
        except OSError as e: text = errno.errorcode[e.errno]
        os.write(w, text.encode()); os._exit(0)
    os.close(w); os.waitpid(child, 0); return os.read(r, 999).decode()
MiB = 1 << 20
# names
say('255 bytes', lambda: make('n' * 255)); say('256 bytes', lambda: make('n' * 256))
say('letters of several bytes', lambda: (make('é' * 127), 'é' * 127 in os.listdir()))
say('not UTF-8', lambda: make(b'\xff'))
say('missing directory', lambda: make('missing/x')); say('file as directory', lambda: make('n' * 255 + '/x'))
say('O_EXCL', lambda: os.open('n' * 255, os.O_CREAT | os.O_EXCL))
say('modes', lambda: (os.close(os.open('m', os.O_CREAT, 0o6751)), oct(os.stat('m').st_mode)))
say('modes of directories', lambda: (os.mkdir('d', 0o1777), oct(os.stat('d').st_mode)))
say('mknod', lambda: (os.mknod('reg', 0o100640), oct(os.stat('reg').st_mode))); say('fifo', lambda: os.mkfifo('fifo'))
say('rmdir of a file', lambda: os.rmdir('m')); say('unlink of a directory', lambda: os.unlink('d'))
say('rmdir, not empty', lambda: (make('d/x'), os.rmdir('d')))
say('rename', lambda: (make('a', '1'), make('b', '2'), os.rename('a', 'b'), read('b'), os.path.exists('a')))
say('rename into itself', lambda: os.rename('d', 'd/e')); say('rename over a directory', lambda: os.rename('b', 'd'))
say('link', lambda: (os.link('b', 'c'), os.stat('b').st_nlink, os.path.samefile('b', 'c')))
say('a link sees writes', lambda: (make('b', 'new text'), read('c'), os.stat('c').st_size))
say('symlink', lambda: (os.symlink('b', 's'), os.readlink('s'), read('s'), os.lstat('s').st_size))
say('dangling', lambda: (os.symlink('nothing', 't'), os.path.lexists('t'), os.path.exists('t')))
say('symlink loop', lambda: (os.symlink('l', 'l'), read('l')))
say('set-group-id directory', lambda: (os.mkdir('g'), os.chown('g', 0, 50), os.chmod('g', 0o2775), make('g/x'), os.mkdir('g/y'), os.stat('g/x').st_gid, oct(os.stat('g/y').st_mode)))
# bytes
def appended():
    a = os.open('app', os.O_CREAT | os.O_APPEND | os.O_WRONLY); b = os.open('app', os.O_APPEND | os.O_WRONLY)
    for fd, text in ((a, b'1'), (b, b'2'), (a, b'3')): os.write(fd, text)
    return read('app')
say('append', appended)
say('truncate', lambda: (os.truncate('app', 1), read('app'), os.truncate('app', 3), read('app')))
say('O_TRUNC', lambda: (make('app'), os.stat('app').st_size))
def sparse():
    fd = os.open('sparse', os.O_CREAT | os.O_RDWR); os.pwrite(fd, b'end', 5 << 32); os.ftruncate(fd, 1 << 40)
    return os.pread(fd, 5, (5 << 32) - 2), os.fstat(fd).st_size, os.stat('sparse').st_blocks < 64
say('beyond 2^31', sparse)
say('large', lambda: (make('large', b'0123456789abcdef' * (MiB // 4), 'wb'), os.stat('large').st_size, len(open('large', 'rb').read()), open('large', 'rb').read()[-20:]))
def mapped():
    fd = os.open('map', os.O_CREAT | os.O_RDWR); os.ftruncate(fd, 8192); m = mmap.mmap(fd, 8192); m[5000:5003] = b'map'; m.flush()
    return os.pread(fd, 3, 5000)
say('mmap', mapped)
def unlinked():
    fd = os.open('u', os.O_CREAT | os.O_RDWR); os.unlink('u'); os.write(fd, b'x' * 10000); os.fchmod(fd, 0o600); os.ftruncate(fd, 5)
    s = os.fstat(fd); return os.pread(fd, 9, 0), s.st_nlink, s.st_size, oct(s.st_mode), [n for n in os.listdir() if 'u' in n]
say('removed while open', unlinked)
def replaced():
    make('old', 'old'); fd = os.open('old', os.O_RDWR); make('young', 'young'); os.rename('young', 'old')
    return os.read(fd, 9), os.fstat(fd).st_nlink, read('old')
say('replaced while open', replaced)
def removed_with_directory():
    os.mkdir('w'); fd = os.open('w/x', os.O_CREAT | os.O_RDWR); os.unlink('w/x'); os.rename('w', 'v'); os.write(fd, b'12')
    answer = os.pread(fd, 5, 0); os.rmdir('v'); return answer
say('its directory removed', removed_with_directory)
# attributes
def times(*ns): os.utime('m', ns=ns); s = os.stat('m'); return s.st_atime_ns, s.st_mtime_ns
say('times', lambda: times(1_000_000_000_250_000_000, 1_500_000_000_987_000_000))
say('nanoseconds', lambda: times(1_000_000_000_123_456_789, 1_500_000_000_987_654_321))
say('before 1970', lambda: times(-5_000_000_000, -1_000_000_000))
say('chmod', lambda: (os.chmod('m', 0o4711), oct(os.stat('m').st_mode)))
say('chown', lambda: (os.chown('m', 5, -1), os.stat('m').st_uid, os.stat('m').st_gid, oct(os.stat('m').st_mode)))
say('xattr', lambda: (os.setxattr('m', 'user.a', b'v'), os.getxattr('m', 'user.a'), os.listxattr('m')))
say('other owner', lambda: as_other(lambda: (make('d/mine'), os.stat('d/mine').st_uid)))
say('permission', lambda: (os.chmod('b', 0o600), as_other(lambda: read('b'))))
say('sticky', lambda: as_other(lambda: os.unlink('d/x')))
say('set-user-id taken by a write', lambda: (os.chmod('c', 0o6777), as_other(lambda: make('c', 'x')), oct(os.stat('c').st_mode)))
# directories
def many():
    os.mkdir('many')
    for i in range(1000): make(f'many/{i}')
    seen = [e.name for e in os.scandir('many') if e.is_file(follow_symlinks=False) and not os.unlink('many/' + e.name)]
    return len(seen), len(set(seen)), os.listdir('many'), os.rmdir('many')
say('1000 names listed and removed', many)
say('statvfs', lambda: os.statvfs('.').f_namemax)
say('fsync', lambda: (os.fsync(os.open('b', os.O_RDONLY)), os.fsync(os.open('.', os.O_RDONLY))))
