"""The package as a whole: its files, its imports and its distributions."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import cast

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "odata_query"
SHIPPED = (
    "odata_query/language/odata.lark", "odata_query/language/_tables.py", "odata_query/py.typed",
    *(path.relative_to(ROOT).as_posix() for path in PACKAGE.glob("problems/text/*.json")),
)  # fmt: skip

ORDER = (
    "installation", "problems", "edm", "limits", "operations", "regex", "answers", "errors", "language", "model", "check", "query",
    "rewrites", "fences", "logic", "python", "sql", "dialects", "models", "web", "starlette", "fastapi", "flask", "django", "testing", "strategies",
    "cli", "__main__",
)  # fmt: skip
"""The folders and files at the package's top level: each imports only from those before it."""


def files() -> dict[str, Path]:
    """The files by their names: `limits`, `sql.dialects.sqlite`, and `sql` for that folder's __init__."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports_of(name: str, path: Path) -> set[str]:
    """The files of the package that a file imports from, in functions and for type checkers too."""
    found = set()
    folder = ["odata_query", *name.split(".")]
    if path.name != "__init__.py":
        folder = folder[:-1]
    elif name == "__init__":
        folder = ["odata_query"]
    known = files()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = folder[: len(folder) + 1 - node.level] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        if module.partition(".")[0] != "odata_query":
            continue
        inside = module.partition(".")[2]
        for alias in node.names:
            whole = f"{inside}.{alias.name}".lstrip(".")
            found.add(whole if whole in known else inside or "__init__")
    return found - {"__init__"}


def test_folders_and_files_import_only_from_those_before_them():
    rank = {name: position for position, name in enumerate(ORDER)}
    upward = [
        f"{name} imports {other}"
        for name, path in files().items()
        for other in imports_of(name, path)
        if name != "__init__" and rank[other.split(".")[0]] > rank[name.split(".")[0]]
    ]
    assert upward == []


def test_no_imports_go_in_a_circle():
    left = {name: imports_of(name, path) for name, path in files().items() if name != "__init__"}
    while free := [name for name, imports in left.items() if not imports & left.keys()]:
        for name in free:
            del left[name]
    assert left == {}


def test_importing_the_package_imports_the_standard_library_alone():
    code = (
        "import sys; before = set(sys.modules); import odata_query, odata_query.python;"
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert {name for name in found if name not in sys.stdlib_module_names} == {"odata_query"}


def test_every_public_name_is_found_where_the_package_says_and_no_file_hides_one():
    import odata_query

    block = next(
        node
        for node in ast.parse((PACKAGE / "__init__.py").read_text("utf-8")).body
        if isinstance(node, ast.If)
    )
    for_checkers = {
        alias.name: node.module for node in block.body for alias in cast(ast.ImportFrom, node).names
    }
    assert for_checkers == odata_query._HOMES
    assert set(odata_query.__all__) == set(for_checkers)
    assert not set(odata_query._HOMES) & set(files())
    for name in odata_query.__all__:
        assert getattr(odata_query, name).__module__ == f"odata_query.{odata_query._HOMES[name]}"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = odata_query.nothing


def test_the_map_names_every_folder_and_file_at_the_top_level_in_the_order_of_imports():
    import odata_query

    text = (odata_query.__doc__ or "").partition("The map.")[2].partition("The tour.")[0]
    names = [re.split(r"/?\s{2,}", line, maxsplit=1)[0] for line in text.splitlines()[2:] if line]
    assert names == [name for name in ORDER if name in names]
    assert {name for name in ORDER if not re.search(rf"\b{name}\b", text)} <= {"__main__"}
    top = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
    assert {name.removesuffix(".py") for name in top} == {*ORDER, "__init__", "py.typed"}
    assert len(top) <= 30


def test_the_tour_is_ten_files_and_can_be_read_in_an_evening():
    import odata_query

    tour = re.findall(r"^(\S+\.py) ", (odata_query.__doc__ or "").partition("The tour.")[2], re.M)
    assert len(tour) == 10
    assert sum(len((PACKAGE / name).read_text("utf-8").splitlines()) for name in tour) <= 3_300


@pytest.mark.parametrize("name", ["dialects", "dialects.base", "models", "models.narrowing"])
def test_modules_of_0_1_0_warn_and_are_those_that_took_their_place(name):
    code = f"""if True:
        import importlib, warnings
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            old = importlib.import_module("odata_query.{name}")
        assert [each.category for each in found] == [DeprecationWarning]
        assert old is importlib.import_module(old.__name__)
        assert old.__name__.startswith(("odata_query.sql.dialects", "odata_query.model."))
    """
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# ---- another project with the same import name -----------------------------------------------------

CLASHES = {
    "odata-query, then odata-ql": ({"visitor.py": "", "grammar.py": ""}, (), "Keep one: pip uninstall"),
    "odata-ql, then odata-query": (
        {"visitor.py": "", "__init__.py": '__version__ = "0.10.0"\n', "sql/__init__.py": ""},
        (),
        "Keep one: pip uninstall",
    ),
    "odata-query uninstalled": ({}, ("__init__.py", "sql/__init__.py"), "Install it again: pip install"),
}
"""Changes of the package's folder: files written, files removed, and the advice."""


