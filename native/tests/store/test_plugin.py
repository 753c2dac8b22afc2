"""The nbdkit plugin: a point as a read-only disk, byte for byte, in any size, from several connections at once."""

import json
import os
import pwd
import random
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

from harness import CHUNK, KEY, PLUGIN, StoreTest, make_image, same

MIB = 1 << 20


def runs(process):
    """Whether it does, and is no mere entry that nobody has collected."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Client:
    """As much of NBD as it takes to read."""

    def __init__(self, path, export):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        try:
            self.shake_hands(export)
        except ConnectionError:
            self.close()
            raise

    def shake_hands(self, export):
        magic, option_magic, _flags = struct.unpack(">8sQH", self.take(18))
        assert magic == b"NBDMAGIC" and option_magic == 0x49484156454F5054
        name = export.encode()
        self.socket.sendall(struct.pack(">IQII", 3, option_magic, 1, len(name)) + name)
        self.size, self.flags = struct.unpack(">QH", self.take(10))

    def take(self, n):
        data = b""
        while len(data) < n:
            piece = self.socket.recv(n - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def read(self, offset, length):
        """Return: the bytes, or the error's number."""
        self.socket.sendall(struct.pack(">IHHQQI", 0x25609513, 0, 0, 7, offset, length))
        _magic, error, _handle = struct.unpack(">IIQ", self.take(16))
        return error or self.take(length)

    def close(self):
        self.socket.close()


