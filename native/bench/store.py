#!/usr/bin/env python3
"""Measures freehold-store beside qemu-img convert and virtnbdbackup: one image, one NBD server, one machine, one run.

usage: store.py BUILD_DIR OUT.json [MiB] [FOLDER]

The image is qcow2 and holds files of this machine (what a guest's disk is full of), a tenth noise, and as much again that is not
allocated. FOLDER (default: a new one in /dev/shm if there is room, else in /var/tmp) takes image, stores and targets; in memory,
the programs are measured and not the disk. virtnbdbackup runs against libvirt's test driver with the disk of a domain that
is shut off: it then starts the same NBD server. Wall time includes each program's start. CPU: the program's own and its children's,
the NBD server's apart.
"""

import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

MIB = 1 << 20
KEY = "5a" * 32


class Rig:
    def __init__(self, build, folder, mib):
        self.program, self.folder, self.mib = f"{build}/store/freehold-store", folder, mib
        self.image, self.store = self.path("image.qcow2"), self.path("store")
        self.tenant, self.volume = str(uuid.uuid4()), str(uuid.uuid4())
        os.makedirs(self.store)
        self.make_image()

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_image(self):
        raw, rng = self.path("raw"), random.Random(1)
        with open(raw, "wb") as f:
            f.truncate(2 * self.mib * MIB)
        files = subprocess.Popen(["tar", "cf", "-", "/usr/lib", "/usr/share", "/usr/bin"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with open(raw, "r+b") as f:
            for at in range(0, self.mib, 16):
                piece = files.stdout.read(16 * MIB) if at % 160 else b""
                f.write(piece if len(piece) == 16 * MIB else rng.randbytes(16 * MIB))
        files.kill()
        files.wait()
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, self.image], check=True)
        os.unlink(raw)
        # A guest that runs touches the same pages again and again: the source is in the page cache for everybody.
        subprocess.run(["cat", self.image], stdout=subprocess.DEVNULL, check=True)

    def change(self, rng):
        """Writes noise to 1 % of the data, 64 KiB at a time wherever it falls. Return: MiB of different places."""
        places = {rng.randrange(self.mib * 16) for _ in range(self.mib // 100 * 16)}
        writes = []
        for i, place in enumerate(places):
            with open(self.path(f"noise-{i}"), "wb") as f:
                f.write(rng.randbytes(65536))
            writes += ["-c", f"write -s {self.path(f'noise-{i}')} {place * 65536} 65536"]
        subprocess.run(["qemu-io", "-f", "qcow2", *writes, self.image], check=True, stdout=subprocess.DEVNULL)
        return len(places) / 16

    def serve(self, bitmap=None):
        self.socket = self.path("nbd")
        self.server = subprocess.Popen(["qemu-nbd", "-t", "-r", "-f", "qcow2", "-k", self.socket, "-x", "vda", "-e", "4", self.image] +
                                       (["-B", bitmap] if bitmap else []), stderr=subprocess.DEVNULL)
        while not os.path.exists(self.socket):
            time.sleep(0.01)
        self.uri = f"nbd+unix:///vda?socket={self.socket}"

    def stop(self):
        self.server.terminate()
        self.server.wait()

    def server_cpu(self):
        fields = open(f"/proc/{self.server.pid}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measure(self, args, stdin=None, served=True):
        """Return: seconds, CPU seconds, the server's CPU seconds, peak MiB, output."""
        served_before = self.server_cpu() if served else 0
        out = tempfile.TemporaryFile()
        started = time.monotonic()
        process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT)
        if stdin:
            process.stdin.write(stdin)
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        out.seek(0)
        text = out.read().decode(errors="replace")
        if status:
            sys.exit(f"{args[0]} failed: {text[-2000:]}")
        return dict(seconds=wall, cpu=usage.ru_utime + usage.ru_stime, server=self.server_cpu() - served_before if served else 0,
                    peak=usage.ru_maxrss / 1024, out=text)

    def job(self, command, **more):
        job = {"store": {"kind": "DIRECTORY", "path": self.store}, "tenant": self.tenant, "key": KEY, "command": str(uuid.uuid4())} | more
        m = self.measure([self.program, command], json.dumps(job).encode(), command == "backup")
        m["result"] = json.loads(m["out"].splitlines()[-1])["result"]
        return m

    def back_up(self, **volume):
        volume = {"id": self.volume, "source": self.uri, "sizeBytes": 2 * self.mib * MIB} | volume
        return self.job("backup", point=str(uuid.uuid4()), volumes=[volume])


def stored(path):
    return sum(os.stat(os.path.join(f, n)).st_blocks * 512 for f, _, names in os.walk(path) for n in names) / MIB


def virtnbdbackup(rig, level, out):
    """Against the test driver: see above. Return: the measurement, or None when it is not installed."""
    if not shutil.which("virtnbdbackup"):
        return None
    node = rig.path("node.xml")
    with open(node, "w") as f:
        f.write(f"""<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><domain type='test'><name>bench</name><memory>65536</memory>
          <os><type>hvm</type></os><test:runstate>5</test:runstate><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
          <source file='{rig.image}'/><target dev='vda' bus='virtio'/></disk></devices></domain></node>""")
    return rig.measure(["virtnbdbackup", "-U", f"test://{node}", "-d", "bench", "-l", "copy", "-n", "-o", out] + level, served=False)


def daily(rig, row, root):
    """30 points, 1 % changed before each: what the store grows by, beside what was changed. Return: the last one's root."""
    rng, changed, before, total = random.Random(3), 0, stored(rig.store), None
    for _ in range(30):
        rig.stop()
        subprocess.run(["qemu-img", "bitmap", "--remove", rig.image, "b"], check=True)
        subprocess.run(["qemu-img", "bitmap", "--add", rig.image, "b"], check=True)
        changed += rig.change(rng)
        rig.serve("b")
        one = rig.back_up(base=root, bitmap="b")
        root = one["result"]["volumes"][0]["root"]
        total = {key: one[key] + (total[key] if total else 0) for key in ("seconds", "cpu", "server")} | {"peak": one["peak"]}
    row(f"30 points, {changed:.0f} MiB changed", "freehold-store", total, changed, stored(rig.store) - before)
    return root


def measure_all(rig, row):
    mib = rig.mib
    rig.serve()
    ours = rig.back_up()
    full_root = ours["result"]["volumes"][0]["root"]
    row("full backup", "freehold-store", ours, mib, stored(rig.store))
    convert = rig.measure(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", rig.uri, rig.path("convert.qcow2")])
    row("full backup", "qemu-img convert", convert, mib, stored(rig.path("convert.qcow2")) or os.path.getsize(rig.path("convert.qcow2")) / MIB)
    os.unlink(rig.path("convert.qcow2"))
    packed = rig.measure(["qemu-img", "convert", "-c", "-o", "compression_type=zstd", "-f", "raw", "-O", "qcow2", rig.uri,
                          rig.path("packed.qcow2")])
    row("full backup", "qemu-img convert -c zstd", packed, mib, os.path.getsize(rig.path("packed.qcow2")) / MIB)
    os.unlink(rig.path("packed.qcow2"))
    rig.stop()
    for name, level in [("virtnbdbackup", []), ("virtnbdbackup -z (lz4)", ["-z"])]:
        theirs = virtnbdbackup(rig, level, rig.path("virtnbd"))
        if theirs:
            row("full backup", name, theirs, mib, stored(rig.path("virtnbd")))
            if not level:
                restored = rig.measure(["virtnbdrestore", "-i", rig.path("virtnbd"), "-o", rig.path("virtnbd-restored")], served=False)
                row("restore", name, restored, mib, 0)
                shutil.rmtree(rig.path("virtnbd-restored"))
            shutil.rmtree(rig.path("virtnbd"))

    subprocess.run(["qemu-img", "bitmap", "--add", rig.image, "b"], check=True)
    rig.change(random.Random(2))
    rig.serve("b")
    before = stored(rig.store)
    ours = rig.back_up(base=full_root, bitmap="b")
    row("1 % changed, with a bitmap", "freehold-store", ours, mib / 100, stored(rig.store) - before)
    root = ours["result"]["volumes"][0]["root"]
    before = stored(rig.store)
    ours = rig.back_up(base=full_root)
    row("1 % changed, bitmap lost", "freehold-store", ours, mib, stored(rig.store) - before)

    root = daily(rig, row, root)

    row("verify", "freehold-store", rig.job("verify", roots=[root]), mib, 0)
    restored = rig.job("restore", volumes=[{"root": root, "target": rig.path("restored")}])
    row("restore", "freehold-store", restored, mib, 0)
    subprocess.run(["qemu-img", "compare", "-q", "-f", "raw", "-F", "raw", rig.path("restored"), rig.uri], check=True)
    rig.stop()
    os.unlink(rig.path("restored"))
    writers = rig.job("writers")["result"]["writers"]
    row("collect", "freehold-store", rig.job("collect", writers=writers, openWriters=[], liveRoots=[root]), mib, 0)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    build, path = os.path.abspath(sys.argv[1]), sys.argv[2]
    mib = int(sys.argv[3]) if len(sys.argv) > 3 else 2048
    room = shutil.disk_usage("/dev/shm").free > 5 * mib * MIB
    home = sys.argv[4] if len(sys.argv) > 4 else "/dev/shm" if room else "/var/tmp"
    folder, rows = tempfile.mkdtemp(prefix="store-bench-", dir=home), []

    def row(what, who, m, volume_mib, stored_mib):
        rate = volume_mib / m["seconds"]
        rows.append(dict(what=what, who=who, seconds=round(m["seconds"], 2), mib_per_second=round(rate), cpu_seconds=round(m["cpu"], 2),
                         server_cpu_seconds=round(m["server"], 2), peak_mib=round(m["peak"]), stored_mib=round(stored_mib)))
        print(f"{what:28} {who:26} {m['seconds']:8.2f} s {rate:7.0f} MiB/s {m['cpu']:8.2f} s {m['server']:7.2f} s {m['peak']:6.0f} MiB "
              f"{stored_mib:7.0f} MiB", flush=True)

    try:
        print(f"{'what':28} {'who':26} {'wall':>10} {'':>13} {'CPU':>10} {'server':>9} {'peak':>10} {'stored':>11}")
        measure_all(Rig(build, folder, mib), row)
    finally:
        shutil.rmtree(folder)
    machine = dict(cores=os.cpu_count(), kernel=platform.release(), load=os.getloadavg(), folder=home, data_mib=mib,
                   cpu=re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())[1])
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as f:
        json.dump(dict(machine=machine, rows=rows), f, indent=1)


if __name__ == "__main__":
    main()
