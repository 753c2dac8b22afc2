"""backup and restore, with real NBD servers and real dirty bitmaps."""

import json
import os
import random
import signal
import subprocess
import time
import unittest
import uuid

from harness import CHUNK, KEY, Outcome, Running, Server, StoreTest, allocated, make_image, same

MIB = 1 << 20


class BackupTest(StoreTest):
    def test_round_trips(self):
        for seed, size in enumerate([512, CHUNK, CHUNK + 512, 16 * MIB, 16 * MIB + 4096, 70 * MIB + 1536]):
            with self.subTest(size=size):
                image = make_image(self.path("image"), size, seed)
                volume = self.back_up(image)
                self.assertEqual(volume["sizeBytes"], size)
                self.assertLessEqual(len(volume["root"]), 200)
                self.check_restores(volume["root"], image)

    def test_sparse_volume_costs_nothing_and_restores_sparse(self):
        image = self.path("image")
        with open(image, "wb") as f:
            f.truncate(1 << 40)
            f.seek(700 << 30)
            f.write(os.urandom(CHUNK))
        volume = self.back_up(image)
        self.assertLess(self.stored(), 2 * CHUNK)
        self.assertEqual(volume["readBytes"], CHUNK)
        target = self.restore(volume["root"])
        self.assertEqual(os.path.getsize(target), 1 << 40)
        self.assertLess(allocated(target), MIB)
        with open(image, "rb") as a, open(target, "rb") as b:
            a.seek(700 << 30)
            b.seek(700 << 30)
            self.assertEqual(a.read(CHUNK), b.read(CHUNK))

    def test_empty_volume_stores_no_pack(self):
        image = self.path("image")
        with open(image, "wb") as f:
            f.truncate(100 * MIB)
        volume = self.back_up(image)
        self.assertEqual(self.packs(), [])
        self.check_restores(volume["root"], image)

    def test_written_zeroes_are_not_stored(self):
        image = self.path("image")
        with open(image, "wb") as f:
            f.write(bytes(8 * MIB))
        volume = self.back_up(image)
        self.assertEqual(volume["addedBytes"], 0)
        self.check_restores(volume["root"], image)

    def test_equal_chunks_are_stored_once(self):
        image = self.path("image")
        chunk = os.urandom(CHUNK)
        with open(image, "wb") as f:
            f.write(chunk * 500)
        volume = self.back_up(image)
        self.assertLess(volume["addedBytes"], 2 * CHUNK)
        self.assertEqual(volume["sharedBytes"], 499 * CHUNK)
        self.check_restores(volume["root"], image)

    def test_shares_with_pinned_points_of_other_volumes(self):
        image = make_image(self.path("image"), 40 * MIB, 1)
        first = self.back_up(image)
        self.volume = str(uuid.uuid4())
        second = self.back_up(image, pinned=[first["root"]])
        self.assertEqual(second["addedBytes"], 0)
        self.check_restores(second["root"], image)
        third = self.back_up(image)
        self.assertEqual(third["addedBytes"], first["addedBytes"], "shared with a point that was not pinned")

    def test_base_without_bitmap_stores_differences(self):
        image = make_image(self.path("image"), 40 * MIB, 1)
        first = self.back_up(image)
        with open(image, "r+b") as f:
            f.seek(20 * MIB + 100)
            f.write(b"changed")
        second = self.back_up(image, base=first["root"])
        self.assertLessEqual(second["addedBytes"], CHUNK + 100)
        self.assertGreater(second["readBytes"], 10 * MIB)
        self.check_restores(second["root"], image)

    def test_several_volumes_in_one_point(self):
        images = [make_image(self.path(f"image{i}"), (3 + i) * MIB, i) for i in range(4)]
        servers = [Server(self.folder, image) for image in images]
        try:
            result = self.succeed("backup", point=str(uuid.uuid4()), volumes=[
                {"id": str(uuid.uuid4()), "source": s.uri, "sizeBytes": os.path.getsize(i)} for s, i in zip(servers, images)])
        finally:
            for server in servers:
                server.stop()
        targets = [self.path(f"target{i}") for i in range(4)]
        self.succeed("restore", volumes=[{"root": v["root"], "target": t} for v, t in zip(result["volumes"], targets)])
        for image, target in zip(images, targets):
            self.assertTrue(same(image, target))

    def test_chunk_size_is_a_setting(self):
        image = make_image(self.path("image"), 20 * MIB + 512, 3)
        volume = self.back_up(image, chunkBytes=16384)
        self.check_restores(volume["root"], image)

    def test_speed_limit(self):
        image = make_image(self.path("image"), 8 * MIB, 4, filled=1, compressible=0)
        before = time.monotonic()
        self.back_up(image, bytesPerSecond=4 * MIB)
        self.assertGreater(time.monotonic() - before, 1.7)

    def test_progress(self):
        image = make_image(self.path("image"), 8 * MIB, 4, filled=1, compressible=0)
        with Server(self.folder, image) as server:
            outcome = self.run_job("backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)], bytesPerSecond=3 * MIB)
        self.assertTrue(outcome.progress)
        for a, b in zip(outcome.progress, outcome.progress[1:]):
            self.assertLessEqual(a["done"], b["done"])
        self.assertEqual(outcome.progress[-1]["total"], 8 * MIB)

    def test_memory_stays_below_the_limit(self):
        image = make_image(self.path("image"), 512 * MIB, 5, filled=1, compressible=0.3)
        with Server(self.folder, image) as server:
            job = self.job(point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)], memoryLimit=128 * MIB)
            run = subprocess.run(["/usr/bin/env", "python3", "-c", "import resource,subprocess,sys;"
                                  "p=subprocess.run(sys.argv[1:]);"
                                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr);sys.exit(p.returncode)",
                                  os.environ["FREEHOLD_STORE"], "backup"], input=json.dumps(job), text=True, capture_output=True)
        self.assertEqual(run.returncode, 0, run)
        if "sanitized" not in os.environ["FREEHOLD_STORE"]:
            self.assertLess(int(run.stderr) * 1024, 128 * MIB)


