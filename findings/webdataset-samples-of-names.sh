#!/usr/bin/env bash
#
# webdataset 1.0.2: a sample is what lies side by side in the shard and has the same name up to its first dot. So numbered
# frames, FRAME.0001.jpg and so on with their labels, are one sample of however many fields, and pictures that are
# written before all labels make two samples of each. A file without an extension, and a hidden one, is left out.
# Nothing is said in any of these cases: two labelled pictures are two samples, one or four by their names and order
# alone. An error comes only where a later stage asks for a field by its name.
#
# Seen on 2026-11-30 with Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install webdataset==1.0.2 numpy==2.4.6
expect 'webdataset 1.0.2
a.jpg a.cls b.jpg b.cls: a has jpg cls; b has jpg cls
frame.0001.jpg frame.0001.cls frame.0002.jpg frame.0002.cls: frame has 0001.jpg 0001.cls 0002.jpg 0002.cls
a.jpg b.jpg a.cls b.cls: a has jpg; b has jpg; a has cls; b has cls
a .b.jpg c.jpg c.cls: c has jpg cls' <<'PYTHON'
import io
import tarfile
from importlib.metadata import version

import webdataset

print("webdataset", version("webdataset"))


def show(names):
    with tarfile.open("shard.tar", "w") as shard:
        for name in names.split():
            content = b"7" if name.endswith("cls") else b"a picture"
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            shard.addfile(entry, io.BytesIO(content))
    samples = []
    for sample in webdataset.WebDataset("shard.tar", shardshuffle=False):
        fields = [field for field in sample if not field.startswith("__")]
        samples.append(f"{sample['__key__']} has {' '.join(fields)}")
    print(f"{names}: {'; '.join(samples)}")


show("a.jpg a.cls b.jpg b.cls")
show("frame.0001.jpg frame.0001.cls frame.0002.jpg frame.0002.cls")
show("a.jpg b.jpg a.cls b.cls")
show("a .b.jpg c.jpg c.cls")
PYTHON
