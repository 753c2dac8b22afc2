"""The description of the format is enough to read a store: reference.py does, and it shares no code with the program."""

import random
import unittest

from harness import KEY, StoreTest, make_image, same
from reference import Store

MIB = 1 << 20


class ReferenceTest(StoreTest):
    def read(self, root):
        target = self.path("read")
        Store(self.store, self.tenant, bytes.fromhex(KEY)).write(root, target)
        return target

    def test_points_of_several_sizes(self):
        for size in (512, 70000, 17 * MIB + 512):
            with self.subTest(size=size):
                image = make_image(self.path("image"), size, size)
                self.assertTrue(same(self.read(self.back_up(image)["root"]), image))

    def test_increment_with_two_levels_and_another_chunk_size(self):
        image = make_image(self.path("image"), 9 * MIB, 3)
        base = self.back_up(image, chunkBytes=16384)["root"]
        rng = random.Random(3)
        with open(image, "r+b") as f:
            for _ in range(20):
                f.seek(rng.randrange(9 * MIB - 5000))
                f.write(rng.randbytes(5000))
        self.assertTrue(same(self.read(self.back_up(image, base=base, pinned=[base], chunkBytes=16384)["root"]), image))

    def test_nothing_but_zeroes(self):
        image = make_image(self.path("image"), MIB, 1, filled=0)
        self.assertTrue(same(self.read(self.back_up(image)["root"]), image))

    def test_wrong_key(self):
        root = self.back_up(make_image(self.path("image"), MIB, 1))["root"]
        with self.assertRaises(ValueError):
            Store(self.store, self.tenant, bytes(32)).write(root, self.path("t"))


if __name__ == "__main__":
    unittest.main()
