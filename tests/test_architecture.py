"""The architecture as a table, and the source held against it.

docs/architecture.md says in words why the rooms are these and why imports run this way.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.support.imports import Import, Module, find_cycle, read_modules

ROOT = Path(__file__).parent.parent / "pipeline"

# room: the rooms whose doors it may enter. A room that is not here does not exist.
ROOMS: dict[str, str] = {
    "errors": "",
    "language": "",
    "palette": "errors",
    "config": "errors",
    "schema": "",
    "db": "errors config schema",
    "migrations": "schema",
    "content": "errors language config",
    "pasted": "errors content",
    "feeds": "errors language palette config content",
    "compose": "errors language palette config content",
    "preflight": "errors config content compose",
    "audience": "errors language config schema db",
    "ledger": "errors schema db",
    "throttle": "errors config schema db",
    "campaigns": "errors config schema db content compose preflight audience ledger",
    "delivery": "errors config schema db compose audience ledger throttle campaigns",
    "returns": "errors config schema db audience ledger campaigns",
    "accounts": "errors config schema db",
    "clock": (
        "errors config schema db content feeds compose preflight audience ledger throttle "
        "campaigns delivery returns accounts"
    ),
    "web": (
        "errors language palette config schema db content feeds compose preflight audience ledger "
        "campaigns delivery returns accounts clock"
    ),
    "proving": "errors config schema db audience ledger campaigns delivery clock",
    "cli": (
        "errors config schema db content pasted feeds compose preflight audience ledger throttle "
        "campaigns delivery returns accounts clock web proving"
    ),
    "__main__": "cli",  # python -m pipeline
}
# Where SQL is written. Elsewhere SQLAlchemy lends its types for what is passed through, no more.
SQL_FILES = ("schema/*", "db/*", "migrations/*", "*/store.py", "*/*_store.py", "ledger/*")
SQL_TYPES = {"Connection", "Engine", "Row"}
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "core", "base", "manager", "service"}
LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 60  # lines

MODULES = read_modules(ROOT)


DOORS = [module for module in MODULES if module.path.match("*/__init__.py")]


def refuse(offences: Callable[[Module], list[str]]) -> None:
    """Fail with every offence in the package, one a line."""
    found = [offence for module in MODULES for offence in offences(module)]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def place(module: Module, line: int) -> str:
    return f"pipeline/{module.path}:{line}"


def forbidden_rooms(module: Module) -> list[str]:
    """The imports of `module` that the table does not allow."""
    allowed = {"", module.room, *ROOMS.get(module.room, "").split()}
    return [
        f"{place(module, found.line)} enters {found.room}"
        for found in module.own_imports
        if found.room not in allowed
    ]


def side_entrances(module: Module, modules: list[Module]) -> list[str]:
    """The imports that enter another room past its door, or by a name the door does not offer."""
    doors = {door.name: door.exports for door in modules}
    return [
        f"{place(module, found.line)} takes {found.name or 'all'} from {found.module}"
        for found in module.own_imports
        if found.room not in {"", module.room} and not _by_the_door(found, doors)
    ]


def _by_the_door(found: Import, doors: dict[str, list[str] | None]) -> bool:
    if found.module.count(".") > 1 or found.name.startswith("_"):
        return False
    offered = doors.get(found.module)
    return offered is None or not found.name or found.name in offered


def sql_outside_its_files(module: Module) -> list[str]:
    """Imports of SQLAlchemy that mean SQL, in a file that is not for it."""
    if any(fnmatch(str(module.path), pattern) for pattern in SQL_FILES):
        return []
    allowed = SQL_TYPES if "db" in ROOMS.get(module.room, "").split() else set()
    return [
        f"{place(module, found.line)} imports {found.name or found.module}"
        for found in module.imports
        if found.module.split(".")[0] in {"sqlalchemy", "alembic", "sqlite3", "psycopg"}
        and not (found.module == "sqlalchemy" and found.name in allowed)
    ]


def relative_imports(module: Module) -> list[str]:
    """Imports that say where they come from only in relation to where they stand."""
    return [
        f"{place(module, found.line)} imports from {found.module}"
        for found in module.imports
        if found.module.startswith(".")
    ]


def empty_names(module: Module) -> list[str]:
    """Parts of the module's path that could stand for anything."""
    parts = module.path.with_suffix("").parts
    return [f"pipeline/{module.path}" for part in parts if part in NAMES_THAT_SAY_NOTHING]


def nested(module: Module) -> list[str]:
    """The module itself, if it stands in a folder inside a room; alembic wants one such folder."""
    deep = len(module.path.parts) > 2 and module.room != "migrations"
    return [f"pipeline/{module.path}"] if deep else []


def no_opening_sentence(module: Module) -> list[str]:
    """The module itself, if its docstring does not begin with a sentence."""
    opening = (ast.get_docstring(module.tree) or "").split("\n\n")[0]
    return [] if opening.endswith((".", ":")) else [f"pipeline/{module.path}:1"]


