# Permission checks and set-id bits, looked at as root and as nobody; what it prints must be the same
# on tmpfs. Argument: directory.
D=$1; export D
set -u
cd $D; chmod 1777 .
nob() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
# permission checks
mkdir -m 700 priv; nob ls priv && echo BAD1
echo x > f; chmod 644 f; nob sh -c 'echo y > f' 2>/dev/null && echo BAD2
nob rm -f f 2>/dev/null && echo BAD3-sticky
nob touch mine && stat -c %u mine
# suid
for how in shell trunc dd0 append truncate fallocate copy mmap; do
  cp /bin/true s; chown 0:0 s; chmod 6777 s; setcap cap_net_raw+ep s 2>/dev/null; stat -c '%a' s > /dev/null
  case $how in
   shell) nob sh -c 'printf x 1<>s' ;;
   trunc) nob sh -c ': > s' ;;
   dd0) nob dd if=/dev/zero of=s bs=4096 count=1 conv=notrunc 2>/dev/null ;;
   append) nob sh -c 'printf x >> s' ;;
   truncate) nob /usr/bin/python3 -c 'import os; D=os.environ["D"]; os.truncate("s",10)' ;;
   fallocate) nob fallocate -l 1000000 s ;;
   copy) nob /usr/bin/python3 -c 'import os; D=os.environ["D"]; a=os.open(D+"/f",0); b=os.open(D+"/s",1); print("cfr",os.copy_file_range(a,b,1))' ;;
   mmap) nob /usr/bin/python3 -c 'import os,mmap; D=os.environ["D"]; b=os.open(D+"/s",2); m=mmap.mmap(b,4096); m[0]=1; m.flush()' ;;
  esac
  echo "$how $(stat -c '%a' s) caps:$(getcap s) x"
done
# root overwrite keeps
cp /bin/true s; chmod 6777 s; printf x 1<>s; echo "root write $(stat -c '%a' s)"
chown 1:1 s; echo "chown $(stat -c '%a' s)"
# who holds a descriptor may write whatever the mode says by now, and takes the bits all the same
cp /bin/true s; chown 0:0 s; chmod 6777 s; exec 3<>s; chmod 6755 s
nob sh -c 'printf x >&3'; echo "held $(stat -c '%a' s)"; exec 3>&-
cp /bin/true s; chmod 6755 s; nob python3 -c 'import os; os.chown("s", -1, -1)' 2>/dev/null
echo "chown of nothing $(stat -c '%a' s)"
# mandatory sgid without x
cp /bin/true s; chmod 2664 s; chown 0:0 s; chmod 2666 s; nob sh -c 'printf x 1<>s'; echo "sgid no x $(stat -c '%a' s)"
mkdir sg; chgrp 5 sg; chmod 2777 sg; nob mkdir sg/d; nob touch sg/f; stat -c '%a %g' sg/d sg/f
nob /usr/bin/python3 -c 'import os; D=os.environ["D"]; os.umask(0); os.close(os.open(D+"/sg/h",os.O_CREAT|os.O_WRONLY,0o2770))'; stat -c '%a %g' sg/h
setpriv --reuid 65534 --regid 65534 --groups 5 /usr/bin/python3 -c 'import os; D=os.environ["D"]; os.umask(0); os.close(os.open(D+"/sg/i",os.O_CREAT|os.O_WRONLY,0o2770))'; stat -c '%a %g' sg/i