class IncrementTest(StoreTest):
    """qcow2 with persistent bitmaps, changed by qemu-io."""

    def setUp(self):
        super().setUp()
        self.image = self.path("image.qcow2")
        self.rng = random.Random(7)

    def qemu(self, *args):
        subprocess.run(args, check=True, stdout=subprocess.DEVNULL)

    def write(self, *ranges):
        commands = []
        for offset, length, pattern in ranges:
            commands += ["-c", f"write -z {offset} {length}" if pattern == 0 else f"write -P {pattern} {offset} {length}"]
        self.qemu("qemu-io", "-f", "qcow2", *commands, self.image)

    def take(self, base, bitmap, size):
        return self.back_up(self.image, "qcow2", base=base, bitmap=bitmap, size=size)

    def raw(self):
        raw = self.path("raw")
        self.qemu("qemu-img", "convert", "-f", "qcow2", "-O", "raw", self.image, raw)
        return raw

    def bitmap(self, name, old=None):
        if old:
            self.qemu("qemu-img", "bitmap", "--remove", self.image, old)
        self.qemu("qemu-img", "bitmap", "--add", self.image, name)

    def test_chain_of_increments(self):
        size = 300 * MIB
        self.qemu("qemu-img", "create", "-f", "qcow2", self.image, str(size))
        self.write((0, 20 * MIB, 1), (100 * MIB, 5 * MIB, 2))
        self.bitmap("b0")
        points = [self.take(None, None, size)]
        first_raw = self.path("first")
        os.rename(self.raw(), first_raw)
        for i in range(8):
            changes = [(self.rng.randrange(size // 4096) * 4096, self.rng.randrange(1, 60) * 4096, self.rng.randrange(0, 4))
                       for _ in range(self.rng.randrange(6))]
            changes = [(o, min(n, size - o), p) for o, n, p in changes]
            if changes:
                self.write(*changes)
            points.append(self.take(points[-1]["root"], f"b{i}", size))
            touched = sum(n + 2 * CHUNK for _, n, _ in changes)
            self.assertLessEqual(points[-1]["readBytes"], touched)
            self.check_restores(points[-1]["root"], self.raw())
            self.bitmap(f"b{i + 1}", f"b{i}")
        self.check_restores(points[0]["root"], first_raw)

    def test_grown_volume(self):
        for old, new in [(10 * MIB + 512, 30 * MIB), (10 * MIB, 10 * MIB + 65536 * 3), (15 * MIB, 300 * MIB)]:
            with self.subTest(old=old, new=new):
                self.qemu("qemu-img", "create", "-f", "qcow2", self.image, str(old))
                self.write((0, 3 * MIB, 1), (old - 4096 - 512, 4096, 9))
                first = self.take(None, None, old)
                # QEMU refuses to resize an image with a bitmap that it does not know to be growing: add it afterwards.
                self.qemu("qemu-img", "resize", self.image, str(new))
                self.bitmap("b")
                self.write((new - MIB, 4096, 5))
                second = self.take(first["root"], "b", new)
                self.check_restores(second["root"], self.raw())
                os.unlink(self.image)

    def test_shrunk_volume(self):
        old, new = 300 * MIB, 20 * MIB + 512
        self.qemu("qemu-img", "create", "-f", "qcow2", self.image, str(old))
        self.write((0, 3 * MIB, 1), (20 * MIB, 65536, 7), (old - MIB, MIB, 9))
        first = self.take(None, None, old)
        self.qemu("qemu-img", "resize", "--shrink", self.image, str(new))
        self.bitmap("b")
        second = self.take(first["root"], "b", new)
        self.check_restores(second["root"], self.raw())

    def test_missing_bitmap_is_named(self):
        self.qemu("qemu-img", "create", "-f", "qcow2", self.image, str(MIB))
        first = self.take(None, None, MIB)
        with Server(self.folder, self.image, "qcow2") as server:
            failure = self.fail_with("SOURCE_FAILED", "backup", point=str(uuid.uuid4()),
                                     volumes=[self.volume_job(server.uri, first["root"], "gone", MIB)])
        self.assertIn("gone", failure["message"])


class RestoreTest(StoreTest):
    def test_to_nbd_overwrites_what_was_there(self):
        image = make_image(self.path("image"), 50 * MIB, 11)
        root = self.back_up(image)["root"]
        target = make_image(self.path("target"), 50 * MIB, 12, filled=1)
        with Server(self.folder, target, writable=True) as server:
            self.restore(root, server.uri)
        self.assertTrue(same(image, target))

    def test_to_qcow2_by_nbd(self):
        image = make_image(self.path("image"), 50 * MIB, 11)
        root = self.back_up(image)["root"]
        target = self.path("target.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", target, str(50 * MIB)], check=True)
        with Server(self.folder, target, "qcow2", writable=True) as server:
            self.restore(root, server.uri)
        subprocess.run(["qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", image, target], check=True)

    def test_to_larger_target(self):
        image = make_image(self.path("image"), 5 * MIB + 512, 13)
        root = self.back_up(image)["root"]
        target = self.restore(root, size=9 * MIB)
        with open(image, "rb") as a, open(target, "rb") as b:
            self.assertEqual(a.read() + bytes(4 * MIB - 512), b.read())

    def test_replaces_what_a_file_held(self):
        image = make_image(self.path("image"), 5 * MIB, 13)
        root = self.back_up(image)["root"]
        target = make_image(self.path("target"), 7 * MIB, 14, filled=1)
        self.restore(root, target)
        self.assertTrue(same(image, target))

    def test_smaller_target_is_refused(self):
        image = make_image(self.path("image"), 5 * MIB, 13)
        root = self.back_up(image)["root"]
        self.fail_with("BAD_JOB", "restore", volumes=[{"root": root, "target": self.path("t"), "sizeBytes": MIB}])
        target = make_image(self.path("target"), MIB, 14)
        with Server(self.folder, target, writable=True) as server:
            self.fail_with("TARGET_FAILED", "restore", volumes=[{"root": root, "target": server.uri}])

    def test_full_target_fails_with_reason(self):
        image = make_image(self.path("image"), 5 * MIB, 13)
        root = self.back_up(image)["root"]
        self.fail_with("TARGET_FAILED", "restore", volumes=[{"root": root, "target": self.path("no/such/folder")}])

    def test_another_tenants_root_is_refused(self):
        image = make_image(self.path("image"), MIB, 13)
        root = self.back_up(image)["root"]
        self.fail_with("WRONG_KEY", "restore", key="11" * 32, volumes=[{"root": root, "target": self.path("t")}])


class FailureTest(StoreTest):
    """Every way to end early leaves nothing behind and says why."""

    def big(self):
        return make_image(self.path("image"), 64 * MIB, 21, filled=1, compressible=0)

    def check_left_nothing(self):
        self.assertEqual(self.packs(), [])

    def test_cancel(self):
        with Server(self.folder, self.big()) as server:
            run = self.start("backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)], bytesPerSecond=4 * MIB)
            time.sleep(1)
            run.kill(signal.SIGTERM)
            before = time.monotonic()
            self.assertEqual(run.wait().code, "CANCELLED")
            self.assertLess(time.monotonic() - before, 5)
        self.check_left_nothing()

    def test_reader_goes_away(self):
        """As when the agent is killed: nobody wants the job done any more."""
        with Server(self.folder, self.big()) as server:
            run = self.start("backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)], bytesPerSecond=4 * MIB)
            run.process.stdout.readline()
            run.process.stdout.close()
            self.assertEqual(run.process.wait(10), 1)
            run.process.stderr.close()
        self.check_left_nothing()

    def test_source_dies(self):
        with Server(self.folder, self.big()) as server:
            run = self.start("backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)], bytesPerSecond=20 * MIB)
            time.sleep(1)
            server.process.kill()
            self.assertEqual(run.wait().code, "SOURCE_FAILED")
        self.check_left_nothing()

    def test_source_hangs(self):
        with Server(self.folder, self.big()) as server:
            run = self.start("backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)], bytesPerSecond=20 * MIB,
                             ioTimeoutSeconds=2)
            time.sleep(1)
            server.process.send_signal(signal.SIGSTOP)
            outcome = run.wait(20)
            self.assertEqual(outcome.code, "SOURCE_FAILED")
            self.assertIn("2 s", outcome.failure["message"])
        self.check_left_nothing()

    def test_no_source(self):
        self.fail_with("SOURCE_FAILED", "backup", point=str(uuid.uuid4()),
                       volumes=[self.volume_job("nbd+unix:///vda?socket=/nonexistent")])

    def test_source_of_another_size(self):
        with Server(self.folder, self.big()) as server:
            self.fail_with("SOURCE_FAILED", "backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri, size=128 * MIB)])
            self.fail_with("SOURCE_FAILED", "backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri, size=32 * MIB)])

    def test_keeps_space_free(self):
        with Server(self.folder, self.big()) as server:
            failure = self.fail_with("STORE_FULL", "backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)],
                                     keepFreeBytes=1 << 59)
        self.assertIn("MiB", failure["message"])
        self.check_left_nothing()

    def test_full_store(self):
        small = self.path("small")
        os.mkdir(small)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", small], capture_output=True).returncode:
            self.skipTest("mounting a small file system needs root")
        self.addCleanup(subprocess.run, ["umount", small])
        self.store = small
        with Server(self.folder, self.big()) as server:
            failure = self.fail_with("STORE_FULL", "backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)])
        self.assertIn("No space left", failure["message"])
        self.check_left_nothing()

    def test_store_is_not_there(self):
        self.store = self.path("unmounted")
        with Server(self.folder, self.big()) as server:
            failure = self.fail_with("STORE_UNAVAILABLE", "backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)])
        self.assertIn("mounted", failure["message"])

    def test_store_hangs(self):
        image = make_image(self.path("image"), 20 * MIB, 1)
        root = self.back_up(image)["root"]
        pack = self.packs()[0]
        os.unlink(pack)
        os.mkfifo(pack)  # opening it blocks, as a dead mount does
        before = time.monotonic()
        outcome = self.run_job("restore", volumes=[{"root": root, "target": self.path("t")}], ioTimeoutSeconds=2)
        self.assertEqual(outcome.code, "STORE_UNAVAILABLE", outcome)
        self.assertIn("reading packs/", outcome.failure["message"])
        self.assertLess(time.monotonic() - before, 10)

    def test_bad_jobs(self):
        def failing(document):
            run = subprocess.run([os.environ["FREEHOLD_STORE"], "backup"], input=document, text=True, capture_output=True)
            outcome = Outcome(run.returncode, run.stdout, run.stderr)
            self.assertEqual(outcome.code, "BAD_JOB", outcome)
            self.assertNotIn(KEY, run.stdout + run.stderr)

        good = self.job(point=str(uuid.uuid4()), volumes=[self.volume_job("nbd+unix:///?socket=/x")])
        for document in ["", "{", "[]", "{}", "null", json.dumps(good)[:-5], f'{{"key":"{KEY}" "x"'] + [
                json.dumps(good | change) for change in [
                    {"key": None}, {"key": "00"}, {"key": KEY.upper()}, {"tenant": "me"}, {"command": None}, {"point": None},
                    {"store": {"kind": "TAPE"}}, {"store": {"kind": "DIRECTORY"}}, {"store": {"kind": "DIRECTORY", "path": "relative"}},
                    {"volumes": []}, {"volumes": [{}]}, {"volumes": {}}, {"volumes": [{"id": "a", "source": 1}]},
                    {"volumes": [{"id": "a", "source": "nbd://x", "bitmap": "b"}]}, {"bytesPerSecond": -1}, {"memoryLimit": 1},
                    {"ioTimeoutSeconds": 0}, {"chunkBytes": 65535}, {"compression": 99}, {"pinned": [1]}, {"keepGoing": 1}]]:
            with self.subTest(document=document[-60:]):
                failing(document)

    def test_no_secret_in_the_command_line(self):
        run = subprocess.run([os.environ["FREEHOLD_STORE"]], capture_output=True, text=True)
        self.assertEqual(run.returncode, 2)
        self.assertIn("<job.json", run.stderr)


if __name__ == "__main__":
    unittest.main()
