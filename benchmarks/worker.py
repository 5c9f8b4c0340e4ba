"""A process of `cpu.py` that times what it is asked for, by lines of JSON on standard input and output."""

import json
import sys

import contenders
import setting
import torch

images = setting.images(*map(int, sys.argv[1:]))
ready = {}
for line in sys.stdin:
    contender, arguments, threads = json.loads(line)
    torch.set_num_threads(threads)
    key = (contender, *arguments.values())
    if key not in ready:
        ready[key] = getattr(contenders, contender)(images, **arguments)
    took = contenders.seconds(ready[key])
    print(json.dumps({"n_images": images.n_batches * setting.BATCH, "seconds": took}), flush=True)
