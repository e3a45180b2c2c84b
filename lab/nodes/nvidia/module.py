"""Write a kernel module that says its version, and does nothing: module.py FILE VERSION."""

import struct
import sys

path, version = sys.argv[1:]
info = f"version={version}\0license=Dual MIT/GPL\0name=nvidia\0".encode()
names = b"\0.modinfo\0.shstrtab\0"
header = struct.pack(
    "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 1, 62, 1, 0, 0, 64 + len(info + names), 0, 64, 0, 0, 64, 3, 2
)
sections = [bytes(64)]
for name, kind, flags, offset, size in ((1, 1, 2, 64, len(info)), (10, 3, 0, 64 + len(info), len(names))):
    sections.append(struct.pack("<IIQQQQIIQQ", name, kind, flags, 0, offset, size, 0, 0, 1, 0))
with open(path, "wb") as file:
    file.write(header + info + names + b"".join(sections))
