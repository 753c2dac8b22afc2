"""The store's format read by somebody else: this follows the description in format.h and shares no code with the program.

usage: reference.py STORE TENANT KEY_HEX ROOT OUTPUT      writes a volume, or says what is wrong
"""

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import struct
import sys
import uuid

crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
    getattr(crypto, name).restype = ctypes.c_void_p
crypto.EVP_CIPHER_CTX_free.argtypes = [ctypes.c_void_p]
zstd.ZSTD_decompress.restype = ctypes.c_size_t
GCM_SET_TAG = 0x11
CHUNK, PAGE = 1, 2


def open_gcm(key, nonce, sealed, tag, additional):
    context, out, n = crypto.EVP_CIPHER_CTX_new(), ctypes.create_string_buffer(len(sealed) + 16), ctypes.c_int()
    try:
        c = ctypes.c_void_p(context)
        ok = crypto.EVP_DecryptInit_ex(c, ctypes.c_void_p(crypto.EVP_aes_256_gcm()), None, key, nonce)
        ok &= crypto.EVP_DecryptUpdate(c, None, ctypes.byref(n), additional, len(additional))
        ok &= crypto.EVP_DecryptUpdate(c, out, ctypes.byref(n), sealed, len(sealed))
        ok &= crypto.EVP_CIPHER_CTX_ctrl(c, GCM_SET_TAG, 16, tag)
        if not ok or crypto.EVP_DecryptFinal_ex(c, ctypes.byref(ctypes.create_string_buffer(16)), ctypes.byref(n)) != 1:
            raise ValueError("the tag does not match")
        return out.raw[:len(sealed)]
    finally:
        crypto.EVP_CIPHER_CTX_free(context)


class Store:
    def __init__(self, path, tenant, key):
        self.folder = os.path.join(path, tenant)
        self.master = hmac.new(b"freehold store v1", key, hashlib.sha256).digest()

    def derive(self, info):
        return hmac.new(self.master, info + b"\1", hashlib.sha256).digest()

    def root(self, text):
        if not text.startswith("fh1-"):
            raise ValueError("no root")
        data = base64.urlsafe_b64decode(text[4:])
        if hmac.new(self.derive(b"roots"), data[:-8], hashlib.sha256).digest()[:8] != data[-8:]:
            raise ValueError("the root was altered, or the key is another one")
        version, shift, levels, _, size, key_id = struct.unpack_from("<BBBBQ8s", data)
        if version != 1 or key_id != self.derive(b"key id")[:8]:
            raise ValueError("another version or key")
        digest, writer, number, ordinal, offset, length = struct.unpack_from("<32s16sIHII", data, 20)
        return size, shift, levels, (digest, writer, number, ordinal, offset, length)

    def record(self, kind, entry):
        digest, writer, number, ordinal, offset, length = entry
        with open(os.path.join(self.folder, "packs", str(uuid.UUID(bytes=writer)), f"{number:08x}"), "rb") as f:
            header = f.read(64)
            if header[:8] != b"FHPACK1\n" or header[16:32] != writer or struct.unpack_from("<I", header, 32)[0] != number:
                raise ValueError("not that pack")
            f.seek(offset)
            record = f.read(length)
        version, its_kind, method, _, plain_length, sealed_length = struct.unpack_from("<BBBBII", record)
        if version != 1 or its_kind != kind or len(record) != 12 + 12 + sealed_length + 16:
            raise ValueError("not such a record")
        data = open_gcm(self.derive(b"records" + writer), record[12:24], record[24:-16], record[-16:], record[:12] + digest)
        if method == 1:
            out = ctypes.create_string_buffer(plain_length)
            if zstd.ZSTD_decompress(out, ctypes.c_size_t(plain_length), data, ctypes.c_size_t(len(data))) != plain_length:
                raise ValueError("zstd")
            data = out.raw
        if hmac.new(self.derive(b"digest"), bytes([kind]) + data, hashlib.sha256).digest() != digest:
            raise ValueError("the digest does not match")
        return data

    def page(self, entry, level):
        data = self.record(PAGE, entry)
        version, its_level, packs, n, _ = struct.unpack_from("<BBHHH", data)
        if version != 1 or its_level != level or len(data) != 40 + packs * 20 + n * 44:
            raise ValueError("not such a page")
        slots = [i for i in range(256) if data[8 + i // 8] >> i % 8 & 1]
        at = 40 + packs * 20
        digests = [data[at + i * 32:at + i * 32 + 32] for i in range(n)]
        at += n * 32
        columns = [struct.unpack_from(f"<{n}{letter}", data, at + skip * n) for letter, skip in (("H", 0), ("H", 2), ("I", 4), ("I", 8))]
        for i, slot in enumerate(slots):
            which, ordinal, offset, length = (column[i] for column in columns)
            writer, number = struct.unpack_from("<16sI", data, 40 + which * 20)
            yield slot, (digests[i], writer, number, ordinal, offset, length)

    def chunks(self, entry, level, index):
        for slot, below in self.page(entry, level):
            if level:
                yield from self.chunks(below, level - 1, index * 256 + slot)
            else:
                yield index * 256 + slot, self.record(CHUNK, below)

    def write(self, text, path):
        size, shift, levels, top = self.root(text)
        with open(path, "wb") as f:
            for number, data in self.chunks(top, levels - 1, 0) if levels else ():
                f.seek(number << shift)
                f.write(data)
            f.truncate(size)


if __name__ == "__main__":
    Store(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])).write(sys.argv[4], sys.argv[5])
