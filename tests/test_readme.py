"""What the README tells people to type, and where it says things are, is true."""

import importlib
import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import tyro

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONSOLE_SCRIPTS: dict[str, str] = PROJECT["project"]["scripts"]


class Parsed(Exception):  # noqa: N818 - ends a command once its arguments are read
    pass


def code_lines(markdown: str) -> list[str]:
    """The lines of all fenced code blocks; a backslash at the end joins two."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    return [
        line for block in blocks for line in block.replace("\\\n", " ").splitlines()
    ]


def commands(markdown: str) -> list[list[str]]:
    """The words of every line that runs something, without its comment."""
    lines = [line.strip().removeprefix("$ ") for line in code_lines(markdown)]
    split = [shlex.split(line, comments=True) for line in lines if is_command(line)]
    return [[words[0].removeprefix(".venv/bin/"), *words[1:]] for words in split]


def is_command(line: str) -> bool:
    return re.match(r"(\.venv/bin/)?hn-|(\./)?scripts/|make ", line) is not None


def section(markdown: str, title: str) -> str:
    """The text under the second-level heading that contains `title`."""
    match = re.search(
        rf"^## [^\n]*{title}[^\n]*\n(.*?)(?=^## |\Z)",
        markdown,
        re.DOTALL | re.MULTILINE | re.IGNORECASE,
    )
    assert match, f"the README has no section {title!r}"
    return match.group(1)


def named_paths(text: str) -> set[str]:
    """What looks like a path: in backticks, or first in a line of a code block."""
    words = re.findall(r"`([^`\s]+)`", text)
    words += [line.split()[0] for line in code_lines(text) if re.match(r"\S", line)]
    return {
        w for w in words if re.fullmatch(r"[\w.-]*(/[\w./-]*|\.(md|toml|py|txt))", w)
    }


def made_by_users() -> set[str]:
    """The folders that git ignores: they are not there in a fresh clone."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return {name.strip("/") for name in ignored}


@pytest.mark.parametrize(
    "words",
    [words for words in commands(README) if words[0].startswith("hn-")],
    ids=" ".join,
)
def test_every_command_in_the_readme_parses(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert words[0] in CONSOLE_SCRIPTS, f"pyproject.toml has no command {words[0]}"
    module, _, function = CONSOLE_SCRIPTS[words[0]].partition(":")
    main = getattr(importlib.import_module(module), function)
    real_cli = tyro.cli

    def parse_and_stop(*args: object, **kwargs: object) -> None:
        real_cli(*args, **{**kwargs, "args": words[1:]})  # type: ignore[call-overload]
        raise Parsed

    monkeypatch.setattr(tyro, "cli", parse_and_stop)
    with pytest.raises(Parsed):
        main()


@pytest.mark.parametrize("command", CONSOLE_SCRIPTS)
def test_every_command_says_what_its_options_are(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, _, function = CONSOLE_SCRIPTS[command].partition(":")
    monkeypatch.setattr("sys.argv", [command, "--help"])
    with pytest.raises(SystemExit) as exit_info:
        getattr(importlib.import_module(module), function)()
    assert exit_info.value.code == 0
    assert f"usage: {command}" in capsys.readouterr().out


def test_the_readme_opens_with_the_demo_and_the_tests() -> None:
    scripts = [w[0].removeprefix("./") for w in commands(README) if "scripts/" in w[0]]
    assert scripts[:2] == ["scripts/demo.sh", "scripts/test.sh"]


def test_every_script_is_there_and_executable() -> None:
    scripts = {words[0] for words in commands(README) if "scripts/" in words[0]}
    for script in scripts | {".ci/run", "scripts/setup.sh", "scripts/check.sh"}:
        assert os.access(ROOT / script, os.X_OK), script


def test_make_knows_every_target_in_the_readme_and_a_script_for_each() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {
        name
        for line in re.findall(r"^([\w ]+):", makefile, re.M)
        for name in line.split()
    }
    for words in commands(README):
        if words[0] == "make":
            assert set(words[1:]) <= targets
    for target in targets - {"help", "clean"}:
        assert (ROOT / "scripts" / f"{target}.sh").is_file()


def test_where_things_live_names_what_is_there() -> None:
    paths = named_paths(section(README, "where things live"))
    assert len(paths) > 3
    missing = [
        path
        for path in sorted(paths)
        if path.split("/")[0] not in made_by_users() and not (ROOT / path).exists()
    ]
    assert not missing


def test_nothing_names_the_address_of_a_package_registry() -> None:
    files = ["pyproject.toml", "constraints.txt", "README.md", ".ci/run", "Makefile"]
    files += [f"scripts/{path.name}" for path in (ROOT / "scripts").iterdir()]
    for name in files:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"index-url|find-links|--index|://[^\s)]*pypi", text), name


def test_the_pinned_versions_are_the_installed_ones_and_fit_the_project() -> None:
    from importlib.metadata import version

    from packaging.requirements import Requirement

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    names = {name.lower().replace("_", "-"): pin for name, pin in pins.items()}
    project = PROJECT["project"]
    for text in project["dependencies"] + project["optional-dependencies"]["dev"]:
        requirement = Requirement(text)
        pin = names[requirement.name.lower().replace("_", "-")]
        assert pin in requirement.specifier, text
        assert version(requirement.name) == pin, text


def test_the_parts_of_this_file_read_markdown_as_people_do() -> None:
    markdown = (
        "# A\n```bash\n$ hn-x a \\\n  --b 'c d'  # why\nhello\n```\n"
        "## Where things live\n- `core/` and `a b/c`, `name`\n"
        "```\n# why\nx/y.py  text\n  z/\n```\n## B\n`no/`\n"
    )
    assert commands(markdown) == [["hn-x", "a", "--b", "c d"]]
    assert named_paths(section(markdown, "where things live")) == {"core/", "x/y.py"}
