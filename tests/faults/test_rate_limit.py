"""Passwords cannot be tried faster than the limit allows, in one process or in several."""

import re
import shutil

import pytest
import redis
import requests

from api import accounts
from api.db import db
from dispatch.kernel.actor import Role
from tests import machine
from tests.builders.server import Server
from tests.builders.web import PASSWORD, a_person, make_app

LIMIT = "5 per hour"
TRIES = 10
EMAIL = "dana@test.example"


@pytest.fixture
def make_limited(database_url, clock):
    """Make apps that allow five tries, as separate processes would be."""
    made = []

    def make(**more: str):
        app = make_app(database_url, clock, HOUSECALL_LOGIN_LIMIT=LIMIT, **more)
        made.append(app)
        return app

    yield make
    accounts.limiter.reset()
    for app in made:
        with app.app_context():
            db.engine.dispose()


def sign_in(app, password: str = "wrong") -> int:
    """Try to sign in: 200 is a wrong password, 302 the right one, 429 one that nobody looked at."""
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text).group(1)
    sent = {"email": EMAIL, "password": password, "csrf_token": token}
    return client.post("/login", data=sent).status_code


def test_one_process_counts_in_its_memory(make_limited):
    app = make_limited()
    assert [sign_in(app) for _ in range(TRIES)] == [200] * 5 + [429] * 5


def test_the_right_password_waits_too(make_limited, engine):
    app = make_limited()
    a_person(app, engine, Role.DISPATCHER, email=EMAIL)
    for _ in range(5):
        sign_in(app)
    assert sign_in(app, PASSWORD) == 429


def test_reading_the_page_is_no_try(make_limited):
    app = make_limited()
    assert {app.test_client().get("/login").status_code for _ in range(TRIES)} == {200}
    assert sign_in(app) == 200


def test_a_refusal_says_when_to_try_again(make_limited):
    app = make_limited()
    for _ in range(5):
        sign_in(app)
    client = app.test_client()
    answer = client.post("/login", data={"email": EMAIL, "password": "wrong"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def try_at(base: str) -> int:
    """Try a wrong password at a server."""
    with requests.Session() as client:
        page = client.get(f"{base}/login", timeout=30).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
        sent = {"email": EMAIL, "password": "wrong", "csrf_token": token}
        return client.post(f"{base}/login", data=sent, timeout=30).status_code


@pytest.fixture
def shared_count():
    """A Redis that has counted nobody's tries."""
    url = machine.redis_url()

    def forget() -> None:
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter("LIMITS*"):
                client.delete(key)

    forget()
    yield url
    forget()


@pytest.mark.redis
def test_two_processes_count_together_in_redis(sqlite_template, tmp_path, shared_count):
    servers = []
    for number in range(2):
        path = shutil.copyfile(sqlite_template, tmp_path / f"{number}.sqlite")
        more = {"HOUSECALL_REDIS_URL": shared_count, "HOUSECALL_LOGIN_LIMIT": LIMIT}
        servers.append(Server(f"sqlite:///{path}", **more))
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.await_answer()
        tries = [try_at(servers[number % 2].base) for number in range(TRIES)]
    finally:
        for server in servers:
            server.kill()
    assert tries == [200] * 5 + [429] * 5
