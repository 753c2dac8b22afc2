"""collect: what is needed stays, the rest goes, whoever is writing is left alone."""

import os
import random
import subprocess
import time
import unittest
import uuid

from harness import CHUNK, Server, StoreTest, allocated, make_image

MIB = 1 << 20


class CollectTest(StoreTest):
    def writers(self):
        return self.succeed("writers")["writers"]

    def collect(self, live, open_writers=(), writers=None, **more):
        return self.succeed("collect", liveRoots=list(live), openWriters=list(open_writers),
                            writers=self.writers() if writers is None else writers, **more)

    def used(self):
        return sum(allocated(p) for p in self.packs())

    def change(self, image, seed, share=0.1):
        rng = random.Random(seed)
        with open(image, "r+b") as f:
            for chunk in range(os.path.getsize(image) // CHUNK):
                if rng.random() < share:
                    f.seek(chunk * CHUNK)
                    f.write(rng.randbytes(CHUNK))

    def test_empty_store(self):
        self.assertEqual(self.writers(), [])
        self.assertEqual(self.collect([])["objectsRemoved"], 0)
        self.assertEqual(self.succeed("info")["points"], [])
        self.assertEqual(os.listdir(self.store), [])

    def test_nothing_to_collect(self):
        image = make_image(self.path("image"), 40 * MIB, 1)
        root = self.back_up(image)["root"]
        before = self.packs()
        result = self.collect([root])
        self.assertEqual((result["objectsRemoved"], result["bytesFreed"], result["bytesWasted"]), (0, 0, 0))
        self.assertEqual(self.packs(), before)

    def test_nothing_is_live(self):
        image = make_image(self.path("image"), 40 * MIB, 1)
        self.back_up(image)
        used = self.used()
        result = self.collect([])
        self.assertEqual(result["bytesFreed"], used)
        self.assertEqual(self.packs(), [])
        self.assertEqual(self.succeed("info")["points"], [])
        self.assertEqual(os.listdir(os.path.join(self.store, self.tenant, "packs")), [])

    def test_chain_with_every_second_point_removed(self):
        image = make_image(self.path("image"), 40 * MIB, 1)
        roots, copies = [], []
        for i in range(8):
            roots.append(self.back_up(image, base=roots[-1] if roots else None, pinned=roots)["root"])
            copies.append(self.path(f"copy{i}"))
            subprocess.run(["cp", "--sparse=always", image, copies[-1]], check=True)
            self.change(image, i, 0.5)
        used = self.used()
        dry = self.collect(roots[1::2], dryRun=True)
        self.assertEqual(self.used(), used)
        result = self.collect(roots[1::2])
        self.assertGreater(result["bytesFreed"], 5 * MIB)
        self.assertLessEqual(dry["bytesFreed"], result["bytesFreed"])
        self.assertEqual(used - self.used(), result["bytesFreed"])
        # Holes leave less than a block at each end of a dead run.
        self.assertLess(result["bytesWasted"], result["bytesFreed"] / 10)
        for root, copy in list(zip(roots, copies))[1::2]:
            self.check_restores(root, copy)
        self.assertEqual(self.succeed("verify", roots=roots[1::2])["damages"], [])
        self.assertEqual({p["volumes"][0]["root"] for p in self.succeed("info")["points"]}, set(roots[1::2]))
        again = self.collect(roots[1::2])
        self.assertEqual((again["objectsRemoved"], again["bytesFreed"]), (0, 0))

    def test_points_without_packs(self):
        image = self.path("image")
        with open(image, "wb") as f:
            f.truncate(MIB)
        root = self.back_up(image)["root"]
        self.collect([root])
        self.assertEqual(len(self.succeed("info")["points"]), 1)
        self.collect([])
        self.assertEqual(self.succeed("info")["points"], [])

    def test_open_writers_are_left_alone(self):
        image = make_image(self.path("image"), 10 * MIB, 1)
        command = str(uuid.uuid4())
        root = self.back_up(image, command=command)["root"]
        before = self.packs()
        self.collect([], open_writers=[command])
        self.assertEqual(self.packs(), before)
        self.assertEqual(len(self.succeed("info")["points"]), 1)
        self.check_restores(root, image)

    def test_writers_that_came_later_are_left_alone(self):
        image = make_image(self.path("image"), 10 * MIB, 1)
        writers = self.writers()
        root = self.back_up(image)["root"]
        self.collect([], writers=writers)
        self.check_restores(root, image)
        self.assertEqual(len(self.succeed("info")["points"]), 1)

    def test_left_overs_of_a_killed_writer_go(self):
        image = make_image(self.path("image"), 64 * MIB, 1, filled=1, compressible=0)
        keep = make_image(self.path("keep"), 4 * MIB, 2)
        root = self.back_up(keep)["root"]
        with Server(self.folder, image) as server:
            run = self.start("backup", point=str(uuid.uuid4()), volumes=[self.volume_job(server.uri)], bytesPerSecond=30 * MIB)
            deadline = time.monotonic() + 60
            while len(self.packs()) <= 2 and time.monotonic() < deadline:
                time.sleep(0.02)
            run.kill()
            run.wait()
        self.assertGreater(len(self.packs()), 2)
        self.collect([root])
        self.assertEqual(len({os.path.dirname(p) for p in self.packs()}), 1)
        self.check_restores(root, keep)

    def test_strange_files_are_left_alone(self):
        image = make_image(self.path("image"), 4 * MIB, 1)
        self.back_up(image)
        strange = os.path.join(self.store, self.tenant, "packs", "README")
        with open(strange, "w") as f:
            f.write("not ours")
        self.collect([])
        self.assertTrue(os.path.exists(strange))

    def test_damaged_index_stops_it(self):
        image = make_image(self.path("image"), 10 * MIB, 1)
        first = self.back_up(image)["root"]
        self.change(image, 3)
        second = self.back_up(image)["root"]
        for pack in self.page_packs():
            os.truncate(pack, 64)
        before = self.packs()
        failure = self.fail_with("STORE_DAMAGED", "collect", liveRoots=[second], openWriters=[], writers=self.writers())
        self.assertIn("nothing was removed", failure["message"])
        self.assertEqual(self.packs(), before)
        self.assertTrue(first)

    def test_wrong_key_and_forged_roots_stop_it(self):
        image = make_image(self.path("image"), 10 * MIB, 1)
        root = self.back_up(image)["root"]
        before = self.packs()
        more = {"openWriters": [], "writers": self.writers()}
        self.fail_with("WRONG_KEY", "collect", key="33" * 32, liveRoots=[root], **more)
        forged = root[:50] + ("A" if root[50] != "A" else "B") + root[51:]
        self.fail_with("STORE_DAMAGED", "collect", liveRoots=[root, forged], **more)
        self.fail_with("BAD_JOB", "collect", liveRoots=[root, ""], **more)
        self.fail_with("BAD_JOB", "collect", liveRoots=[root], openWriters=[])
        self.assertEqual(self.packs(), before)

    def test_another_tenant_is_not_touched(self):
        image = make_image(self.path("image"), 10 * MIB, 1)
        root = self.back_up(image)["root"]
        mine, writers = self.tenant, self.writers()
        self.tenant = str(uuid.uuid4())
        self.collect([], writers=writers)
        self.tenant = mine
        self.check_restores(root, image)


if __name__ == "__main__":
    unittest.main()