@unittest.skipUnless(PLUGIN, "nbdkit is no sanitized program")
class PluginTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.image = make_image(self.path("image"), 40 * MIB + 512, 6)
        self.root = self.back_up(self.image)["root"]
        self.servers = []
        self.clients = []

    def tearDown(self):
        # nbdkit ends only when its clients have gone.
        for client in self.clients:
            client.close()
        for server in self.servers:
            server.terminate()
            self.assertEqual(server.wait(10), 0, "nbdkit did not end well")
            server.stderr_thread.join()
            server.stderr.close()

    def command(self, job, path, options=()):
        """nbdkit with the job on a descriptor that only it has."""
        with tempfile.TemporaryFile(dir=self.folder) as f:
            f.write(json.dumps(job).encode())
            f.flush()
            f.seek(0)
            return subprocess.Popen(["nbdkit", "-f", "--unix", path, *options, PLUGIN, f"jobfd={f.fileno()}"],
                                    pass_fds=[f.fileno()], stderr=subprocess.PIPE)

    def serve(self, volumes, options=(), **more):
        path = self.path(f"nbdkit-{uuid.uuid4().hex[:6]}")
        server = self.command(self.job(volumes=volumes, **more), path, options)
        while not os.path.exists(path):
            self.assertIsNone(server.poll(), server.stderr.read() if server.poll() is not None else "")
            time.sleep(0.01)
        server.stderr_thread = threading.Thread(target=server.stderr.read, daemon=True)
        server.stderr_thread.start()
        self.servers.append(server)
        return path

    def client(self, path, export):
        client = Client(path, export)
        self.clients.append(client)
        return client

    def one(self, **more):
        return self.serve([{"name": "vda", "root": self.root}], **more)

    def give_store_to(self, user):
        """And to nobody else."""
        os.chmod(self.folder, 0o711)
        os.chmod(self.store, 0o700)
        for folder, _, names in os.walk(self.store):
            for path in [folder, *(os.path.join(folder, name) for name in names)]:
                os.chown(path, user, -1)

    @unittest.skipUnless(os.geteuid() == 0, "only root becomes another user")
    def test_becomes_the_user_whose_store_it_is(self):
        user = pwd.getpwnam("nobody")
        options = ["--user", "nobody", "--group", str(user.pw_gid)]
        job = self.job(volumes=[{"name": "vda", "root": self.root}])
        self.give_store_to(0)
        refused = self.command(job, self.path("refused"), options)
        self.assertIn(b"Permission denied", refused.communicate(timeout=20)[1])
        self.give_store_to(user.pw_uid)
        path = self.serve([{"name": "vda", "root": self.root}], options)
        client = self.client(path, "vda")
        with open(self.image, "rb") as f:
            self.assertEqual(client.read(0, MIB), f.read(MIB))

    def start_and_lose(self, script):
        """nbdkit by a shell that is killed once it serves. Return: nbdkit's number."""
        path, job = self.path("socket"), self.path("job")
        with open(job, "w", encoding="ascii") as f:
            json.dump(self.job(volumes=[{"name": "vda", "root": self.root}]), f)
        starter = subprocess.Popen(["sh", "-c", script, "sh", path, PLUGIN, job], stdout=subprocess.PIPE)
        server = int(starter.stdout.readline())
        self.addCleanup(starter.stdout.close)
        while not os.path.exists(path):
            self.assertTrue(runs(server), "nbdkit ended")
            time.sleep(0.01)
        self.client(path, "vda").close()
        starter.kill()
        starter.wait()
        return server

    @unittest.skipUnless(os.geteuid() == 0, "only root becomes another user")
    def test_dies_with_whoever_started_it_also_as_another_user(self):
        """The kernel forgets that it should when a process becomes another user."""
        self.give_store_to(pwd.getpwnam("nobody").pw_uid)
        server = self.start_and_lose(
            'setpriv --pdeathsig KILL nbdkit -f --unix "$1" --user nobody "$2" jobfd=0 <"$3" & echo $!; wait')
        for _ in range(1000):
            if not runs(server):
                return
            time.sleep(0.01)
        os.kill(server, signal.SIGKILL)
        self.fail("nbdkit outlives whoever started it")

    def test_outlives_whoever_started_it_if_it_may(self):
        server = self.start_and_lose('nbdkit -f --unix "$1" "$2" jobfd=0 outlives=true <"$3" & echo $!; wait')
        try:
            time.sleep(0.5)
            self.assertTrue(runs(server), "nbdkit died with whoever started it")
            client = self.client(self.path("socket"), "vda")
            with open(self.image, "rb") as f:
                self.assertEqual(client.read(0, MIB), f.read(MIB))
            client.close()
        finally:
            os.kill(server, signal.SIGKILL)

    def test_whole_volume(self):
        uri = f"nbd+unix:///vda?socket={self.one()}"
        copy = self.path("copy")
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "raw", uri, copy], check=True)
        self.assertTrue(same(copy, self.image))

    def test_random_reads_from_several_connections(self):
        path = self.one(memoryLimit=64 * MIB)
        with open(self.image, "rb") as f:
            data = f.read()
        wrong = []

        def read(seed):
            rng = random.Random(seed)
            client = Client(path, "vda" if seed % 2 else "")
            for _ in range(300):
                length = rng.choice([1, 512, 4096, CHUNK, rng.randrange(1, 3 * MIB)])
                offset = rng.randrange(0, len(data) - length)
                if client.read(offset, length) != data[offset:offset + length]:
                    wrong.append((seed, offset, length))
            client.close()

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_end_of_the_volume(self):
        client = self.client(self.one(), "vda")
        self.assertEqual(client.size, 40 * MIB + 512)
        self.assertTrue(client.flags & 2, "not read-only")
        self.assertTrue(client.flags & 256, "no several connections")
        with open(self.image, "rb") as f:
            f.seek(40 * MIB - 100)
            self.assertEqual(client.read(40 * MIB - 100, 612), f.read(612))

    def test_holes_are_reported(self):
        sparse = self.path("sparse")
        with open(sparse, "wb") as f:
            f.truncate(10 << 30)
            f.seek(5 << 30)
            f.write(os.urandom(CHUNK))
        root = self.back_up(sparse)["root"]
        path = self.serve([{"name": "a", "root": root}])
        out = subprocess.run(["qemu-img", "map", "--output=json", "-f", "raw", f"nbd+unix:///a?socket={path}"], check=True,
                             capture_output=True, text=True).stdout
        data = [(e["start"], e["length"]) for e in json.loads(out) if e["data"]]
        self.assertEqual(data, [(5 << 30, CHUNK)])
        copy = self.path("copy")
        before = time.monotonic()
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "raw", f"nbd+unix:///a?socket={path}", copy], check=True)
        self.assertLess(time.monotonic() - before, 10)
        self.assertLess(os.stat(copy).st_blocks * 512, MIB)

    def test_several_volumes(self):
        other = make_image(self.path("other"), 3 * MIB, 7)
        path = self.serve([{"name": "vda", "root": self.root}, {"name": "vdb", "root": self.back_up(other, chunkBytes=16384)["root"]}])
        for name, image in [("vda", self.image), ("vdb", other)]:
            subprocess.run(["qemu-img", "compare", "-q", "-f", "raw", "-F", "raw", image, f"nbd+unix:///{name}?socket={path}"], check=True)
        for name in ("vdc", ""):
            with self.assertRaises(ConnectionError):
                Client(path, name)

    def test_larger_than_the_volume(self):
        client = self.client(self.serve([{"name": "a", "root": self.root, "sizeBytes": 50 * MIB}]), "a")
        with open(self.image, "rb") as f:
            f.seek(40 * MIB)
            self.assertEqual(client.read(40 * MIB, 10 * MIB), f.read() + bytes(10 * MIB - 512))

    def test_as_a_backing_file(self):
        """What a live restore does: a writable layer over the point."""
        uri = f"nbd+unix:///vda?socket={self.one()}"
        overlay = self.path("overlay.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", uri, overlay], check=True)
        subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 77 5M 1M", overlay], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["qemu-img", "rebase", "-q", "-f", "qcow2", "-b", "", overlay], check=True)
        with open(self.image, "r+b") as f:
            f.seek(5 * MIB)
            f.write(bytes([77]) * MIB)
        subprocess.run(["qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", self.image, overlay], check=True)

    def test_damage_is_an_error_there_and_nowhere_else(self):
        with open(self.data_packs()[0], "r+b") as f:
            f.seek(64 + 30)
            byte = f.read(1)[0]
            f.seek(64 + 30)
            f.write(bytes([byte ^ 1]))
        with open(self.image, "rb") as f:
            data = f.read()
        damages = self.succeed("verify", roots=[self.root])["damages"]
        self.assertEqual(len(damages), 1)
        lost = damages[0]["offset"] // CHUNK
        client = self.client(self.one(), "vda")
        for _ in range(2):
            for chunk in range(len(data) // CHUNK):
                got = client.read(chunk * CHUNK, CHUNK)
                if chunk == lost:
                    self.assertEqual(got, 5)
                else:
                    self.assertEqual(got, data[chunk * CHUNK:(chunk + 1) * CHUNK])

    def test_store_that_goes_and_comes_back(self):
        client = self.client(self.one(), "vda")
        hidden = self.path("hidden")
        packs = os.path.join(self.store, self.tenant, "packs")
        os.rename(packs, hidden)
        self.assertEqual(client.read(0, MIB), 5)
        os.rename(hidden, packs)
        with open(self.image, "rb") as f:
            self.assertEqual(client.read(0, MIB), f.read(MIB))

    def test_wrong_jobs_are_told_at_the_start(self):
        def refused(text, **change):
            server = self.command(self.job(volumes=[{"name": "a", "root": self.root}]) | change, self.path("no"))
            _, err = server.communicate(timeout=20)
            self.assertEqual(server.returncode, 1)
            self.assertIn(text, err.decode())
            self.assertNotIn(KEY, err.decode())

        refused("WRONG_KEY", key="11" * 32)
        refused("BAD_JOB", volumes=[{"name": "a", "root": "x"}])
        refused("BAD_JOB", volumes=[])
        refused("STORE_UNAVAILABLE", store={"kind": "DIRECTORY", "path": self.path("nowhere")})
        self.assertNotEqual(subprocess.run(["nbdkit", PLUGIN], capture_output=True).returncode, 0)


@unittest.skipUnless(PLUGIN, "nbdkit is no sanitized program")
class Present(unittest.TestCase):
    def test_plugin_loads(self):
        dump = subprocess.run(["nbdkit", "--dump-plugin", PLUGIN], check=True, capture_output=True, text=True).stdout
        self.assertIn("name=freehold-store", dump)
        self.assertIn("thread_model=parallel", dump)


if __name__ == "__main__":
    unittest.main()
