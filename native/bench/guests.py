"""One TCP stream, and four, between two QEMU guests: through our dataplane, and through taps, a Linux bridge and nftables' connection tracking.

Each run boots the demo guest's kernel and initramfs twice, with iperf3 laid on top. The kernel's path lives in a network namespace of its
own, without a name, so that it ends with its processes, and those end with this one: bridged IPv4 goes through nftables by br_netfilter, as it went through iptables in the days of the talk (and as this kernel has no
connection tracking of bridges itself). Who worked how much is read from the processes and the kernel's own threads.
"""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")
PORT = 5201
SECONDS = 5
OFFLOADS = ("csum", "gso", "host_tso4", "host_tso6", "host_ecn", "host_ufo", "guest_csum", "guest_tso4", "guest_tso6", "guest_ecn", "guest_ufo")

INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
while read -r module; do insmod "/lib/modules/$module" 2>/dev/null; done </lib/modules.order
for word in $(cat /proc/cmdline); do case $word in fh_*=*) eval "$word" ;; esac; done
ip link set lo up
ip link set eth0 mtu "$fh_mtu" up
ip addr add "$fh_self/24" dev eth0
echo "bench: mtu $(cat /sys/class/net/eth0/mtu)"
if [ -z "$fh_peer" ]; then
  echo "bench: serving"
  exec iperf3 -s -p PORT >/dev/null
fi
i=0
until iperf3 -c "$fh_peer" -p PORT -n 1K --connect-timeout 2000 >/dev/null 2>&1; do i=$((i + 1)); [ $i -gt 60 ] && echo "bench: failed" && poweroff -f; sleep 0.3; done
for streams in 1 4; do
  echo "bench: start $streams"
  report=""
  while [ -z "$report" ]; do report=$(iperf3 -c "$fh_peer" -p PORT -t SECONDS -P $streams -f m | grep receiver | tail -n 1); done
  echo "bench: $streams streams: $report"
done
echo "bench: done"
sleep 60
"""

RULES = f"""
table ip filter {{
  chain forward {{
    type filter hook forward priority 0; policy drop;
    ct state established,related counter accept
    ct state invalid counter drop
    ip daddr 10.1.0.6 tcp dport {PORT} ct state new counter accept
  }}
}}
"""


def sh(*args, **more):
    return subprocess.run(args, check=True, capture_output=True, text=True, timeout=30, **more).stdout


def version():
    return sh("qemu-system-x86_64", "--version").splitlines()[0]


def make_overlay(folder, initrd):
    """The guest's initramfs with iperf3 and another init."""
    root = f"{folder}/root"
    program = shutil.which("iperf3")
    for library in re.findall(r"=> (/\S+)", sh("ldd", program)):
        target = root + library.replace("/usr/lib/", "/lib/")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(library, target)
    os.makedirs(f"{root}/bin")
    shutil.copy(program, f"{root}/bin/iperf3")
    with open(f"{root}/bench", "w") as f:
        f.write(INIT.replace("PORT", str(PORT)).replace("SECONDS", str(SECONDS)))
    os.chmod(f"{root}/bench", 0o755)
    with open(f"{folder}/overlay", "wb") as out:
        subprocess.run("find . -mindepth 1 | cpio --quiet -o -H newc | gzip -1", shell=True, cwd=root, stdout=out, check=True)
    with open(f"{folder}/initrd", "wb") as out:
        for part in (initrd, f"{folder}/overlay"):
            with open(part, "rb") as f:
                shutil.copyfileobj(f, out)
    return f"{folder}/initrd"