def overlong(module: Module) -> list[str]:
    """Functions and files beyond what can be taken in at once; a migration is one long list."""
    lines = module.source.count("\n")
    found = [f"pipeline/{module.path} has {lines} lines"] if lines > LONGEST_FILE else []
    for function in [] if module.room == "migrations" else module.functions:
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > LONGEST_FUNCTION:
            found.append(f"{place(module, function.lineno)} {function.name} has {length} lines")
    return found


def test_each_room_may_enter_only_rooms_above_it_in_the_table() -> None:
    names = list(ROOMS)

    for room, allowed in ROOMS.items():
        assert set(allowed.split()) <= set(names[: names.index(room)])


def test_every_module_belongs_to_a_room_of_the_table() -> None:
    assert {module.room for module in MODULES} <= {"", *ROOMS}


def test_imports_run_one_way() -> None:
    refuse(forbidden_rooms)


def test_rooms_are_entered_by_their_doors() -> None:
    refuse(lambda module: side_entrances(module, DOORS))


def test_imports_name_their_module_in_full() -> None:
    refuse(relative_imports)


def test_sql_is_written_only_in_the_files_for_it() -> None:
    refuse(sql_outside_its_files)


def test_no_module_has_a_name_that_says_nothing() -> None:
    refuse(empty_names)


def test_every_module_opens_with_a_sentence() -> None:
    refuse(no_opening_sentence)


def test_files_and_functions_can_be_taken_in_at_once() -> None:
    refuse(overlong)


def test_rooms_are_flat() -> None:
    refuse(nested)


def test_every_door_lists_what_it_offers() -> None:
    assert {door.room for door in DOORS if not door.exports} == set()


def test_no_modules_import_each_other_in_a_ring() -> None:
    assert find_cycle(MODULES) == []


# The rules above, held against a package that breaks each of them.


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, Module]:
    sources = {
        "content/__init__.py": (
            '"""Posts."""\nfrom pipeline.content.post import Post\n__all__ = ["Post"]\n'
        ),
        "content/post.py": "from pipeline.content import Post\nfrom sqlalchemy import select",
        "feeds/wrong.py": "from pipeline.content.post import Post\nfrom pipeline import web",
        "feeds/relative.py": "from .wrong import Post",
        "feeds/hidden.py": "def late():\n    from pipeline.content import read_one\n",
        "delivery/smtp.py": "from sqlalchemy import Engine, insert",
        "delivery/long.py": "def f():\n" + "    f()\n" * 60 + "f()\n" * 400,
        "web/__init__.py": "",
        "utils.py": "",
        "web/pages/home.py": "",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    return {str(module.path): module for module in read_modules(tmp_path)}


def test_a_room_entered_against_the_table_is_seen(broken: dict[str, Module]) -> None:
    assert forbidden_rooms(broken["feeds/wrong.py"]) == ["pipeline/feeds/wrong.py:2 enters web"]


def test_a_side_entrance_is_seen(broken: dict[str, Module]) -> None:
    doors = [broken["content/__init__.py"]]

    assert side_entrances(broken["feeds/wrong.py"], doors)[0] == (
        "pipeline/feeds/wrong.py:1 takes Post from pipeline.content.post"
    )
    assert side_entrances(broken["feeds/hidden.py"], doors) == [
        "pipeline/feeds/hidden.py:2 takes read_one from pipeline.content"
    ]
    assert side_entrances(broken["content/post.py"], doors) == []


def test_a_relative_import_is_seen(broken: dict[str, Module]) -> None:
    assert relative_imports(broken["feeds/relative.py"]) == [
        "pipeline/feeds/relative.py:1 imports from .wrong"
    ]


def test_sql_in_the_wrong_place_is_seen(broken: dict[str, Module]) -> None:
    assert sql_outside_its_files(broken["content/post.py"]) == [
        "pipeline/content/post.py:2 imports select"
    ]
    assert sql_outside_its_files(broken["delivery/smtp.py"]) == [
        "pipeline/delivery/smtp.py:1 imports insert"
    ]


def test_what_is_too_long_is_seen(broken: dict[str, Module]) -> None:
    assert overlong(broken["delivery/long.py"]) == [
        "pipeline/delivery/long.py has 461 lines",
        "pipeline/delivery/long.py:1 f has 61 lines",
    ]


def test_a_ring_is_seen(broken: dict[str, Module]) -> None:
    ring = find_cycle(list(broken.values()))

    assert set(ring) == {"pipeline.content", "pipeline.content.post"}


def test_a_stray_name_a_missing_sentence_and_a_room_within_a_room_are_seen(
    broken: dict[str, Module],
) -> None:
    assert empty_names(broken["utils.py"]) == ["pipeline/utils.py"]
    assert no_opening_sentence(broken["utils.py"]) == ["pipeline/utils.py:1"]
    assert no_opening_sentence(broken["content/__init__.py"]) == []
    assert nested(broken["web/pages/home.py"]) == ["pipeline/web/pages/home.py"]
