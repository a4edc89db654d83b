"""Fills the disk at the given directory by write, by mmap and with inodes. Prints ok.

Arguments: directory, io. Passed through, a store that finds no room is SIGBUS, as on tmpfs."""
import errno, mmap, os, signal, sys

os.chdir(sys.argv[1])


def fails(what, *args):
    try:
        what(*args)
    except OSError as error:
        return error.errno
    return 0


def put(name, data):
    with open(name, 'wb', buffering=0) as f:
        while data:
            data = data[f.write(data):]


def fill(name):
    written = 0
    fd = os.open(name, os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            written += os.write(fd, b'x' * 1000003)
    except OSError as error:
        assert error.errno == errno.ENOSPC
    os.close(fd)
    return written


put('keep', b'k' * 10000)
size = fill('big')
assert os.stat('big').st_size == size and size > 30_000_000
with open('big', 'rb') as f:
    data = f.read()
assert len(data) == size and data.count(b'x') == size
assert fails(put, 'more', b'y' * 100000) == errno.ENOSPC

def store():
    fd = os.open('mapped', os.O_CREAT | os.O_RDWR)
    os.ftruncate(fd, 1 << 20)
    pages = mmap.mmap(fd, 1 << 20)
    pages[:] = b'z' * (1 << 20)
    error = fails(pages.flush)
    pages.close()
    os.close(fd)
    return error


child = os.fork()
if child == 0:
    os._exit(store())
ended = os.waitpid(child, 0)[1]
if sys.argv[2] == 'passthrough':
    assert os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGBUS, ended
else:
    assert os.WIFEXITED(ended) and os.WEXITSTATUS(ended) == errno.ENOSPC, ended
os.unlink('mapped')

with open('keep', 'rb') as f:
    assert f.read() == b'k' * 10000
os.unlink('big')
put('after', b'a' * (size // 2))
with open('after', 'rb') as f:
    assert f.read() == b'a' * (size // 2)

made = 0
while fails(lambda: open(f'i{made}', 'x').close()) == 0:
    made += 1
assert 400 < made < 500 and fails(open, 'one-more', 'x') == errno.ENOSPC
os.unlink('i0')
open('one-more', 'x').close()
print('ok')