@pytest.mark.parametrize(("written", "removed", "advice"), CLASHES.values(), ids=CLASHES)
def test_files_of_the_distribution_odata_query_are_noticed(tmp_path, written, removed, advice):
    folder = tmp_path / "odata_query"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__", "cases"))
    for name, text in written.items():
        (folder / name).write_text(text, "utf-8")
    for name in removed:
        (folder / name).unlink()
    for command in (["-c", "import odata_query.python"], ["-m", "odata_query"]):
        found = subprocess.run(
            [sys.executable, "-S", *command], capture_output=True, text=True, cwd=tmp_path, env={}
        )
        assert advice in found.stderr.splitlines()[-1], command


def test_the_reference_lists_what_the_tables_hold():
    found = subprocess.run(
        [sys.executable, ROOT / "grammar" / "reference.py", "--check"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert found.stderr == ""


# ---- packages ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel and an sdist made from the tree, and a wheel made from that sdist."""
    pytest.importorskip("hatchling")
    pytest.importorskip("build")
    out = tmp_path_factory.mktemp("built")

    def build(source: Path, kind: str, name: str) -> Path:
        command = [
            sys.executable,
            "-m",
            "build",
            "-q",
            "--no-isolation",
            f"--{kind}",
            "--outdir",
            out / name,
            source,
        ]
        subprocess.run(command, check=True, capture_output=True)
        return next((out / name).iterdir())

    sdist = build(ROOT, "sdist", "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(out / "unpacked", filter="data")
    unpacked = next((out / "unpacked").iterdir())
    return {
        "sdist": unpacked,
        "wheel": build(ROOT, "wheel", "wheel"),
        "wheel from the sdist": build(unpacked, "wheel", "again"),
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_the_sdist_has_the_data_files(built, name):
    assert (built["sdist"] / name).read_bytes() == (ROOT / name).read_bytes()


@pytest.mark.parametrize("kind", ["wheel", "wheel from the sdist"])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_wheel_has_the_data_files(built, kind, name):
    with zipfile.ZipFile(built[kind]) as archive:
        assert archive.read(name) == (ROOT / name).read_bytes()
        assert not [n for n in archive.namelist() if n.startswith(("tests", "benchmarks"))]


def test_an_editable_install_has_the_grammar_and_its_tables(tmp_path):
    pytest.importorskip("hatchling")
    target = tmp_path / "site"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        target,
    ]
    subprocess.run([*pip, "-e", ROOT], check=True, capture_output=True)
    code = (
        f"import site; site.addsitedir({str(target)!r}); import importlib.resources as r;"
        "f = r.files('odata_query');"
        "print(*[len(f.joinpath(n).read_bytes()) for n in ('language/odata.lark', 'language/_tables.py')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    sizes = [(PACKAGE / "language" / name).stat().st_size for name in ("odata.lark", "_tables.py")]
    assert found.stdout.split() == [str(size) for size in sizes]
