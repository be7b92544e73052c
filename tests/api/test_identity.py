import re
from datetime import timedelta

from dispatch.kernel.actor import Role
from tests.builders.web import PASSWORD, a_browser, a_person, a_phone, csrf


def test_nobody_gets_in_without_signing_in(app):
    answer = app.test_client().get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.json["reasons"][0]["code"] == "not_signed_in"


def test_a_page_sends_the_stranger_to_the_login(app):
    answer = app.test_client().get("/")
    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=")


def test_a_password_opens_the_screens(app, engine):
    a_person(app, engine, Role.DISPATCHER, email="dana@test.example")
    browser = a_browser(app, "dana@test.example", PASSWORD)
    assert browser.get("/api/v1/me").json["roles"] == ["dispatcher"]


def test_a_wrong_password_says_no_more_than_that(app, engine):
    a_person(app, engine, Role.DISPATCHER, email="dana@test.example")
    client = app.test_client()
    token = client.get("/login").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    known = client.post("/login", data={"email": "dana@test.example", "password": "no", "csrf_token": token})
    unknown = client.post(
        "/login", data={"email": "nobody@test.example", "password": "no", "csrf_token": token}
    )
    assert "do not go together" in known.text
    assert without_tokens(known.text).replace("dana", "nobody") == without_tokens(unknown.text)


def without_tokens(page):
    return re.sub(r'(value|content)="[^"]{40,}"', "", page)


def test_a_cookie_alone_changes_nothing(app, engine):
    a_person(app, engine, Role.NURSE, email="nina@test.example")
    browser = a_browser(app, "nina@test.example")
    assert browser.post("/api/v1/devices", json={"name": "phone"}).status_code == 400
    assert browser.post("/api/v1/devices", json={"name": "phone"}, headers=csrf(browser)).status_code == 201


def test_a_revoked_token_ends_at_once(app, engine):
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    device = phone.get("/api/v1/devices").json[0]
    assert phone.delete(f"/api/v1/devices/{device['id']}").status_code == 204
    assert phone.get("/api/v1/me").status_code == 401


def test_a_token_expires(app, engine, clock):
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    clock.advance(timedelta(days=91))
    assert phone.get("/api/v1/me").status_code == 401


def test_another_persons_device_is_not_found(app, engine):
    mine = a_phone(app, engine, a_person(app, engine, Role.NURSE, email="a@test.example"))
    theirs = a_phone(app, engine, a_person(app, engine, Role.NURSE, email="b@test.example"))
    device = theirs.get("/api/v1/devices").json[0]
    assert mine.delete(f"/api/v1/devices/{device['id']}").status_code == 404
    assert theirs.get("/api/v1/me").status_code == 200


def test_only_the_digest_of_a_token_is_kept(app, engine):
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    with engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT * FROM device").all()
    assert phone.token not in repr(stored)


def test_a_bad_body_names_the_field(app, engine):
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    answer = phone.post("/api/v1/devices", json={"name": "", "colour": "red"})
    assert answer.status_code == 422
    assert {reason["field"] for reason in answer.json["reasons"]} == {"name", "colour"}


def test_what_a_board_fetches_by_itself_does_not_keep_the_screen_signed_in(app, engine):
    a_person(app, engine, Role.DISPATCHER, email="dana@test.example")
    browser = a_browser(app, "dana@test.example")
    assert "Set-Cookie" in browser.get("/api/v1/me").headers
    assert "Set-Cookie" not in browser.get("/board/columbus/2026-11-23/table").headers
