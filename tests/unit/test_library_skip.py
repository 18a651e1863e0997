"""Which files of a folder are left out, and why; judged by Git itself where Git has a say."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morgan_core.library.look import look_at
from morgan_core.library.scan import Scan
from morgan_core.library.secret_files import holds_private_key, is_secret
from morgan_core.library.skip import why_skip


def write(folder: Path, **files: str) -> None:
    """Files by name; ``__`` stands for a slash, a leading ``dot_`` of a part for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("dot_", ".").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def scan(folder: Path) -> Scan:
    return look_at(
        {str(folder): str(folder)}, leave_out=lambda _: False, known=lambda _: False
    ).scan


def taken(folder: Path) -> set[str]:
    return {os.path.relpath(path, folder) for path in scan(folder).files}


def left_out(folder: Path) -> dict[str, str]:
    return {os.path.relpath(path, folder): why for path, why in scan(folder).skipped.items()}


def test_a_gitignore_counts_below_its_folder_and_the_inner_one_wins(tmp_path: Path) -> None:
    write(tmp_path, dot_gitignore="*.txt\n/only_here\n", a_txt="", only_here="", b__only_here="")
    write(tmp_path, b__dot_gitignore="!keep.txt\n", b__keep_txt="", b__c__keep_txt="", b__d_txt="")

    assert taken(tmp_path) == {"b/only_here", "b/keep.txt", "b/c/keep.txt"}
    assert left_out(tmp_path)["a.txt"] == ".gitignore"
    assert left_out(tmp_path)["only_here"] == ".gitignore"


def test_a_repository_begins_anew_and_has_rules_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, dot_gitignore="*.txt\n", repo__a_txt="", repo__b="", repo__c="")
    write(tmp_path, repo__dot_git__info__exclude="b\n")

    assert taken(tmp_path) == {"repo/a.txt", "repo/c"}
    assert left_out(tmp_path)["repo/b"] == ".gitignore"


def test_the_rules_of_the_repository_around_a_folder_count(tmp_path: Path) -> None:
    write(tmp_path, dot_git__HEAD="", dot_gitignore="*.log\n/docs\n", docs__a_txt="", docs__b="")
    (tmp_path / "docs" / "b.log").write_text("")

    assert taken(tmp_path / "docs") == {"a.txt", "b", "b.log"}, "the person named an ignored folder"
    (tmp_path / ".gitignore").write_text("*.log\n")
    assert taken(tmp_path / "docs") == {"a.txt", "b"}


def test_a_morganignore_leaves_out_more_and_wins_over_git(tmp_path: Path) -> None:
    write(tmp_path, dot_gitignore="*.txt\n", dot_morganignore="!a.txt\nb*\n", a_txt="", b="", c="")

    assert taken(tmp_path) == {"a.txt", "c"}
    assert left_out(tmp_path)["b"] == ".morganignore"


def test_a_morganignore_takes_back_what_is_hidden_ignored_or_built(tmp_path: Path) -> None:
    write(
        tmp_path,
        dot_morganignore="!.notes\n!.config/app/me.txt\n!/node_modules/pkg/README\n!kept/\n",
        dot_gitignore="kept/\n",
        dot_notes="",
        dot_config__app__me_txt="",
        dot_config__app__other_txt="",
        dot_config__more__x="",
        node_modules__pkg__README="",
        node_modules__pkg__code="",
        node_modules__other__README="",
        kept__a_txt="",
    )

    assert taken(tmp_path) == {
        ".notes",
        ".config/app/me.txt",
        "node_modules/pkg/README",
        "kept/a.txt",
    }
    assert left_out(tmp_path)[".config/app/other.txt"] == "hidden"
    assert left_out(tmp_path)[".config/more"] == "hidden"
    assert left_out(tmp_path)["node_modules/pkg/code"] == "tool output"


