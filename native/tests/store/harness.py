"""What the tests of the store's program share: jobs, NBD servers, images. Nothing but Python's standard library and qemu-utils."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import uuid

PROGRAM = os.environ["FREEHOLD_STORE"]
PLUGIN = os.environ.get("FREEHOLD_STORE_PLUGIN", "")
CHUNK = 65536
KEY = bytes(range(32)).hex()


class Outcome:
    """What a run said. result or failure is None."""

    def __init__(self, status, out, err):
        self.status, self.err = status, err
        lines = [json.loads(line) for line in out.splitlines()]
        self.progress = [line["progress"] for line in lines if "progress" in line]
        last = lines[-1] if lines else {}
        self.result, self.failure = last.get("result"), last.get("failure")
        self.code = self.failure["code"] if self.failure else None

    def __repr__(self):
        return f"status {self.status}, result {self.result}, failure {self.failure}, stderr {self.err!r}"


class Running:
    """A run under way."""

    def __init__(self, command, job):
        self.process = subprocess.Popen([PROGRAM, command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(job).encode())
            self.process.stdin.close()
        self.process.stdin = None

    def wait(self, timeout=120):
        out, err = self.process.communicate(timeout=timeout)
        return Outcome(self.process.returncode, out.decode(), err.decode())

    def kill(self, sig=signal.SIGKILL):
        self.process.send_signal(sig)


class Server:
    """qemu-nbd on a unix socket. bitmap: the name of a persistent bitmap of a qcow2 image."""

    def __init__(self, folder, image, fmt="raw", bitmap=None, writable=False):
        self.socket = os.path.join(folder, f"nbd-{uuid.uuid4().hex[:8]}")
        args = ["qemu-nbd", "-t", "-f", fmt, "-k", self.socket, "-x", "vda", "-e", "16"]
        if not writable:
            args.append("-r")
        if bitmap:
            args += ["-B", bitmap]
        self.process = subprocess.Popen(args + [image], stderr=subprocess.DEVNULL)
        while not os.path.exists(self.socket):
            if self.process.poll() is not None:
                raise RuntimeError("qemu-nbd ended")
            time.sleep(0.01)
        self.uri = f"nbd+unix:///vda?socket={self.socket}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Asks again: qemu-nbd forgets a SIGTERM that comes after it listens and before it runs."""
        self.process.send_signal(signal.SIGCONT)
        while self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)


def random_bytes(rng, n):
    return rng.randbytes(n)


def make_image(path, size, seed, filled=0.5, compressible=0.5):
    """A raw image: runs of random, repetitive and absent data. size need not be whole chunks."""
    rng = random.Random(seed)
    with open(path, "wb") as f:
        f.truncate(size)
        at = 0
        while at < size:
            run = min(size - at, rng.randrange(1, 40) * 4096)
            if rng.random() < filled:
                f.seek(at)
                if rng.random() < compressible:
                    f.write((rng.randbytes(16) * (run // 16 + 1))[:run])
                else:
                    f.write(rng.randbytes(run))
            at += run
    return path


def same(a, b):
    return subprocess.run(["cmp", "-s", a, b]).returncode == 0


def allocated(path):
    return os.stat(path).st_blocks * 512


def in_memory():
    """Syncing is what the tests would wait for; what it is worth, test_power says. Return: a folder in memory, None: no room."""
    return "/dev/shm" if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > 4 << 30 else None


def pack_kind(path):
    """1: data, 2: pages."""
    with open(path, "rb") as f:
        return f.read(37)[36]


class StoreTest(unittest.TestCase):
    """A store in a directory of its own, and a tenant."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="freehold-store-", dir=os.environ.get("FREEHOLD_TEST_DIR") or in_memory())
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.store = self.path("store")
        os.mkdir(self.store)
        self.tenant = str(uuid.uuid4())
        self.volume = str(uuid.uuid4())

    def path(self, name):
        return os.path.join(self.folder, name)

    def store_ref(self):
        return {"kind": "DIRECTORY", "path": self.store}

    def job(self, **more):
        return {"store": self.store_ref(), "tenant": self.tenant, "key": KEY, "command": str(uuid.uuid4()), "ioTimeoutSeconds": 20,
                "memoryLimit": 256 << 20} | more

    def start(self, what, **more):
        return Running(what, self.job(**more))

    def run_job(self, what, **more):
        return self.start(what, **more).wait()

    def succeed(self, what, **more):
        outcome = self.run_job(what, **more)
        self.assertEqual(outcome.status, 0, outcome)
        return outcome.result

    def fail_with(self, code, what, **more):
        outcome = self.run_job(what, **more)
        self.assertEqual(outcome.code, code, outcome)
        self.assertEqual(outcome.status, 1)
        return outcome.failure

    def volume_job(self, uri, base=None, bitmap=None, size=0):
        return {"id": self.volume, "source": uri, "sizeBytes": size, "bitmap": bitmap, "base": base}

    def back_up(self, image, fmt="raw", base=None, bitmap=None, size=None, **more):
        """Return: the volume's part of the result."""
        size = os.path.getsize(image) if size is None else size
        with Server(self.folder, image, fmt, bitmap) as server:
            result = self.succeed("backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri, base, bitmap, size)], **more)
        return result["volumes"][0]

    def restore(self, root, target=None, size=0, **more):
        target = target or self.path(f"restored-{uuid.uuid4().hex[:8]}")
        self.succeed("restore", volumes=[{"root": root, "target": target, "sizeBytes": size}], **more)
        return target

    def check_restores(self, root, image):
        target = self.restore(root)
        self.assertTrue(same(target, image), "the restored volume differs")
        os.unlink(target)

    def packs(self):
        found = []
        for folder, _, names in os.walk(os.path.join(self.store, self.tenant, "packs")):
            found += [os.path.join(folder, name) for name in names]
        return sorted(found)

    def data_packs(self):
        return [pack for pack in self.packs() if pack_kind(pack) == 1]

    def page_packs(self):
        return [pack for pack in self.packs() if pack_kind(pack) == 2]

    def stored(self):
        return sum(os.path.getsize(pack) for pack in self.packs())
