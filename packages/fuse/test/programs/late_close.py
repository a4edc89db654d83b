"""Fills the disk at the given directory with a file, deletes and closes it on a CPU that is then
kept busy, and writes on another CPU: the server hears of the close late. Prints ok.

Without the right to real-time scheduling that CPU is not kept busy enough to show anything."""
import os, sys, time

os.chdir(sys.argv[1])
cpus = sorted(os.sched_getaffinity(0))
closed, close = os.pipe()

child = os.fork()
if child == 0:
    os.sched_setaffinity(0, {cpus[0]})
    fd = os.open('big', os.O_CREAT | os.O_RDWR)
    try:
        while os.write(fd, b'x' * 1000003):
            pass
    except OSError:
        os.unlink('big')
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass
    os.close(fd)
    os.write(close, b'.')
    # Longer than a request waits for what may not come.
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        pass
    os._exit(0)

os.sched_setaffinity(0, {cpus[-1]})
os.read(closed, 1)
fd = os.open('after', os.O_CREAT | os.O_WRONLY)
assert os.write(fd, b'y' * 1000000) == 1000000
os.close(fd)
assert os.waitpid(child, 0)[1] == 0
print('ok')
