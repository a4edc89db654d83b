"""One of many processes that create, rename, link, write, read and delete in one directory and in
one of their own. Arguments: directory, number, seconds. Fails when something of its own is lost."""
import os, random, sys, time

root, number, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
rng = random.Random(number)
own = os.path.join(root, f'own{number}')
os.makedirs(own, exist_ok=True)
alive = {}
end = time.time() + seconds
steps = 0
while time.time() < end:
    steps += 1
    name = os.path.join(own if rng.random() < .5 else root, f'p{number}-{rng.randrange(40)}')
    what = rng.random()
    if what < .4:
        data = os.urandom(rng.choice([0, 10, 5000, 70000]))
        with open(name, 'wb') as f:
            f.write(data)
        alive[name] = data
    elif what < .6 and alive:
        old = rng.choice(list(alive))
        os.rename(old, name)
        alive[name] = alive.pop(old)
    elif what < .8 and alive:
        some = rng.choice(list(alive))
        with open(some, 'rb') as f:
            assert f.read() == alive[some], some
    elif alive:
        gone = rng.choice(list(alive))
        os.unlink(gone)
        del alive[gone]
    if rng.random() < .05:
        os.listdir(root)
for name, data in alive.items():
    with open(name, 'rb') as f:
        assert f.read() == data, name
print(steps)
