"""Every request once, through system calls, in the directory that is given; fails on the first
surprise. Prints ok."""
import os, sys, errno, fcntl, struct, ctypes, signal
os.chdir(sys.argv[1])
libc=ctypes.CDLL(None, use_errno=True)
def expect(err, f, *a, **k):
    try: f(*a, **k)
    except OSError as e:
        assert e.errno==err, (errno.errorcode[e.errno], f, a); return
    assert False, ("no error", f, a)
def renameat2(a,b,flags):
    r=libc.renameat2(-100,a.encode(),-100,b.encode(),flags)
    if r: raise OSError(ctypes.get_errno(),'renameat2')
# names
n='n'*255; open(n,'w').close(); os.stat(n); os.unlink(n)
expect(errno.ENAMETOOLONG, open, 'n'*256, 'w')
expect(errno.ENAMETOOLONG, os.stat, 'n'*256)
expect(errno.ENAMETOOLONG, os.mkdir, 'n'*900)
open(b'\xff\xfe\x80','w').close(); assert b'\xff\xfe\x80' in os.listdir(b'.'); os.unlink(b'\xff\xfe\x80')
# rename flags
for x in 'ab': open(x,'w').write(x)
expect(errno.EEXIST, renameat2,'a','b',1)
renameat2('a','b',2); assert open('a').read()=='b'
expect(errno.EINVAL, renameat2,'a','b',3)
expect(errno.EINVAL, renameat2,'a','b',64)
# mknod etc
os.mkfifo('fifo'); os.mknod('sock',0o140600); os.mknod('dev',0o020600,os.makedev(1,3)); assert os.stat('dev').st_rdev==os.makedev(1,3)
os.mknod('reg',0o100640)
# tmpfile
fd=os.open('.',os.O_TMPFILE|os.O_RDWR); os.write(fd,b'tmp'); assert libc.linkat(-100,f'/proc/self/fd/{fd}'.encode(),-100,b'linked',0x400)==0; os.close(fd); assert open('linked').read()=='tmp'
# open-unlinked
f=open('u','w+'); os.unlink('u'); f.write('x'*10000); f.flush(); f.seek(0); assert len(f.read())==10000; assert os.fstat(f.fileno()).st_nlink==0; f.close()
# trunc, append
open('t','w').write('hello'); open('t','a').write(' world'); assert open('t').read()=='hello world'
os.truncate('t',5); assert open('t').read()=='hello'; open('t','w').close(); assert os.stat('t').st_size==0
# fallocate
fd=os.open('f',os.O_RDWR|os.O_CREAT)
os.posix_fallocate(fd,0,10000); assert os.fstat(fd).st_size==10000
os.pwrite(fd,b'z'*10000,0)
assert libc.fallocate(fd,3,ctypes.c_long(4096),ctypes.c_long(4096))==0
assert os.pread(fd,1,4096)==b'\0' and os.pread(fd,1,0)==b'z'
assert libc.fallocate(fd,0x10,ctypes.c_long(0),ctypes.c_long(20000))==0; assert os.fstat(fd).st_size==20000
assert libc.fallocate(fd,8,ctypes.c_long(0),ctypes.c_long(4096))==-1 and ctypes.get_errno()==errno.EOPNOTSUPP
assert os.lseek(fd,0,os.SEEK_DATA)==0 and os.lseek(fd,0,os.SEEK_HOLE)>0
os.pwrite(fd,b'abc',0)
fd2=os.open('c',os.O_RDWR|os.O_CREAT); assert os.copy_file_range(fd,fd2,3,0,5)==3; assert os.pread(fd2,10,0)==b'\0'*5+b'abc'
os.fsync(fd); os.fdatasync(fd); d=os.open('.',os.O_RDONLY); os.fsync(d); os.close(d)
# xattr
os.setxattr('f','user.a',b'1'); assert os.getxattr('f','user.a')==b'1'; assert os.listxattr('f')==['user.a']
expect(errno.EEXIST, os.setxattr,'f','user.a',b'1',os.XATTR_CREATE); expect(errno.ENODATA, os.setxattr,'f','user.z',b'1',os.XATTR_REPLACE)
os.removexattr('f','user.a'); expect(errno.ENODATA, os.getxattr,'f','user.a')
expect(errno.EOPNOTSUPP, os.getxattr,'f','system.posix_acl_access')
# trusted names are root's: nobody else lists, reads, writes or removes them
os.setxattr('f','trusted.t',b'1'); os.setxattr('f','user.u',b'1'); os.chmod('f',0o666); assert sorted(os.listxattr('f'))==['trusted.t','user.u']
child=os.fork()
if child==0:
    os.setresgid(54321,54321,54321); os.setresuid(54321,54321,54321)
    assert os.listxattr('f')==['user.u'], os.listxattr('f')
    expect(errno.ENODATA, os.getxattr,'f','trusted.t'); expect(errno.EPERM, os.setxattr,'f','trusted.t',b'2')
    expect(errno.EPERM, os.removexattr,'f','trusted.t'); os._exit(0)
