"""The S3 back end against a small server that verifies signatures and fails on demand."""

import os
import signal
import time
import unittest
import uuid

from harness import Server, StoreTest, make_image, same
from s3server import S3, wait_until

MIB = 1 << 20


class S3Test(StoreTest):
    def setUp(self):
        super().setUp()
        self.s3 = S3()
        self.addCleanup(self.s3.close)

    def store_ref(self):
        return self.s3.ref()

    def packs(self):
        return sorted(k for k in self.s3.objects if "/packs/" in k)

    def start_backup(self, server, **more):
        return self.start("backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)], **more)

    def test_round_trip_increment_verify_and_collect(self):
        image = make_image(self.path("image"), 60 * MIB, 1)
        first = self.back_up(image)
        self.assertGreater(len(self.packs()), 1)
        self.check_restores(first["root"], image)
        with open(image, "r+b") as f:
            f.write(os.urandom(3 * MIB))
        second = self.back_up(image, base=first["root"], pinned=[first["root"]])
        self.check_restores(second["root"], image)
        self.assertEqual(self.succeed("verify", roots=[first["root"], second["root"]])["damages"], [])
        writers = self.succeed("writers")["writers"]
        self.assertEqual(len(writers), 2)
        before = len(self.s3.objects)
        kept = self.succeed("collect", writers=writers, openWriters=[], liveRoots=[first["root"], second["root"]])
        self.assertEqual(kept["objectsRemoved"], 0)
        self.assertEqual(len(self.s3.objects), before)
        collected = self.succeed("collect", writers=writers, openWriters=[], liveRoots=[first["root"]])
        self.assertGreaterEqual(collected["objectsRemoved"], 3)
        self.assertEqual(self.succeed("verify", roots=[first["root"]])["damages"], [])
        self.assertEqual(self.s3.bad_signatures, 0)

    def test_listings_come_in_pages(self):
        image = make_image(self.path("image"), 2 * MIB, 1)
        roots = []
        for _ in range(12):
            roots.append(self.back_up(image)["root"])
        self.assertEqual(len(self.succeed("writers")["writers"]), 12)
        info = self.succeed("info")
        self.assertEqual(sorted(p["volumes"][0]["root"] for p in info["points"]), sorted(roots))
        self.assertIsNone(info["freeBytes"])

    def test_passing_faults_are_no_failure(self):
        image = make_image(self.path("image"), 40 * MIB, 2)
        self.s3.sometimes(0.25, [500, 503, 429, "drop", "cut"])
        volume = self.back_up(image)
        self.check_restores(volume["root"], image)
        self.assertEqual(self.succeed("verify", roots=[volume["root"]])["damages"], [])

    def test_lasting_faults_end_within_the_limit(self):
        image = make_image(self.path("image"), 4 * MIB, 2)
        for fault in [503, "drop", "hang"]:
            with self.subTest(fault=fault), Server(self.folder, image) as server:
                self.s3.faults = lambda method, _path, f=fault: f if method == "PUT" else None
                before = time.monotonic()
                outcome = self.start_backup(server, ioTimeoutSeconds=2).wait()
                self.assertEqual(outcome.code, "STORE_UNAVAILABLE", outcome)
                self.assertLess(time.monotonic() - before, 8)
        self.s3.faults = lambda *_: None

    def test_trying_again_is_no_progress(self):
        """Each try sends its body again; the limit is longer than the longest pause."""
        image = make_image(self.path("image"), 4 * MIB, 2)
        self.s3.faults = lambda method, _path: 503 if method == "PUT" else None
        with Server(self.folder, image) as server:
            before = time.monotonic()
            outcome = self.start_backup(server, ioTimeoutSeconds=6).wait()
        self.s3.faults = lambda *_: None
        self.assertEqual(outcome.code, "STORE_UNAVAILABLE", outcome)
        self.assertLess(time.monotonic() - before, 25)

    def test_a_bucket_that_is_not_there_damages_no_point(self):
        image = make_image(self.path("image"), 4 * MIB, 2)
        root = self.back_up(image)["root"]
        self.fail_with("STORE_UNAVAILABLE", "verify", roots=[root], store=self.store_ref() | {"bucket": "other"})

    def test_refusals_are_final_and_told(self):
        image = make_image(self.path("image"), 4 * MIB, 2)
        for status, code, text in [(403, "STORE_UNAVAILABLE", "AccessDenied"), (507, "STORE_FULL", "free some space")]:
            with self.subTest(status=status), Server(self.folder, image) as server:
                self.s3.faults = lambda method, _path, s=status: s if method == "PUT" else None
                before = time.monotonic()
                outcome = self.start_backup(server).wait()
                self.assertEqual(outcome.code, code)
                self.assertIn(text, outcome.failure["message"])
                self.assertLess(time.monotonic() - before, 8)

    def test_wrong_secret(self):
        reference = self.store_ref() | {"secretKey": "wrong"}
        failure = self.fail_with("STORE_UNAVAILABLE", "info", store=reference)
        self.assertIn("SignatureDoesNotMatch", failure["message"])
        self.assertNotIn("wrong", failure["message"])

    def test_no_server(self):
        reference = self.store_ref() | {"endpoint": "http://127.0.0.1:1"}
        self.fail_with("STORE_UNAVAILABLE", "info", store=reference, ioTimeoutSeconds=2)

    def test_bad_endpoints(self):
        for endpoint in ["ftp://x", "/path", "http://" + "x" * 400]:
            self.fail_with("BAD_JOB", "info", store=self.store_ref() | {"endpoint": endpoint})

    def test_cancel_while_the_server_hangs(self):
        image = make_image(self.path("image"), 40 * MIB, 3, filled=1, compressible=0)
        with Server(self.folder, image) as server:
            hanging = []
            self.s3.faults = lambda method, path: hanging.append(path) or "hang" if method == "PUT" else None
            run = self.start_backup(server)
            wait_until(lambda: hanging)
            before = time.monotonic()
            run.kill(signal.SIGTERM)
            self.assertEqual(run.wait().code, "CANCELLED")
            self.assertLess(time.monotonic() - before, 10)

    def test_failed_backup_removes_what_it_put(self):
        image = make_image(self.path("image"), 80 * MIB, 3, filled=1, compressible=0)
        puts = []
        self.s3.faults = lambda method, path: (puts.append(path), 403 if len(puts) > 3 else None)[1] if method == "PUT" else None
        with Server(self.folder, image) as server:
            self.assertEqual(self.start_backup(server).wait().code, "STORE_UNAVAILABLE")
        self.assertEqual(self.s3.objects, {})

    def test_damage(self):
        image = make_image(self.path("image"), 40 * MIB, 4)
        root = self.back_up(image)["root"]
        name = self.packs()[0]
        data = bytearray(self.s3.objects[name])
        data[len(data) // 2] ^= 1
        self.s3.objects[name] = bytes(data)
        damages = self.succeed("verify", roots=[root])["damages"]
        self.assertEqual(len(damages), 1)
        self.fail_with("STORE_DAMAGED", "restore", volumes=[{"root": root, "target": self.path("t")}])
        self.s3.objects[name] = bytes(data[:len(data) // 2])
        self.assertTrue(all("truncated" in d["what"] for d in self.succeed("verify", roots=[root])["damages"]))
        del self.s3.objects[name]
        self.assertTrue(all("missing" in d["what"] for d in self.succeed("verify", roots=[root])["damages"]))


if __name__ == "__main__":
    unittest.main()
