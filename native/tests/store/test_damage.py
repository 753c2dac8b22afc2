"""verify and restore of damaged stores: every damage is found, named exactly, and nothing wrong is handed out."""

import os
import random
import shutil
import unittest
import uuid

from harness import CHUNK, Server, StoreTest, make_image, same

MIB = 1 << 20


class DamageTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.image = make_image(self.path("image"), 20 * MIB + 512, 5)
        self.root = self.back_up(self.image)["root"]

    def verify(self, *roots, **more):
        return self.succeed("verify", roots=list(roots or [self.root]), **more)

    def change(self, pack, at, bit=1):
        with open(pack, "r+b") as f:
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes([byte ^ bit]))

    def chunks_of(self, damages):
        return {(d["offset"] + at, d["what"]) for d in damages for at in range(0, d["length"], CHUNK)}

    def lost_places(self, damages):
        """Checks the restored rest against the image; return: bytes that were said to be lost."""
        target = self.path("kept")
        result = self.succeed("restore", volumes=[{"root": self.root, "target": target}], keepGoing=True)
        self.assertEqual(self.chunks_of(result["damages"]), self.chunks_of(damages))
        with open(self.image, "rb") as a, open(target, "rb") as b:
            want, got = bytearray(a.read()), bytearray(b.read())
        for d in damages:
            end = d["offset"] + d["length"]
            self.assertLessEqual(end, len(want))
            self.assertEqual(got[d["offset"]:end], bytes(d["length"]), "a lost place is to be zeroes")
            want[d["offset"]:end] = bytes(d["length"])
        self.assertEqual(want, got)
        return sum(d["length"] for d in damages)

    def test_whole_store(self):
        result = self.verify()
        self.assertEqual(result["damages"], [])
        self.assertGreater(result["chunks"], 100)
        self.assertGreaterEqual(result["bytesRead"], self.stored() * 0.9)

    def test_flipped_bits_anywhere(self):
        """A flip in any record is found by verify and by restore; one beside them harms nothing."""
        rng = random.Random(1)
        for pack in self.packs():
            size = os.path.getsize(pack)
            for at in [0, 9, 20, 64, 70, 80, size - 1] + [rng.randrange(size) for _ in range(12)]:
                bit = 1 << rng.randrange(8)
                with self.subTest(pack=os.path.basename(pack), at=at):
                    self.change(pack, at, bit)
                    damages = self.verify()["damages"]
                    target = self.path("t")
                    outcome = self.run_job("restore", volumes=[{"root": self.root, "target": target}])
                    if damages:
                        self.assertEqual(outcome.code, "STORE_DAMAGED")
                        self.assertEqual(len(damages), 1)
                        self.assertEqual(damages[0]["root"], self.root)
                        self.assertTrue(damages[0]["where"].startswith("packs/"))
                        self.lost_places(damages)
                    else:
                        self.assertTrue(at < 64 or at > size - 2000, "a damaged record was not found")
                        self.assertTrue(same(target, self.image))
                    self.change(pack, at, bit)
        self.assertEqual(self.verify()["damages"], [])

    def test_damage_is_named_exactly(self):
        self.change(self.data_packs()[0], 64 + 30)
        damages = self.verify()["damages"]
        # One chunk, and all others are as they were.
        self.assertEqual(self.lost_places(damages), CHUNK)
        place = damages[0]["offset"]
        self.assertIn("at 64,", damages[0]["where"])
        self.assertIn("altered", damages[0]["what"])
        failure = self.fail_with("STORE_DAMAGED", "restore", volumes=[{"root": self.root, "target": self.path("t")}])
        self.assertIn(f"byte {place} ", failure["message"])
        self.assertEqual(failure["damages"][0]["offset"], place)

    def test_truncated_and_missing_packs(self):
        for pack in self.packs():
            whole = self.path("whole")
            shutil.copy(pack, whole)
            size = os.path.getsize(pack)
            for keep in [0, 10, 64, size // 3, size - 1000, None]:
                with self.subTest(pack=os.path.basename(pack), keep=keep):
                    if keep is None:
                        os.unlink(pack)
                    else:
                        os.truncate(pack, keep)
                    damages = self.verify()["damages"]
                    if keep is None or keep < size // 2:
                        self.assertGreater(self.lost_places(damages), 0)
                        self.assertTrue(all(d["what"].startswith("missing" if keep is None else "truncated") for d in damages), damages)
                    shutil.copy(whole, pack)

    def test_swapped_packs(self):
        self.root = self.back_up(make_image(self.path("large"), 40 * MIB, 6, filled=1, compressible=0))["root"]
        data = [p for p in self.data_packs() if os.path.getsize(p) > 15 * MIB]
        os.rename(data[0], self.path("x"))
        os.rename(data[1], data[0])
        os.rename(self.path("x"), data[1])
        damages = self.verify()["damages"]
        self.assertTrue(damages)
        self.assertTrue(all("replaced" in d["what"] or "truncated" in d["what"] for d in damages), damages)

    def test_every_volume_that_shares_a_chunk_is_named(self):
        first_volume = self.volume
        second = self.back_up(self.image, pinned=[self.root])["root"]
        self.change(self.data_packs()[0], 64 + 30)
        damages = self.verify(self.root, second)["damages"]
        self.assertEqual([d["root"] for d in damages], [self.root, second])
        self.assertEqual(damages[0]["offset"], damages[1]["offset"])
        self.assertTrue(first_volume)

    def test_shared_chunks_are_read_once(self):
        second = self.back_up(self.image, pinned=[self.root])["root"]
        once, twice = self.verify(), self.verify(self.root, second)
        self.assertEqual(once["chunks"], twice["chunks"])
        self.assertLess(twice["bytesRead"], once["bytesRead"] * 1.1)

    def test_wrong_key(self):
        other = "22" * 32
        self.fail_with("WRONG_KEY", "verify", key=other, roots=[self.root])
        self.fail_with("WRONG_KEY", "restore", key=other, volumes=[{"root": self.root, "target": self.path("t")}])
        info = self.succeed("info", key=other)
        self.assertEqual(info["points"], [])
        self.assertEqual([u["code"] for u in info["unreadable"]], ["WRONG_KEY"])

    def test_pack_of_another_key(self):
        """As if somebody had put another tenant's pack there."""
        with open(self.data_packs()[0], "r+b") as f:
            f.seek(8)
            f.write(b"otherkey")
            f.seek(100)
            f.write(b"x" * 100)
        damages = self.verify()["damages"]
        self.assertIn("another key", damages[0]["what"])

    def test_altered_roots(self):
        rng = random.Random(2)
        for _ in range(20):
            at = rng.randrange(4, len(self.root))
            letter = "A" if self.root[at] != "A" else "B"
            root = self.root[:at] + letter + self.root[at + 1:]
            outcome = self.run_job("restore", volumes=[{"root": root, "target": self.path("t")}])
            self.assertIn(outcome.code, ("BAD_JOB", "STORE_DAMAGED", "WRONG_KEY"))
        self.fail_with("BAD_JOB", "verify", roots=["nonsense"])

    def test_backup_on_a_damaged_base(self):
        for pack in self.page_packs():
            os.truncate(pack, 64)
        with open(self.image, "r+b") as f:
            f.write(b"changed")
        # Everything is read: the base is not needed, and what it cannot vouch for is stored anew.
        again = self.back_up(self.image, base=self.root, pinned=[self.root])
        self.check_restores(again["root"], self.image)

    def test_manifests(self):
        info = self.succeed("info")
        self.assertEqual(info["points"][0]["volumes"][0]["root"], self.root)
        self.assertGreater(info["bytesStored"], 0)
        self.assertGreater(info["freeBytes"], 0)
        manifest = next(os.path.join(folder, names[0]) for folder, _, names in os.walk(os.path.join(self.store, self.tenant, "points")) if names)
        self.change(manifest, 60)
        info = self.succeed("info")
        self.assertEqual([u["code"] for u in info["unreadable"]], ["STORE_DAMAGED"])


if __name__ == "__main__":
    unittest.main()
