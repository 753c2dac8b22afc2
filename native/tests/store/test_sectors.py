"""A store on a disk with bad sectors: what lies there is lost and named, the rest is not; a disk that is gone is no damage.

sectors.so gives the errors, as the kernel would.
"""

import os
import unittest

from harness import CHUNK, StoreTest, make_image

MIB = 1 << 20
SHIM = os.environ.get("FREEHOLD_SECTORS_SHIM", "")
HEADER = 64


@unittest.skipUnless(SHIM, "the sanitizers do not go with it")
class SectorsTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.image = make_image(self.path("image"), 20 * MIB, 5)
        self.root = self.back_up(self.image)["root"]

    def run_on_bad(self, place, first, end, what, **more):
        os.environ["LD_PRELOAD"], os.environ["FH_BAD_SECTORS"] = SHIM, f"{place} {first} {end}"
        try:
            run = self.start(what, **more)
        finally:
            del os.environ["LD_PRELOAD"], os.environ["FH_BAD_SECTORS"]
        return run.wait()

    def inside(self, path):
        return path[len(self.store):]

    def test_one_sector_is_the_chunks_on_it(self):
        pack = self.data_packs()[0]
        outcome = self.run_on_bad(self.inside(pack), HEADER, HEADER + 30, "verify", roots=[self.root])
        self.assertEqual(outcome.status, 0, outcome)
        (damage,) = outcome.result["damages"]
        self.assertEqual(damage["length"], CHUNK)
        self.assertIn("unreadable", damage["what"])
        self.assertIn(f"at {HEADER},", damage["where"])
        target = self.path("kept")
        outcome = self.run_on_bad(self.inside(pack), HEADER, HEADER + 30, "restore", volumes=[{"root": self.root, "target": target}],
                                  keepGoing=True)
        self.assertEqual(len(outcome.result["damages"]), 1)
        with open(self.image, "rb") as a, open(target, "rb") as b:
            want, got = bytearray(a.read()), bytearray(b.read())
        lost = slice(damage["offset"], damage["offset"] + damage["length"])
        want[lost] = bytes(CHUNK)
        self.assertEqual(want, got)
        outcome = self.run_on_bad(self.inside(pack), HEADER, HEADER + 30, "restore", volumes=[{"root": self.root, "target": target}])
        self.assertEqual(outcome.code, "STORE_DAMAGED")

    def test_a_small_object_is_lost_as_a_whole(self):
        folder = os.path.join(self.store, self.tenant, "points")
        lost = next(os.path.join(at, names[0]) for at, _, names in os.walk(folder) if names)
        self.back_up(self.image)
        outcome = self.run_on_bad(self.inside(lost), 0, os.path.getsize(lost), "info")
        self.assertEqual(outcome.status, 0, outcome)
        self.assertEqual([u["code"] for u in outcome.result["unreadable"]], ["STORE_DAMAGED"])
        self.assertEqual(len(outcome.result["points"]), 1)

    def test_a_disk_that_gives_nothing_is_no_damage(self):
        outcome = self.run_on_bad("*", 0, 1 << 40, "verify", roots=[self.root])
        self.assertEqual(outcome.code, "STORE_UNAVAILABLE", outcome)


if __name__ == "__main__":
    unittest.main()
