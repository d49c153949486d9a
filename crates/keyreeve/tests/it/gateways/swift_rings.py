"""One ring of one device each: `swift_rings.py FOLDER KIND PORT KIND PORT ...`, with the Python that Swift is installed for."""

import sys

from swift.common.ring import RingBuilder

folder, *rest = sys.argv[1:]
for kind, port in zip(rest[::2], rest[1::2]):
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=1)
    builder.add_dev(
        {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1}
    )
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")