assert os.waitpid(child,0)[1]==0; os.removexattr('f','trusted.t'); os.removexattr('f','user.u')
os.setxattr('f','user.big',b'x'*30000); assert len(os.getxattr('f','user.big'))==30000
# statvfs, utime, chmod, chown
os.statvfs('.'); os.utime('f',ns=(1234567890123456789,-5)); s=os.stat('f'); assert s.st_mtime_ns==-5 and s.st_atime_ns==1234567890123456789,s
os.chmod('f',0o4711); assert os.stat('f').st_mode&0o7777==0o4711; os.chown('f',5,6); assert os.stat('f').st_mode&0o7777==0o711; assert os.stat('f').st_uid==5
# ioctl, poll
expect(errno.ENOTTY, fcntl.ioctl, fd, 0x5401)
import select; p=select.poll(); p.register(fd); assert p.poll(0)
# locks; the pipe `order` says in which order things happened, `done` holds the first child
order,said=os.pipe(); held,done=os.pipe()
pid=os.fork()
if pid==0:
    os.close(done)
    g=open('lk','w'); fcntl.lockf(g,fcntl.LOCK_EX); fcntl.flock(g, fcntl.LOCK_EX); os.write(said,b'locked ')
    os.read(held,1); os.write(said,b'unlocked '); os._exit(0)
assert os.read(order,7)==b'locked '; g=open('lk','r+')
expect(errno.EAGAIN, fcntl.lockf,g,fcntl.LOCK_EX|fcntl.LOCK_NB)
expect(errno.EAGAIN, fcntl.flock,g,fcntl.LOCK_EX|fcntl.LOCK_NB)
lk=fcntl.fcntl(g,fcntl.F_GETLK,struct.pack('hhqqi',fcntl.F_WRLCK,0,0,0,0)); assert struct.unpack('hhqqi',lk)[4]==pid
# a wait is interrupted while the lock is held, which only we can end
class Alarm(Exception): pass
def h(*a): raise Alarm
signal.signal(signal.SIGALRM,h); signal.setitimer(signal.ITIMER_REAL,0.1)
try: fcntl.lockf(g,fcntl.LOCK_EX); assert 0
except Alarm: pass
signal.setitimer(signal.ITIMER_REAL,0)
# a wait ends with the lock
waiter=os.fork()
if waiter==0:
    os.close(done)
    fcntl.lockf(g,fcntl.LOCK_EX); os.write(said,b'granted '); fcntl.flock(g,fcntl.LOCK_EX); os._exit(0)
os.close(done); os.waitpid(pid,0); assert os.waitpid(waiter,0)[1]==0; os.close(said)
assert os.read(order,100)==b'unlocked granted '
# mmap
import mmap
fd=os.open('m',os.O_RDWR|os.O_CREAT); os.ftruncate(fd,8192); m=mmap.mmap(fd,8192); m[5000:5003]=b'map'; m.flush(); assert os.pread(fd,3,5000)==b'map'; m.close(); os.close(fd)
assert open('m','rb').read()[5000:5003]==b'map'
# readdir in mass deletion
os.mkdir('many')
for i in range(3000): open(f'many/{i:05}','w').close()
assert len(os.listdir('many'))==3000
seen=set()
for e in os.scandir('many'): seen.add(e.name); os.unlink('many/'+e.name)
assert len(seen)==3000 and not os.listdir('many'); os.rmdir('many')
print('ok')
