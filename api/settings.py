"""Every setting, typed, from the environment. A bad one is refused in one line, before anything runs.

`docs/operations.md` lists them; a test keeps the two equal.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from api import log_settings
from api.messaging.provider import CONSOLE, messages_url
from api.outgoing import outgoing_url
from dispatch.custody.log.note import ED25519, Signer
from dispatch.kernel.sealing import KEY_BYTES, Keyring

PREFIX = "HOUSECALL_"
SHORTEST_SECRET = 32
# Only the demo may run on these: its people are invented.
DEMO_SECRET = "housecall-demo-secret-never-use-it-for-real-people"  # noqa: S105
DEMO_KEY = base64.b64encode(b"housecall demo key, never for re").decode()
DEMO_LOG_KEY = Signer(
    "demo.housecall.example/custody", ED25519, b"housecall demo key, never for re"
).written()


class SettingsInvalid(Exception):
    """One or more settings are bad; `lines` holds one line for each."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


def _text(raw: str) -> str:
    return raw


def _flag(raw: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
    if raw.lower() not in known:
        raise ValueError("say 1 or 0")
    return known[raw.lower()]


def _between(least: int, most: int) -> Callable[[str], int]:
    def read(raw: str) -> int:
        if not (raw.isascii() and raw.isdigit() and least <= int(raw) <= most):
            raise ValueError(f"give a whole number from {least} to {most}")
        return int(raw)

    return read


def _database(raw: str) -> str:
    scheme = raw.split(":", 1)[0]
    if scheme == "postgres":
        raise ValueError("write postgresql:// instead of postgres://")
    if scheme == "postgresql":
        return "postgresql+psycopg:" + raw.split(":", 1)[1]
    if scheme not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError("use sqlite:///PATH or postgresql://USER@HOST/NAME")
    return raw


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if raw not in choices:
            raise ValueError("choose one of " + ", ".join(choices))
        return raw

    return read


def _setting(read: Callable[[str], Any], default: str, about: str) -> Any:
    return field(metadata={"read": read, "default": default, "about": about})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator may set. The environment variable is `HOUSECALL_` and the name in capitals."""

    database_url: str = _setting(
        _database,
        "sqlite:///var/housecall.sqlite",
        "SQLite file or PostgreSQL: sqlite:///PATH, postgresql://USER@HOST/NAME.",
    )
    owner_database_url: str = _setting(
        lambda raw: _database(raw) if raw else "",
        "",
        "PostgreSQL role that owns and migrates the tables, so that the serving role cannot "
        "switch triggers off. Empty: the same as the database URL.",
    )
    demo: bool = _setting(_flag, "0", "1 allows the demo's known secrets. Never with real people.")
    secret_key: str = _setting(
        _text, "", "Signs sessions; at least 32 characters. `housecall secrets` makes one."
    )
    sealing_keys: str = _setting(
        _text,
        "",
        "Keys of patients' fields, `1:BASE64,2:BASE64`; the last one seals, all open. "
        "`housecall secrets` makes one.",
    )
    index_key: str = _setting(_text, "", "Key of the blind index, 32 bytes in base64; must never change.")
    redis_url: str = _setting(
        _text,
        "",
        "redis://HOST/0 shares the login limit between processes and wakes workers; empty: one process.",
    )
    jobs: str = _setting(
        _one_of("in-process", "worker"),
        "in-process",
        "Where plans are solved: beside the server, or by `housecall worker` processes.",
    )
    solvers: int = _setting(_between(1, 64), "1", "How many plans one process solves at once.")
    spares: int = _setting(
        _between(0, 64),
        "1",
        "Warm planning processes kept ready, so that a plan begins at once; about 240 MB each. "
        "0: every plan starts its own, two to three seconds later.",
    )
    host: str = _setting(_text, "127.0.0.1", "Address that `housecall serve` listens on.")
    port: int = _setting(_between(1, 65535), "8000", "Port that `housecall serve` listens on.")
    proxies: int = _setting(
        _between(0, 8),
        "0",
        "How many reverse proxies stand before the server; their X-Forwarded headers are then believed.",
    )
    workers: int = _setting(_between(1, 64), "1", "Server processes; more than 1 needs PostgreSQL and Redis.")
    threads: int = _setting(_between(2, 512), "64", "Threads of a server process; a live board holds one.")
    streams: int = _setting(
        _between(1, 500), "40", "Most live boards a process feeds at once; below the threads."
    )
    secure_cookies: bool = _setting(
        _flag, "1", "0 lets cookies travel over plain HTTP; only for the demo on one machine."
    )
    logoff_minutes: int = _setting(
        _between(1, 720), "15", "Minutes without a request until a screen signs off."
    )
    login_limit: str = _setting(_text, "10 per minute", "How often one address may try to sign in.")
    geocoder_host: str = _setting(
        _text, "", "Host of a Nominatim service; empty: ZIP centroids, confirmed by a dispatcher."
    )
    log_keys: str = _setting(
        log_settings.log_keys,
        "",
        "Keys that sign checkpoints of the custody log, separated by commas, or a file with one a line; the "
        "last one signs, the one before it hands over once. `housecall log-key` makes one. Empty: no "
        "checkpoints, and the compliance screen says so.",
    )
    checkpoint_minutes: int = _setting(
        _between(1, 1440), "5", "Minutes between checkpoints while the custody log grows."
    )
    witnesses: str = _setting(
        log_settings.witnesses,
        "",
        "Who cosigns checkpoints: `KEY URL` pairs separated by commas; `housecall witness` is one.",
    )
    timestamp_url: str = _setting(
        lambda raw: outgoing_url(raw) if raw else "",
        "",
        "URL of an RFC 3161 time-stamping authority for checkpoints; empty: none.",
    )
    timestamp_roots: str = _setting(
        log_settings.roots, "", "PEM file of the certificates that the authority's chain must end in."
    )
    messages_url: str = _setting(
        messages_url,
        "console",
        "Where messages go: console (sends nothing), smtps://HOST:465, or smtp://HOST:587 with STARTTLS.",
    )
    messages_from: str = _setting(_text, "", "Sender's address of messages; needed with a mail server.")
    messages_user: str = _setting(_text, "", "User at the mail server; empty: no sign-in.")
    messages_password: str = _setting(_text, "", "Password at the mail server.")
    text_gateway: str = _setting(
        _text, "", "Host whose addresses NUMBER@HOST become text messages; empty: no texts are sent."
    )
    log_level: str = _setting(
        _one_of("debug", "info", "warning", "error"),
        "info",
        "How much is logged (JSON lines, no patient data).",
    )

    @property
    def keyring(self) -> Keyring:
        """The keys of patients' fields."""
        return read_keyring(self.sealing_keys, self.index_key)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the embedded database is used."""
        return self.database_url.startswith("sqlite")


def read_keyring(sealing_keys: str, index_key: str) -> Keyring:
    """Read ``1:BASE64,2:BASE64`` and the index key, or raise `ValueError` saying what is wrong."""
    keys: dict[int, bytes] = {}
    for part in sealing_keys.split(","):
        number, colon, body = part.partition(":")
        if not colon or not number.isdigit() or not 1 <= int(number) <= 255:
            raise ValueError("write NUMBER:BASE64, numbers from 1 to 255, separated by commas")
        keys[int(number)] = _key(body)
    return Keyring(keys, int(number), _key(index_key))


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("a key is written in base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, this one {len(key)}")
    return key


def read_settings(environment: Mapping[str, str], base: Path | None = None) -> Settings:
    """Read all settings, or raise `SettingsInvalid` with one line for every bad one.

    Parameters
    ----------
    environment
        Usually `os.environ`.
    base
        Folder against which a relative SQLite path is resolved; the working folder by default.
    """
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for setting in fields(Settings):
        name = PREFIX + setting.name.upper()
        try:
            values[setting.name] = setting.metadata["read"](
                environment.get(name, setting.metadata["default"])
            )
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    known = {PREFIX + setting.name.upper() for setting in fields(Settings)}
    allowed_extra = (PREFIX + "TEST_",)
    wrong += [
        f"{name}: there is no such setting (see docs/operations.md)"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known and not name.startswith(allowed_extra)
    ]
    if not wrong:
        wrong = _refuse_weak_secrets(values) + _refuse_unshared_state(values) + _refuse_unsound_log(values)
        wrong += _refuse_mail_of_nobody(values)
    if wrong:
        raise SettingsInvalid(wrong)
    values["database_url"] = _absolute(values["database_url"], base or Path.cwd())
    return Settings(**values)


def _refuse_weak_secrets(values: dict[str, Any]) -> list[str]:
    wrong = []
    if values["demo"]:
        values["secret_key"] = values["secret_key"] or DEMO_SECRET
        values["sealing_keys"] = values["sealing_keys"] or f"1:{DEMO_KEY}"
        values["index_key"] = values["index_key"] or DEMO_KEY
    secret = values["secret_key"]
    if not values["demo"] and (len(secret) < SHORTEST_SECRET or secret == DEMO_SECRET):
        wrong.append(
            f"{PREFIX}SECRET_KEY: outside the demo it must be your own and have at least "
            f"{SHORTEST_SECRET} characters; `housecall secrets` prints a good one"
        )
    if not values["demo"] and DEMO_KEY in (values["index_key"], *values["sealing_keys"].split(":")):
        wrong.append(f"{PREFIX}SEALING_KEYS: the demo's key is known to everybody; run `housecall secrets`")
    try:
        read_keyring(values["sealing_keys"], values["index_key"])
    except ValueError as error:
        wrong.append(
            f"{PREFIX}SEALING_KEYS, {PREFIX}INDEX_KEY: {error}; `housecall secrets` prints good ones"
        )
    return wrong


def _refuse_unsound_log(values: dict[str, Any]) -> list[str]:
    wrong = []
    if values["demo"]:
        values["log_keys"] = values["log_keys"] or DEMO_LOG_KEY
    elif DEMO_LOG_KEY in values["log_keys"]:
        wrong.append(f"{PREFIX}LOG_KEYS: the demo's key is known to everybody; run `housecall log-key`")
    if bool(values["timestamp_url"]) != bool(values["timestamp_roots"]):
        wrong.append(f"{PREFIX}TIMESTAMP_URL, {PREFIX}TIMESTAMP_ROOTS: name both, or neither")
    return wrong


def _refuse_mail_of_nobody(values: dict[str, Any]) -> list[str]:
    if values["messages_url"] == CONSOLE or "@" in values["messages_from"]:
        return []
    return [f"{PREFIX}MESSAGES_FROM: a mail server needs a sender's address such as office@example.com"]


def _refuse_unshared_state(values: dict[str, Any]) -> list[str]:
    wrong = []
    if values["workers"] > 1 and values["database_url"].startswith("sqlite"):
        wrong.append(f"{PREFIX}WORKERS: SQLite serves one process; name a PostgreSQL in {PREFIX}DATABASE_URL")
    if values["workers"] > 1 and not values["redis_url"]:
        wrong.append(f"{PREFIX}WORKERS: several processes share the login limit only by {PREFIX}REDIS_URL")
    if values["streams"] >= values["threads"]:
        wrong.append(
            f"{PREFIX}STREAMS: must be below {PREFIX}THREADS, or live boards stop all other requests"
        )
    return wrong


def _absolute(url: str, base: Path) -> str:
    head = "sqlite:///"
    if url.startswith(head) and not url.startswith(head + "/"):
        path = (base / url.removeprefix(head)).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        return f"{head}{path}"
    return url