def test_nothing_takes_back_a_secret_or_the_insides_of_git(tmp_path: Path) -> None:
    write(
        tmp_path,
        dot_morganignore="!*\n!.*\n!.git/\n!.env\n",
        dot_env="PASSWORD=x",
        id_rsa="x",
        dot_git__config="x",
        a_txt="",
    )

    assert taken(tmp_path) == {"a.txt", ".morganignore"}
    assert left_out(tmp_path) == {".env": "secret", "id_rsa": "secret", ".git": "hidden"}


def test_an_ignore_file_that_cannot_be_read_hides_its_folder_only(tmp_path: Path) -> None:
    write(tmp_path, a__x_txt="", b__x_txt="")
    (tmp_path / "a" / ".morganignore").write_bytes(b"x" * (1 << 20) + b"\n*")

    found = scan(tmp_path)

    assert [os.path.relpath(path, tmp_path) for path in found.files] == ["b/x.txt"]
    assert found.blind == {str(tmp_path / "a"): ".morganignore: file too large"}


def test_lines_that_are_no_pattern_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, dot_gitignore="!\n\\\n  \n#c\n\r\n*.txt\r\n", a_txt="", b="")
    os.mkfifo(tmp_path / ".morganignore")

    assert taken(tmp_path) == {"b"}


def test_one_path_is_judged_as_the_scan_of_its_folder_does(tmp_path: Path) -> None:
    write(tmp_path, dot_gitignore="*.txt\n!b/keep.txt\n", b__keep_txt="", b__lost_txt="")

    assert why_skip(str(tmp_path / "b" / "keep.txt"), str(tmp_path)) == ""
    assert why_skip(str(tmp_path / "b" / "lost.txt"), str(tmp_path)) == ".gitignore"
    (tmp_path / "node_modules").mkdir()
    assert why_skip(str(tmp_path / "node_modules"), str(tmp_path)) == "tool output"
    assert why_skip(str(tmp_path), str(tmp_path)) == ""


@pytest.mark.parametrize("name", [".env", ".env.local", "ID_RSA", "a.p12", "credentials.json"])
def test_secrets_are_known_by_their_names(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", [".env.example", "environment.txt", "id_rsa.pub", "keys.md"])
def test_what_only_sounds_like_a_secret_is_none(name: str) -> None:
    assert not is_secret(name)


def test_private_keys_are_known_by_what_is_in_them() -> None:
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\nabc"

    assert holds_private_key(b"\xef\xbb\xbf\n" + key)
    assert holds_private_key(b"-----BEGIN CERTIFICATE-----\nx\n" + key, "both.pem")
    assert not holds_private_key(b"# How to make a key\n\n" + key, "howto.md")


names = st.sampled_from(["a", "b", "c", "a.txt", "b.log"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
patterns = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "/", "**/", "a/", "b/"]),
    st.sampled_from(["a", "b", "c", "*", "*.txt", "a*", "b.log", "?"]),
    st.sampled_from(["", "/", "/**", "/*"]),
)
ignore_files = st.dictionaries(
    st.sampled_from(["", "a", "b", "a/b"]), st.lists(patterns, max_size=4), max_size=3
)


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
@settings(
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(files=st.lists(paths, max_size=8), rules=ignore_files)
def test_git_leaves_out_the_same_files(
    tmp_path: Path, files: list[str], rules: dict[str, list[str]]
) -> None:
    top = tmp_path / "repo"
    shutil.rmtree(top, ignore_errors=True)
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    for path in files:
        make(top / path, "x")
    for folder, lines in rules.items():
        make(top / folder / ".gitignore", "\n".join(lines))

    listed = subprocess.run(
        ["git", "-C", str(top), "ls-files", "-co", "--exclude-standard", "-z"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    wanted = {path for path in listed.split("\0") if path and not path.endswith(".gitignore")}
    assert taken(top) == wanted


def make(path: Path, text: str) -> None:
    """Write the file, where nothing is in its way."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError:
        pass
