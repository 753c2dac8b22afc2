#!/bin/bash
# A libvirtd that nobody else sees: private-libvirtd.sh DIR. To be run as the first process of a mount and pid namespace
# of its own. It comes back when it dies; a file DIR/kill makes it die.
set -u
dir=$1
for place in /run/libvirt /var/lib/libvirt /etc/libvirt /var/log/libvirt /var/cache/libvirt; do
  own=$dir/libvirt${place//\//_}
  mkdir -p "$place" "$own"
  mount --bind "$own" "$place" || exit 1
done
[[ -d /run/dbus ]] && mount -t tmpfs tmpfs /run/dbus
cat >/etc/libvirt/qemu.conf <<'CONF'
stdio_handler = "file"
cgroup_controllers = []
namespaces = []
security_driver = "none"
CONF
cat >/etc/libvirt/libvirtd.conf <<CONF
host_uuid = "$(</proc/sys/kernel/random/uuid)"
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
CONF
while :; do
  libvirtd --pid-file "$dir/libvirtd.pid" -f /etc/libvirt/libvirtd.conf >>"$dir/libvirtd.log" 2>&1 &
  daemon=$!
  while kill -0 $daemon 2>/dev/null; do
    if [[ -e $dir/stop ]]; then
      kill -STOP $daemon
      while [[ -e $dir/stop ]]; do sleep 0.1; done
      kill -CONT $daemon
    fi
    if [[ -e $dir/kill ]]; then
      kill -KILL $daemon
      wait $daemon
      rm "$dir/kill"
    fi
    sleep 0.1
  done
done
