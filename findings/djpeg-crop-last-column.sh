#!/usr/bin/env bash
#
# libjpeg-turbo 2.1.5 (Debian 12): cropping while decoding (jpeg_crop_scanline, djpeg -crop) does not give the pixels that
# the full picture has at the same place. Of a picture with halved chroma the last column of a crop of even width
# differs, because smooth upsampling has no neighbour there; of one of odd width none does. The left side and the
# rows are exact, as are crops of pictures with full chroma.
#
# Seen on 2026-11-28: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

cd "$folder"
apt-get download -qq libjpeg-turbo-progs=1:2.1.5-2 libjpeg62-turbo=1:2.1.5-2 2>/dev/null
for package in *.deb; do dpkg -x "$package" .; done
export PATH="$folder/usr/bin:$PATH" LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
python3 -m venv "$folder/venv"

expect 'djpeg: libjpeg-turbo version 2.1.5
chroma 2x2, crop of 16 columns: columns that differ [15]
chroma 2x2, crop of 17 columns: columns that differ []
chroma 1x1, crop of 16 columns: columns that differ []' <<'PYTHON'
import subprocess

version = subprocess.run(["djpeg", "-version"], capture_output=True, text=True).stderr.split(" (")[0]
print("djpeg:", version)
width, height = 48, 32
colours = bytes(value % 256 for y in range(height) for x in range(width) for value in (5 * x, 37 * x, 91 * x + y))
open("a.ppm", "wb").write(b"P6 %d %d 255\n" % (width, height) + colours)


def pixels(*arguments):
    file = subprocess.run(["djpeg", "-ppm", *arguments, "a.jpg"], capture_output=True, check=True).stdout
    magic, size, most, values = file.split(b"\n", 3)
    return int(size.split()[0]), values


for sampling, columns in (("2x2", 16), ("2x2", 17), ("1x1", 16)):
    subprocess.run(["cjpeg", "-quality", "95", "-sample", sampling, "-outfile", "a.jpg", "a.ppm"], check=True)
    _, whole = pixels()
    cut, part = pixels("-crop", f"{columns}x8+0+0")
    differ = [
        x
        for x in range(cut)
        if any(part[3 * (y * cut + x) :][:3] != whole[3 * (y * width + x) :][:3] for y in range(8))
    ]
    print(f"chroma {sampling}, crop of {cut} columns: columns that differ {differ}")
PYTHON
