"""Settings: where they come from, which wins, and how a wrong one is named."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from morgan_core.errors import SettingsError
from morgan_core.paths import Paths
from morgan_core.settings import LoadedSettings, Settings, load_settings
from morgan_core.settings.allowed import allowed
from morgan_core.settings.fields import GUIDE_NAMES, SECRETS
from morgan_core.settings.saving import save_setting


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(data=tmp_path, config=tmp_path, cache=tmp_path, logs=tmp_path)


def problems(paths: Paths, **given: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(paths, **{"environ": {}, **given})
    assert caught.value.mend
    return str(caught.value.message).splitlines()


# --- which source wins -------------------------------------------------------------------


def test_without_any_source_every_setting_is_its_default(paths: Paths) -> None:
    loaded = load_settings(paths, environ={})

    assert loaded.values == Settings()
    assert set(loaded.sources.values()) == {"default"}


def test_each_source_wins_over_the_one_before(paths: Paths) -> None:
    config, dotenv = paths.config / "config.toml", paths.config / ".env"
    config.write_text("# mine\nport = 1\nmetrics_port = 1001\nchunk_size = 1000\ncache_ttl = 100\n")
    dotenv.write_text("MORGAN_PORT=2\nMORGAN_METRICS_PORT=1002\nMORGAN_CHUNK_SIZE=2000\n")
    environ = {"MORGAN_PORT": "3", "MORGAN_METRICS_PORT": "1003"}

    loaded = load_settings(paths, environ=environ, flags={"port": 4, "host": None})

    values = loaded.values
    assert (values.port, values.metrics_port, values.chunk_size, values.cache_ttl) == (
        4,
        1003,
        2000,
        100,
    )
    assert loaded.sources["port"] == "--port"
    assert loaded.sources["metrics_port"] == "environment MORGAN_METRICS_PORT"
    assert loaded.sources["chunk_size"] == f"{dotenv}:3"
    assert loaded.sources["cache_ttl"] == f"{config}:5"
    assert loaded.sources["host"] == "default"


def test_a_dotenv_of_the_working_directory_is_not_read(
    paths: Paths, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".env").write_text("MORGAN_PORT=7\n")
    monkeypatch.chdir(elsewhere)

    assert load_settings(paths, environ={}).values.port == 8080


def test_an_empty_variable_is_not_set(paths: Paths) -> None:
    environ = {"LLM_BASE_URL": "", "MORGAN_PORT": " ", "MORGAN_API_KEY": ""}

    loaded = load_settings(paths, environ=environ, headless=True)

    assert loaded.values == Settings()


# --- the deployment guide's names and values ---------------------------------------------

GUIDE = {
    "MORGAN_ENV": "production",
    "MORGAN_DEBUG": "false",
    "MORGAN_LOG_LEVEL": "INFO",
    "MORGAN_API_KEY": "0f" * 32,
    "MORGAN_CORS_ORIGINS": "https://app.yourdomain.com,https://admin.yourdomain.com",
    "MORGAN_WORKERS": "8",
    "MORGAN_CACHE_SIZE": "5000",
    "MORGAN_CACHE_TTL": "7200",
    "MORGAN_MAX_SEARCH_RESULTS": "100",
    "MORGAN_DEFAULT_SEARCH_RESULTS": "20",
    "MORGAN_MAX_CONTEXT": "4096",
    "MORGAN_MAX_RESPONSE_TOKENS": "1024",
    "EMBEDDING_BATCH_SIZE": "200",
    "EMBEDDING_DEVICE": "cuda",
    "LLM_BASE_URL": "https://llm.example.com/v1",
    "LLM_API_KEY": "sk-123",
    "QDRANT_URL": "http://qdrant:6333",
    "QDRANT_API_KEY": "qk",
    "REDIS_URL": "redis://redis:6379",
    "REDIS_PASSWORD": "rp",
    "DATABASE_URL": "postgresql://morgan:pw@db:5432/morgan",
    "INSTANCE_ID": "morgan-1",
    "GRAFANA_PASSWORD": "not ours",
    "OPENBLAS_NUM_THREADS": "4",
    "MKL_NUM_THREADS": "4",
}


def test_the_guides_values_are_accepted_as_environment(paths: Paths) -> None:
    values = load_settings(paths, environ=GUIDE, headless=True).values

    assert values.env == "production"
    assert values.workers == 8
    assert values.embedding_batch_size == 200
    assert values.embedding_device == "cuda"
    assert (values.max_search_results, values.default_search_results) == (100, 20)
    assert (values.max_context, values.max_response_tokens) == (4096, 1024)
    assert values.cors_origins == ("https://app.yourdomain.com", "https://admin.yourdomain.com")
    assert values.llm_base_url == "https://llm.example.com/v1"
    assert values.instance_id == "morgan-1"
    assert values.redis_password is not None
    assert values.redis_password.get_secret_value() == "rp"


def test_the_guides_values_are_accepted_as_dotenv_with_its_comments(paths: Paths) -> None:
    lines = [f"{name}={value}  # as in the guide" for name, value in GUIDE.items()]
    (paths.config / ".env").write_text("# .env.production\n\n" + "\n".join(lines) + "\n")

    from_file = load_settings(paths, environ={}, headless=True).values

    assert from_file == load_settings(paths, environ=GUIDE, headless=True).values


@pytest.mark.parametrize("name", sorted(GUIDE_NAMES))
def test_a_stray_unprefixed_variable_counts_only_when_headless(paths: Paths, name: str) -> None:
    value = GUIDE.get(name, "https://x.example.com")
    value = {"LLM_TEMPERATURE": "0.5", "LLM_MAX_TOKENS": "99"}.get(name, value)

    alone = load_settings(paths, environ={name: value})
    headless = load_settings(paths, environ={name: value}, headless=True)

    assert alone.values == Settings()
    assert headless.sources[GUIDE_NAMES[name]] == f"environment {name}"


def test_lists_are_written_with_commas_and_in_toml_as_lists_too(paths: Paths) -> None:
    hosts = ("wiki.intern", "10.0.0.5", "fd00::5")
    environ = {"MORGAN_PRIVATE_HOSTS": "wiki.intern, 10.0.0.5,fd00::5"}
    assert load_settings(paths, environ=environ).values.private_hosts == hosts

    (paths.config / "config.toml").write_text(f"private_hosts = {list(hosts)}")
    assert load_settings(paths, environ={}).values.private_hosts == hosts


def test_our_own_name_wins_over_the_guides(paths: Paths) -> None:
    environ = {"MORGAN_LLM_MODEL": "ours", "LLM_MODEL": "theirs"}

    assert load_settings(paths, environ=environ, headless=True).values.llm_model == "ours"


def test_variables_that_kubernetes_adds_for_a_service_named_morgan_are_left_alone(
    paths: Paths,
) -> None:
    environ = {
        "MORGAN_SERVICE_HOST": "10.0.0.1",
        "MORGAN_SERVICE_PORT": "8080",
        "MORGAN_SERVICE_PORT_API": "8080",
        "MORGAN_PORT": "tcp://10.0.0.1:8080",
        "MORGAN_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "MORGAN_PORT_8080_TCP_ADDR": "10.0.0.1",
        "MORGAN_API_SERVICE_HOST": "10.0.0.2",
        "MORGAN_API_PORT": "tcp://10.0.0.2:8080",
    }

    assert load_settings(paths, environ=environ, headless=True).values == Settings()


# --- secrets -----------------------------------------------------------------------------


def test_a_secret_can_come_from_a_file_and_is_stripped(paths: Paths, tmp_path: Path) -> None:
    secret = tmp_path / "llm_api_key"
    secret.write_text("sk-from-file\n")

    for key, headless in (("MORGAN_LLM_API_KEY_FILE", False), ("LLM_API_KEY_FILE", True)):
        loaded = load_settings(paths, environ={key: str(secret)}, headless=headless)
        assert loaded.values.llm_api_key is not None
        assert loaded.values.llm_api_key.get_secret_value() == "sk-from-file"
        assert loaded.sources["llm_api_key"] == f"environment {key}"

    (paths.config / "config.toml").write_text(f'api_key_file = "{secret}"\n')
    in_toml = load_settings(paths, environ={}).values
    assert in_toml.api_key is not None
    assert in_toml.api_key.get_secret_value() == "sk-from-file"


def test_a_secret_file_that_is_missing_empty_or_given_twice_is_named(
    paths: Paths, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    missing = tmp_path / "missing"

    found = problems(
        paths,
        environ={
            "MORGAN_API_KEY_FILE": str(missing),
            "MORGAN_LLM_API_KEY_FILE": str(empty),
            "MORGAN_REDIS_PASSWORD": "x",
            "MORGAN_REDIS_PASSWORD_FILE": str(empty),
        },
    )

    assert len(found) == 3
    assert any("MORGAN_API_KEY_FILE" in p and str(missing) in p for p in found)
    assert any("MORGAN_LLM_API_KEY_FILE" in p and "is empty" in p for p in found)
    assert any("MORGAN_REDIS_PASSWORD_FILE are both set" in p for p in found)


def test_no_secret_is_shown(paths: Paths) -> None:
    environ = {f"MORGAN_{name.upper()}": "hunter2!" for name in SECRETS}
    environ["MORGAN_DATABASE_URL"] = "postgresql://me:a@hunter2!@db/morgan"
    environ["MORGAN_REDIS_URL"] = "redis://:hunter2!@redis:6379/0"

    loaded = load_settings(paths, environ=environ)

    assert "hunter2" not in repr(loaded)
    shown = {setting.name: setting.value for setting in loaded.effective()}
    assert "hunter2" not in str(shown)
    assert {shown[name] for name in SECRETS} == {"•••"}
    assert shown["database_url"] == "postgresql://me:•••@db/morgan"
    assert loaded.values.database_url == "postgresql://me:a@hunter2!@db/morgan"


def test_a_wrong_url_does_not_show_its_password(paths: Paths) -> None:
    found = problems(paths, environ={"MORGAN_DATABASE_URL": "mysql://me:hunter2!@db/morgan"})

    assert "hunter2" not in str(found)
    assert "MORGAN_DATABASE_URL must be empty or a URL that starts with sqlite:" in found[0]


# --- what is wrong is named --------------------------------------------------------------


def test_an_unknown_key_names_its_line_and_the_nearest_key(paths: Paths) -> None:
    config = paths.config / "config.toml"
    config.write_text('# one\n\nlog_levl = "INFO"\n')

    (found,) = problems(paths)

    assert found == f"{config}:3: there is no setting 'log_levl'; did you mean log_level?"


def test_an_unknown_variable_names_the_nearest_one(paths: Paths) -> None:
    dotenv = paths.config / ".env"
    dotenv.write_text("\n# a comment\nMORGAN_WROKERS=8\n")

    found = problems(paths, environ={"MORGAN_EMBEDING_DEVICE": "cpu"})

    assert f"{dotenv}:3: there is no variable MORGAN_WROKERS; did you mean MORGAN_WORKERS?" in found
    assert any("did you mean MORGAN_EMBEDDING_DEVICE?" in problem for problem in found)


def test_variables_that_are_no_settings_are_accepted(paths: Paths) -> None:
    environ = {"MORGAN_DATA_DIR": "/x", "MORGAN_CONFIG_DIR": "/y", "MORGAN_TEST_QDRANT_URL": "z"}

    assert load_settings(paths, environ=environ).values == Settings()


def test_every_problem_of_every_source_is_told_at_once(paths: Paths) -> None:
    (paths.config / "config.toml").write_text('workers = "8"\nport = 99999\n[llm]\nmodel = "x"\n')
    (paths.config / ".env").write_text("MORGAN_WORKERS=4\nthis is no assignment\n")

    found = problems(paths, environ={"MORGAN_DEBUG": "perhaps"}, flags={"colour": "red"})

    assert len(found) == 6
    assert (
        "workers is '8', but must be a whole number of requests, at least 1 and at most 64."
        in (found[1])
    )
    assert any("MORGAN_DEBUG is 'perhaps', but must be true or false" in p for p in found)
    assert any("[llm] is a table" in p for p in found)


@pytest.mark.parametrize(
    ("name", "value", "must"),
    [
        ("EMBEDDING_DEVICE", "tpu", "one of auto, cpu, cuda, mps"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("LLM_TIMEOUT", "0", "a number of seconds, more than 0"),
        ("LLM_TIMEOUT", "nan", "a number of seconds, more than 0"),
        ("MAX_CONTEXT", "4k", "a whole number of tokens, at least 512 and at most 1048576"),
        ("QDRANT_URL", "qdrant:6333", "empty or a URL that starts with http: or https:"),
        ("LLM_BASE_URL", "http://", "empty or a URL that starts with http: or https:"),
        ("LLM_BASE_URL", "http://host:port/v1", "empty or a URL that starts with http: or https:"),
        ("CORS_ORIGINS", "app.example.com", "origins such as https://app.example.com"),
        ("PRIVATE_HOSTS", "http://wiki", "names or addresses of hosts such as wiki.intern"),
        ("PRIVATE_HOSTS", "wiki:8080", "names or addresses of hosts such as wiki.intern"),
    ],
)
def test_an_impossible_value_names_what_is_allowed(
    paths: Paths, name: str, value: str, must: str
) -> None:
    (found,) = problems(paths, environ={f"MORGAN_{name}": value})

    assert f"MORGAN_{name} is " in found
    assert f"must be {must}" in found


@pytest.mark.parametrize(
    ("environ", "both"),
    [
        ({"MORGAN_MAX_RESPONSE_TOKENS": "8192"}, ("max_response_tokens", "max_context")),
        ({"MORGAN_MAX_SEARCH_RESULTS": "5"}, ("default_search_results", "max_search_results")),
        ({"MORGAN_METRICS_PORT": "8080"}, ("port", "metrics_port")),
    ],
)
def test_values_that_exclude_each_other_are_both_named(
    paths: Paths, environ: dict[str, str], both: tuple[str, str]
) -> None:
    (found,) = problems(paths, environ=environ)

    assert all(name in found for name in both)
    assert f"(environment {next(iter(environ))})" in found
    assert "(default)" in found


def test_damaged_files_are_named(paths: Paths) -> None:
    (paths.config / "config.toml").write_text("port = \n")
    (paths.config / ".env").write_bytes(b"MORGAN_HOST=\xff\xfe\n")

    toml, dotenv = problems(paths)

    assert "config.toml: this is not TOML" in toml
    assert "line 1" in toml
    assert ".env: byte 12 is not UTF-8" in dotenv


def test_a_file_that_cannot_be_read_is_named(paths: Paths) -> None:
    (paths.config / "config.toml").mkdir()

    assert "config.toml: cannot be read: Is a directory." in problems(paths)[0]


# --- saving ------------------------------------------------------------------------------


def test_a_saved_setting_is_loaded_again_and_the_file_keeps_its_comments(paths: Paths) -> None:
    config = paths.config / "config.toml"
    config.write_text("# my own\nport = 1  # for the tunnel\n")

    save_setting(paths, "llm_model", 'odd "name".gguf')
    save_setting(paths, "port", 2)

    values = load_settings(paths, environ={}).values
    assert (values.llm_model, values.port) == ('odd "name".gguf', 2)
    assert "# my own" in config.read_text()
    assert "# for the tunnel" in config.read_text()


def test_a_first_setting_makes_a_private_config_directory(tmp_path: Path) -> None:
    paths = Paths(data=tmp_path, config=tmp_path / "new", cache=tmp_path, logs=tmp_path)

    save_setting(paths, "llm_model", "qwen")

    assert load_settings(paths, environ={}).values.llm_model == "qwen"
    assert paths.config.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in paths.config.iterdir()] == ["config.toml"]


@pytest.mark.parametrize("damaged", [b"port =\n", b"# \xff\n"])
def test_a_damaged_file_is_not_overwritten_by_saving(paths: Paths, damaged: bytes) -> None:
    config = paths.config / "config.toml"
    config.write_bytes(damaged)

    with pytest.raises(SettingsError, match=r"config\.toml is not valid TOML"):
        save_setting(paths, "llm_model", "qwen")

    assert config.read_bytes() == damaged


# --- every field -------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_field_is_described_and_says_what_it_may_be(name: str) -> None:
    field = Settings.model_fields[name]

    assert field.description
    assert field.description.endswith(".")
    assert allowed(name)


def test_effective_lists_every_field_with_its_unit() -> None:
    effective = {s.name: s for s in LoadedSettings(values=Settings(), sources={}).effective()}

    assert list(effective) == list(Settings.model_fields)
    assert effective["max_context"].description.endswith("Unit: tokens.")
    assert effective["max_context"].source == "default"
    assert effective["api_key"].value is None


# --- whatever is written -----------------------------------------------------------------

words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30)
one_data_dir = examples(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150
)


@one_data_dir
@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=200))
def test_any_config_file_loads_or_is_refused_with_its_name(paths: Paths, text: str) -> None:
    config = paths.config / "config.toml"
    config.write_text(text, encoding="utf-8", newline="")

    try:
        loaded = load_settings(paths, environ={})
    except SettingsError as error:
        assert str(config) in error.message
    else:
        assert isinstance(loaded.values, Settings)


@one_data_dir
@given(name=st.sampled_from(list(Settings.model_fields)), value=words)
def test_any_value_of_a_variable_loads_or_is_refused_by_name(
    paths: Paths, name: str, value: str
) -> None:
    variable = f"MORGAN_{name.upper()}"

    try:
        loaded = load_settings(paths, environ={variable: value})
    except SettingsError as error:
        assert name in error.message.lower()
    else:
        assert loaded.sources[name] in (f"environment {variable}", "default")


@one_data_dir
@given(
    number=st.integers(min_value=-(10**9), max_value=10**9),
    name=st.sampled_from([n for n, f in Settings.model_fields.items() if f.annotation is int]),
)
def test_toml_and_environment_accept_the_same_numbers(paths: Paths, name: str, number: int) -> None:
    def outcome(**given: Any) -> Any:
        try:
            return getattr(load_settings(paths, **{"environ": {}, **given}).values, name)
        except SettingsError:
            return None

    config = paths.config / "config.toml"
    config.unlink(missing_ok=True)
    in_environment = outcome(environ={f"MORGAN_{name.upper()}": str(number)})
    config.write_text(f"{name} = {number}\n")

    assert outcome() == in_environment


@one_data_dir
@given(word=st.text(string.ascii_lowercase + "_", min_size=1, max_size=20))
def test_any_unknown_key_is_refused(paths: Paths, word: str) -> None:
    if word in Settings.model_fields or re.fullmatch(r".*_file", word):
        return
    (paths.config / "config.toml").write_text(f"\n{word} = 1\n")

    (found,) = problems(paths)

    assert f"config.toml:2: there is no setting {word!r}" in found


def test_choices_are_recognised_whatever_their_case(paths: Paths) -> None:
    field = Settings.model_fields["log_level"]

    for level in get_args(field.annotation):
        environ = {"MORGAN_LOG_LEVEL": level.lower()}
        assert load_settings(paths, environ=environ).values.log_level == level