class Guest:
    """n is 5 (client) or 6 (server): address 10.1.0.n, MAC 02:fe:00:00:01:0n."""

    def __init__(self, image, initrd, folder, n, netdev, mtu, offloads, inside=()):
        self.console = f"{folder}/console{n}"
        device = f"virtio-net-pci,netdev=net0,mac=02:fe:00:00:01:0{n},host_mtu={mtu}"
        if not offloads:
            device += "".join(f",{name}=off" for name in OFFLOADS)
        words = f"console=ttyS0 quiet net.ifnames=0 pci=nomsi no_timer_check rdinit=/bench fh_self=10.1.0.{n} fh_mtu={mtu}"
        self.process = subprocess.Popen(
            [*ENDS_WITH_US, *inside, "qemu-system-x86_64", "-name", "guest,debug-threads=on", "-machine", "q35,accel=tcg,memory-backend=mem", "-cpu", "max", "-smp", "1", "-m", "256",
             "-object", "memory-backend-memfd,id=mem,size=256M,share=on", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
             "-serial", f"file:{self.console}", "-kernel", f"{image}/vmlinuz", "-initrd", initrd,
             "-append", words + ("" if n == 6 else " fh_peer=10.1.0.6"), *netdev, "-device", device],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(f"{folder}/qemu{n}", "w"))

    def said(self):
        try:
            with open(self.console, errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def await_word(self, word, seconds):
        deadline = time.monotonic() + seconds
        while word not in self.said():
            if time.monotonic() > deadline or self.process.poll() is not None or "bench: failed" in self.said():
                raise RuntimeError(f"the guest did not say '{word}': {self.said()[-200:]!r}")
            time.sleep(0.1)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Ours:
    name = "ours"

    def __init__(self, build, mtu):
        env = dict(os.environ, FREEHOLD_DATAPLANE=f"{build}/dataplane/freehold-dataplane")
        self.process = subprocess.Popen([f"{build}/bench/dataplane_bench", "serve", "--mtu", str(mtu)], env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.dir, self.pids = ready["dir"], [ready["pid"]]
        self.inside = ()

    def netdev(self, n):
        return ["-chardev", f"socket,id=char0,path={self.dir}/port{n},server=on,wait=off", "-netdev", "vhost-user,id=net0,chardev=char0"]

    def finish(self):
        """Return: connections that were tracked, bytes that went through."""
        out, _ = self.process.communicate("", timeout=20)
        figures = json.loads(out)
        return figures["connections"], figures["bytes"]

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()


class Kernel:
    name = "tap, bridge, nftables"
    pids = []

    def __init__(self, build, mtu):
        del build
        self.holder = subprocess.Popen([*ENDS_WITH_US, "unshare", "--net", "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
        self.inside = ("nsenter", f"--net=/proc/{self.holder.pid}/ns/net")
        try:
            self.holder.stdout.readline()
            self.run("ip", "link", "add", "br0", "type", "bridge")
            self.run("ip", "link", "set", "br0", "up")
            for n in (5, 6):
                self.run("ip", "tuntap", "add", f"tap{n}", "mode", "tap", "vnet_hdr")
                self.run("ip", "link", "set", f"tap{n}", "mtu", str(mtu), "master", "br0", "up")
            self.run("ip", "link", "set", "br0", "mtu", str(mtu))
            self.run("sysctl", "-q", "-w", "net.bridge.bridge-nf-call-iptables=1")
            self.run("nft", "-f", "-", input=RULES)
        except BaseException:
            self.stop()
            raise

    def run(self, *args, **more):
        return sh(*self.inside, *args, **more)

    def netdev(self, n):
        return ["-netdev", f"tap,id=net0,ifname=tap{n},script=no,downscript=no"]

    def finish(self):
        connections = self.run("cat", "/proc/net/nf_conntrack").count(f"dport={PORT}")
        counters = [int(b) for b in re.findall(r"bytes (\d+)", self.run("nft", "list", "chain", "ip", "filter", "forward"))]
        return connections, sum(counters)

    def stop(self):
        self.holder.kill()
        self.holder.wait()


def cpu_seconds(pid):
    """By thread: {name: seconds}."""
    used = {}
    for stat in glob.glob(f"/proc/{pid}/task/*/stat"):
        try:
            with open(stat) as f:
                text = f.read()
        except OSError:
            continue
        fields = text.rsplit(")", 1)[1].split()
        name = text.split("(", 1)[1].rsplit(")", 1)[0]
        used[name] = used.get(name, 0) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def shares(before, after, seconds):
    """Of a core in percent: vCPU threads, QEMU's main loops, our dataplane."""
    def sum_of(snapshot, pick):
        return sum(v for name, v in snapshot.items() if pick(name))

    def share(pick):
        return (sum_of(after, pick) - sum_of(before, pick)) / seconds * 100

    return dict(vcpus=share(lambda n: n.startswith("CPU ")), qemu=share(lambda n: n.startswith("qemu")), worker=share(lambda n: n.startswith("fh-worker")))


def snapshot(pids):
    total = {}
    for pid in pids:
        for name, seconds in cpu_seconds(pid).items():
            total[name] = total.get(name, 0) + seconds
    return total


def run(path_class, build, image, mtu, offloads):
    """Return: {"1": Mbit/s, "4": Mbit/s, "connections", "bytes", "work": shares of the one stream}."""
    folder = tempfile.mkdtemp(prefix="freehold-guests-", dir="/dev/shm")
    guests, path = [], None
    try:
        initrd = make_overlay(folder, f"{image}/initrd.img")
        path = path_class(build, mtu)
        for n in (6, 5):
            guests.append(Guest(image, initrd, folder, n, path.netdev(n), mtu, offloads, path.inside))
        server, client = guests
        server.await_word("bench: serving", 120)
        client.await_word("bench: start 1", 120)
        pids = [g.process.pid for g in guests] + path.pids
        time.sleep(1)
        before, began = snapshot(pids), time.monotonic()
        time.sleep(SECONDS - 2)
        work = shares(before, snapshot(pids), time.monotonic() - began)
        client.await_word("bench: done", 120)
        figures = {s: float(re.search(rf"bench: {s} streams:.*?([0-9.]+) Mbits/sec", client.said()).group(1)) for s in ("1", "4")}
        figures["mtu"] = int(re.search(r"bench: mtu (\d+)", client.said()).group(1))
        figures["connections"], figures["bytes"] = path.finish()
        figures["work"] = work
        return figures
    finally:
        for g in guests:
            g.stop()
        if path:
            path.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    build, image = sys.argv[1:3]
    for mtu, offloads in ((1500, False), (65000, True)):
        for path_class in (Ours, Kernel):
            print(path_class.name, mtu, offloads, run(path_class, build, image, mtu, offloads), flush=True)


if __name__ == "__main__":
    main()
