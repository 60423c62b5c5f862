"""The site's keys: configured, or made once and kept."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from pipeline.audience import read_keys
from pipeline.config import Config
from pipeline.errors import ConfigError

MakeConfig = Callable[..., Config]


def test_a_key_is_made_once_and_kept(make_config: MakeConfig) -> None:
    config = make_config()
    first = read_keys(config)

    assert read_keys(config) == first
    assert len(first[0]) >= 32


def test_nobody_else_can_read_the_key(make_config: MakeConfig) -> None:
    config = make_config()
    read_keys(config)

    assert stat.S_IMODE((config.var / "secret.key").stat().st_mode) == 0o600
    assert [file.name for file in config.var.iterdir()] == ["secret.key"]


def test_two_sites_have_different_keys(make_config: MakeConfig) -> None:
    config = make_config()
    first = read_keys(config)
    (config.var / "secret.key").unlink()

    assert read_keys(config) != first


def test_processes_that_start_together_get_the_same_key(make_config: MakeConfig) -> None:
    config = make_config()
    barrier = Barrier(8)

    def start() -> object:
        barrier.wait()
        return read_keys(config)

    with ThreadPoolExecutor(8) as pool:
        found = {job.result() for job in [pool.submit(start) for _ in range(8)]}

    assert found == {read_keys(config)}
    assert [file.name for file in config.var.iterdir()] == ["secret.key"]


def test_older_keys_stand_below_the_newest(make_config: MakeConfig) -> None:
    config = make_config()
    config.var.mkdir()
    (config.var / "secret.key").write_text(f"{'n' * 32}\n\n  {'o' * 32}\r\n")

    assert read_keys(config) == (b"n" * 32, b"o" * 32)


def test_a_configured_key_needs_no_file(make_config: MakeConfig) -> None:
    config = make_config("k" * 40)

    assert read_keys(config) == (b"k" * 40,)
    assert not config.var.exists()


def test_a_short_key_is_refused_without_being_repeated(make_config: MakeConfig) -> None:
    with pytest.raises(ConfigError, match="at least 32 characters") as caught:
        read_keys(make_config("too-short"))

    assert "security.secret" in str(caught.value)
    assert "too-short" not in str(caught.value)
    assert "token_hex" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\n\n", b"short\n", b"n" * 32 + b"\nshort\n"])
def test_a_file_without_a_good_key_is_refused(make_config: MakeConfig, content: bytes) -> None:
    config = make_config()
    config.var.mkdir()
    (config.var / "secret.key").write_bytes(content)

    with pytest.raises(ConfigError, match=r"secret\.key"):
        read_keys(config)


def test_a_file_that_is_no_text_is_told(make_config: MakeConfig) -> None:
    config = make_config()
    config.var.mkdir()
    (config.var / "secret.key").write_bytes(b"\xff\xfe" * 40)

    with pytest.raises(ConfigError, match=r"secret\.key: the key cannot be read"):
        read_keys(config)


def test_a_folder_that_cannot_be_made_is_told(make_config: MakeConfig) -> None:
    config = make_config()
    config.var.write_text("in its place")

    with pytest.raises(ConfigError, match="cannot be read or made"):
        read_keys(config)
