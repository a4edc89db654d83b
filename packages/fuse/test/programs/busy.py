"""Keeps the directory that is given busy in one way, says so, and goes on until it is killed or gets
an error: open, mapped, cwd, lock (waits for one that a child holds), copy (long requests)."""
import ctypes, fcntl, mmap, os, signal, sys

os.chdir(sys.argv[1])
what = sys.argv[2]


def say(word):
    os.write(1, word.encode() + b'\n')


def stay():
    while True:
        signal.pause()


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def wait_for_lock():
    fd = os.open('lock', os.O_RDWR | os.O_CREAT)
    read, write = os.pipe()
    if os.fork() == 0:
        die_with_parent()
        fcntl.lockf(fd, fcntl.LOCK_EX)
        os.write(write, b'locked')
        stay()
    os.read(read, 6)
    say('busy')
    fcntl.lockf(fd, fcntl.LOCK_EX)


def copy():
    source = os.open('source', os.O_RDWR | os.O_CREAT)
    target = os.open('target', os.O_RDWR | os.O_CREAT)
    size = 32 << 20
    os.posix_fallocate(source, 0, size)
    say('busy')
    while True:
        os.copy_file_range(source, target, size, 0, 0)
        os.posix_fallocate(source, 0, size)
        os.ftruncate(target, 0)


try:
    if what == 'lock':
        wait_for_lock()
    elif what == 'copy':
        copy()
    if what == 'open':
        fd = os.open('open', os.O_RDWR | os.O_CREAT)
        os.write(fd, b'text')
    if what == 'mapped':
        fd = os.open('mapped', os.O_RDWR | os.O_CREAT)
        os.write(fd, bytes(200_000))
        mapping = mmap.mmap(fd, 200_000)
        os.close(fd)
        os.chdir('/')
        mapping[0:150_000] = b'x' * 150_000
    if what in ('open', 'mapped'):
        os.chdir('/')
    say('busy')
    stay()
except OSError as error:
    say(f'errno {error.errno}')
