"""How fast a list is imported, new and again, beside the database's own bare copy of the file."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from pipeline.db import make_engine, upgrade
from tests.benchmarks.measuring import FULL, Row, at_least, at_most, need, run_python, seconds
from tests.support import postgresql

PEOPLE = 1_000_000 if FULL else 100_000
COLUMNS = "email text, name text, town text, plan text, score text"
IMPORT = """
import json, resource, sys, time
from datetime import datetime, UTC
from pathlib import Path
from pipeline import audience
from pipeline.db import make_engine

engine = make_engine(sys.argv[1])
began = time.monotonic()
report = audience.import_file(engine, Path(sys.argv[2]), datetime.now(UTC))
took = time.monotonic() - began
assert report.rows == int(sys.argv[3]) and not report.refused_count
print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
"""


@dataclass(frozen=True)
class Kind:
    """One database, the rows a second it must and should take, and its own way to copy a file."""

    name: str
    url: str
    must: int
    copy: tuple[str, ...]
    script: str

    def bare(self) -> float:
        """The seconds of a copy into a table without index, rules or validation."""
        return seconds(lambda: subprocess.run(self.copy, input=self.script, text=True, check=True))


def measure() -> Iterator[Row]:
    """A list of strangers, then the same file again; every row is validated."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "readers.csv"
        _write(file)
        yield from _measure(_sqlite(Path(folder), file), file)
        with postgresql.run_server(need("postgresql").parent, durable=True) as server:
            yield from _measure(_postgresql(server.create("bench"), file), file)


def _measure(kind: Kind, file: Path) -> Iterator[Row]:
    engine = make_engine(kind.url)
    upgrade(engine)
    engine.dispose()
    bare = PEOPLE / statistics.median(kind.bare() for _ in range(3))
    peaks = []
    for turn in ("new", "again"):
        took, peak = json.loads(run_python("-c", IMPORT, kind.url, file, str(PEOPLE)))
        peaks.append(peak)
        yield Row(
            f"import of {PEOPLE:,}, {turn}, {kind.name}",
            PEOPLE / took,
            "/s",
            yardstick=bare,
            against=f"bare {kind.copy[0].rpartition('/')[2]}",
            bound=at_least(kind.must, goal=2 * kind.must),
        )
    yield Row(
        f"peak memory of an import of {PEOPLE:,}, {kind.name}",
        max(peaks) / 1e6,
        "MB",
        bound=at_most(300),
    )


def _sqlite(folder: Path, file: Path) -> Kind:
    script = f"DROP TABLE IF EXISTS bare;\nCREATE TABLE bare ({COLUMNS});\n"
    script += f".mode csv\n.import --skip 1 {file} bare\n"
    url = f"sqlite:///{folder / 'pipeline.db'}"
    return Kind("SQLite", url, 20_000, (str(need("sqlite3")), str(folder / "bare.db")), script)


def _postgresql(url: str, file: Path) -> Kind:
    script = f"DROP TABLE IF EXISTS bare;\nCREATE TABLE bare ({COLUMNS});\n"
    script += f"\\copy bare FROM '{file}' CSV HEADER\n"
    server = make_url(url)
    psql = (str(need("psql")), "-qX", "-U", str(server.username), "-h", str(server.query["host"]))
    return Kind("PostgreSQL", url, 15_000, (*psql, str(server.database)), script)


def _write(file: Path) -> None:
    """Readers in no order, at three thousand domains."""
    numbers = list(range(PEOPLE))
    random.Random(1).shuffle(numbers)
    with file.open("w") as handle:
        handle.write("email,name,town,plan,score\n")
        handle.writelines(
            f"reader{number:x}@domain{number % 3000}.example,Reader {number},Town {number % 500},"
            f"{'gold' if number % 3 else 'free'},{number % 100}\n"
            for number in numbers
        )
