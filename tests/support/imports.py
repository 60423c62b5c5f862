"""Who imports what in a package, read from its source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "pipeline"


@dataclass(frozen=True)
class Import:
    """`from module import name`, or `import module` with an empty name."""

    module: str  # "pipeline.content.post"
    name: str
    line: int

    @property
    def room(self) -> str:
        """The room that it enters: "content"; "" for the package itself, as for its version."""
        parts = self.module.split(".")
        return parts[1] if len(parts) > 1 else ""


@dataclass(frozen=True)
class Module:
    """One source file; `path` is relative to the package: content/post.py."""

    root: Path
    path: Path

    @property
    def room(self) -> str:
        """The first folder, or the file's name where it stands at the top."""
        return self.path.parts[0].removesuffix(".py").removeprefix("__init__")

    @property
    def name(self) -> str:
        """As it is imported: pipeline.content.post."""
        parts = [PACKAGE, *self.path.with_suffix("").parts]
        return ".".join(part for part in parts if part != "__init__")

    @cached_property
    def source(self) -> str:
        """Its text."""
        return (self.root / self.path).read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.source, str(self.path))

    @cached_property
    def imports(self) -> list[Import]:
        """Every import in it, those inside functions too."""
        return [found for node in ast.walk(self.tree) for found in _imports(node)]

    @property
    def own_imports(self) -> list[Import]:
        """Those of this project; `from pipeline import content` counts as entering content."""
        own = [found for found in self.imports if found.module.split(".")[0] == PACKAGE]
        return [self._resolved(found) for found in own]

    def _resolved(self, found: Import) -> Import:
        target = self.root.joinpath(*found.module.split(".")[1:], found.name)
        if found.name and (target.is_dir() or target.with_suffix(".py").is_file()):
            return Import(f"{found.module}.{found.name}", "", found.line)
        return found

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    @property
    def exports(self) -> list[str] | None:
        """What __all__ lists; None without one."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                return list(ast.literal_eval(node.value))
        return None


def read_modules(root: Path) -> list[Module]:
    """Every Python file below the package's folder `root`, in the order of its path."""
    return [Module(root, path.relative_to(root)) for path in sorted(root.rglob("*.py"))]


def find_cycle(modules: list[Module]) -> list[str]:
    """Names of modules that import each other in a ring, first one repeated; [] without."""
    names = {module.name for module in modules}
    graph = {module.name: sorted(_targets(module) & names) for module in modules}
    done: set[str] = set()
    for name in graph:
        cycle = _visit(name, graph, [], done)
        if cycle:
            return cycle
    return []


def _visit(name: str, graph: dict[str, list[str]], trail: list[str], done: set[str]) -> list[str]:
    if name in trail:
        return [*trail[trail.index(name) :], name]
    if name in done:
        return []
    done.add(name)
    for target in graph[name]:
        cycle = _visit(target, graph, [*trail, name], done)
        if cycle:
            return cycle
    return []


def _targets(module: Module) -> set[str]:
    return {found.module for found in module.own_imports} - {PACKAGE}


def _imports(node: ast.AST) -> list[Import]:
    if isinstance(node, ast.Import):
        return [Import(alias.name, "", node.lineno) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        return [Import(module, alias.name, node.lineno) for alias in node.names]
    return []
