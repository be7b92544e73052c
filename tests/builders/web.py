"""The app on a test database, and people signed in to it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from hashlib import sha256
from threading import Event
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from passlib.context import CryptContext
from sqlalchemy import Engine

from api.app import create_app
from api.db import db
from api.settings import Settings, read_settings
from dispatch.identity.service import open_account, register_device
from dispatch.kernel.actor import SYSTEM, AccountId, Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine, transaction

PASSWORD = "correct horse battery staple"


def make_app(database_url: str, clock: Clock, **more: str) -> Flask:
    """Build the app on a database that has the schema."""
    environment = {
        "HOUSECALL_DATABASE_URL": database_url,
        "HOUSECALL_DEMO": "1",
        "HOUSECALL_SECURE_COOKIES": "0",
        "HOUSECALL_LOG_LEVEL": "error",
        "HOUSECALL_LOGIN_LIMIT": "1000 per minute",
    }
    app = create_app(read_settings(environment | more), clock, testing=True)
    # The same scheme, only not made slow on purpose: hundreds of tests sign somebody in.
    app.extensions["security"].pwd_context = CryptContext(
        schemes=["argon2"], argon2__time_cost=1, argon2__memory_cost=64, argon2__parallelism=1
    )
    return app


@cache
def engine_at(database_url: str, _for: str) -> Engine:
    """One engine for all tests of this process at the same place: what it has compiled, it need not again."""
    return open_engine(database_url)


def close(engine: Engine) -> None:
    """Close an engine once every thread has given back its connection; one left open fails a later test."""
    pause = Event()
    for _ in range(100):
        if not engine.pool.checkedout():
            break
        pause.wait(0.05)
    engine.dispose()


@contextmanager
def lent(app: Flask, database_url: str, clock: Clock) -> Iterator[None]:
    """Put the app on another database and clock for a while; what it gathers meanwhile is forgotten."""
    config, extensions = dict(app.config), dict(app.extensions)
    settings: Settings = extensions["housecall_settings"]
    engine = engine_at(database_url, "app")
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    app.extensions["housecall_settings"] = replace(settings, database_url=database_url)
    app.extensions["housecall_clock"] = clock
    with app.app_context():
        built_on = db.engines[None]
        db.engines[None] = engine
    try:
        yield
    finally:
        if "housecall_feed" in app.extensions:
            app.extensions["housecall_feed"].close()
        with app.app_context():
            db.engines[None] = built_on
        close(engine)
        app.config.clear()
        app.config.update(config)
        app.extensions.clear()
        app.extensions.update(extensions)


def keyring_of_app(app: Flask) -> Keyring:
    """The keys with which the app seals patients' fields."""
    return app.extensions["housecall_settings"].keyring


def a_person(
    app: Flask,
    engine: Engine,
    *roles: Role,
    email: str = "",
    nurse_id: UUID | None = None,
    person_ref: str | None = None,
) -> UUID:
    """Open an account with `PASSWORD` and return its id."""
    email = email or f"{sha256(repr((roles, nurse_id)).encode()).hexdigest()[:10]}@test.example"
    clock = app.extensions["housecall_clock"]
    with app.app_context():
        digest = hash_password(PASSWORD)
    with transaction(engine, keyring_of_app(app)) as session:
        return open_account(
            session, email=email, name=email.partition("@")[0], password_hash=digest, roles=frozenset(roles),
            actor=SYSTEM, clock=clock, nurse_id=nurse_id, person_ref=person_ref,
        ).id  # fmt: skip


class Phone(FlaskClient):
    """A test client that sends a device token and, with every deed, an Idempotency-Key of its own."""

    token = ""
    sent = 0

    def open(self, *args: Any, **kwargs: Any) -> Any:
        headers = dict(kwargs.pop("headers", None) or {})
        headers.setdefault("Authorization", f"Bearer {self.token}")
        Phone.sent += 1
        headers.setdefault("Idempotency-Key", f"test-{Phone.sent}")
        return super().open(*args, headers=headers, **kwargs)


def a_phone(app: Flask, engine: Engine, account_id: UUID) -> Phone:
    """Give an account a device token, and a client that sends it."""
    clock = app.extensions["housecall_clock"]
    actor = Actor(account_id=AccountId(account_id), name="test", roles=frozenset())
    with transaction(engine, keyring_of_app(app)) as session:
        token = register_device(session, "test phone", actor, clock).token
    app.test_client_class = Phone
    phone = app.test_client()
    app.test_client_class = None
    phone.token = token
    return phone


def a_browser(app: Flask, email: str, password: str = PASSWORD) -> FlaskClient:
    """Sign in at the login page and return the client; `csrf(client)` gives its token."""
    browser = app.test_client()
    page = browser.get("/login")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    answer = browser.post("/login", data={"email": email, "password": password, "csrf_token": token.group(1)})
    assert answer.status_code == 302, answer.text
    return browser


def csrf(browser: FlaskClient) -> dict[str, str]:
    """Return the header that a screen's script sends with every change; every page carries the token."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/nowhere").text)
    return {"X-CSRFToken": token.group(1)} if token else {}
