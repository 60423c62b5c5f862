"""What a command takes, told as JSON on standard output: python -m tests.benchmarks.spent COMMAND…

A process of its own and a small one: what a child counts as its peak of memory begins with what
its parent had.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

if __name__ == "__main__":
    started = time.monotonic()
    code = subprocess.call(sys.argv[1:], stdout=sys.stderr)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {
        "seconds": time.monotonic() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
    }
    print(json.dumps(told))  # noqa: T201  # what the measuring process reads
    sys.exit(code)
