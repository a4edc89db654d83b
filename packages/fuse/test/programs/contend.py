"""Two of these, on two mounts of one Volume, get into each other's way as well as they can: the same
page, the same names. Arguments: directory, rounds. Prints ok."""
import os, sys

root, rounds = sys.argv[1], int(sys.argv[2])
os.chdir(root)
fd = os.open('page', os.O_CREAT | os.O_RDWR)
for i in range(rounds):
    os.pwrite(fd, b'x' * 100, i % 4000)
    os.pread(fd, 4096, 0)
    try:
        os.close(os.open('name', os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        pass
    try:
        os.rename('name', 'other')
        os.unlink('other')
    except FileNotFoundError:
        pass
    os.stat('page')
print('ok')
