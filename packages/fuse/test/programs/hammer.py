"""Looks at every name below a directory again and again, so that lookups, readdirplus and reads are
under way while others change it. Arguments: directory. Runs until its input ends."""
import os, select, sys

root = sys.argv[1]
sys.stdout.write('ready\n')
sys.stdout.flush()
while not select.select([sys.stdin], [], [], 0)[0]:
    for number in range(40):
        path = os.path.join(root, f'n{number}')
        try:
            os.stat(path)
            with open(path, 'rb') as f:
                f.read()
        except OSError:
            pass
    for entry in os.scandir(root):
        try:
            entry.stat()
        except OSError:
            pass
