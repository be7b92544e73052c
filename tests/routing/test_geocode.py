"""Every failure of a geocoder has a name and an answer, and none of them says where the patient lives."""

import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from routing.geocode import NOTES, Address, Geocoder, Located, NotLocated, ZipCentroids, pinned
from routing.nominatim_host import MOST_BYTES, NominatimHost, Trouble
from tests.builders.nominatim import Answer, Server, answering, found, nominatim

HOME = Address(street="4711 Zanzibar Crest", city="Umbrellaton", state="OH", zip_code="43201-1234")
SECRETS = ("4711", "Zanzibar", "Umbrellaton", "43201")
CENTRE = (39.991, -83.001)
CENTROIDS = ZipCentroids(points={"43201": CENTRE})


@pytest.fixture(autouse=True)
def nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Listen to every logger at its loudest, and look for the address in all of it after each test."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="geopy")
    yield
    said = caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in SECRETS if secret in said]


def host(server: Server, **changes: object) -> NominatimHost:
    return NominatimHost(
        **{
            "domain": server.domain,
            "allowed_hosts": frozenset({server.domain}),
            "user_agent": "housecall-tests",
            "scheme": "http",
            "timeout_s": 5.0,
            **changes,
        }
    )


def located(answer: Answer, address: Address = HOME, **changes: object) -> Located | NotLocated:
    with nominatim(answer) as server:
        outcome = Geocoder(host(server, **changes), centroids=CENTROIDS).locate(address)
    assert not [secret for secret in SECRETS if secret in repr(outcome)]
    return outcome


def assert_fell_back(outcome: Located | NotLocated, reason: Trouble) -> None:
    assert isinstance(outcome, Located)
    assert (outcome.lat, outcome.lon) == CENTRE
    assert (outcome.source, outcome.verified, outcome.reason) == ("zip_centroid", False, reason)
    assert "must confirm the pin" in outcome.note


def test_a_house_that_is_found_is_verified() -> None:
    outcome = located(found())
    assert outcome == Located(
        lat=39.9912, lon=-83.0043, source="geocoder", verified=True, note="found by the geocoder"
    )


def test_the_query_is_structured_and_carries_five_digits_of_the_zip() -> None:
    with nominatim(found()) as server:
        Geocoder(host(server), centroids=CENTROIDS).locate(HOME)
    asked = parse_qs(urlsplit(server.asked[0]).query)
    assert asked["street"] == ["4711 Zanzibar Crest"]
    assert asked["postalcode"] == ["43201"]
    assert asked["countrycodes"] == ["us"]


@pytest.mark.parametrize("house_number", [None, "", "471", "4711-4715"])
def test_a_street_without_the_house_is_unverified(house_number: str | None) -> None:
    outcome = located(found(house_number=house_number))
    assert isinstance(outcome, Located)
    assert (outcome.source, outcome.verified) == ("geocoder", False)
    assert outcome.reason is Trouble.HOUSE_NUMBER_UNMATCHED


def test_one_of_several_house_numbers_matches() -> None:
    outcome = located(found(house_number="4709;4711"))
    assert isinstance(outcome, Located)
    assert outcome.verified


def test_a_street_line_without_a_number_is_unverified() -> None:
    outcome = located(found(house_number=""), replace(HOME, street="Zanzibar Crest"))
    assert isinstance(outcome, Located)
    assert outcome.reason is Trouble.HOUSE_NUMBER_UNMATCHED


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (429, Trouble.RATE_LIMITED),
        (402, Trouble.QUOTA_EXCEEDED),
        (500, Trouble.UNAVAILABLE),
        (502, Trouble.UNAVAILABLE),
        (503, Trouble.UNAVAILABLE),
        (504, Trouble.TIMED_OUT),
        (408, Trouble.TIMED_OUT),
        (401, Trouble.ACCESS_DENIED),
        (403, Trouble.ACCESS_DENIED),
        (407, Trouble.ACCESS_DENIED),
        (400, Trouble.QUERY_REJECTED),
        (414, Trouble.QUERY_REJECTED),
    ],
)
def test_each_bad_status_has_its_name(status: int, reason: Trouble) -> None:
    assert_fell_back(located(answering(status, "no: {path}")), reason)


@pytest.mark.parametrize("status", [429, 503])
def test_the_time_to_wait_is_kept(status: int) -> None:
    outcome = located(answering(status, "{path}", Retry_After="120"))
    assert outcome.retry_after_s == 120


def test_a_wait_until_a_date_that_has_passed_is_none_at_all() -> None:
    outcome = located(answering(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"))
    assert outcome.retry_after_s == 0


def test_an_unreadable_wait_is_left_out() -> None:
    assert located(answering(429, Retry_After="4711 Zanzibar Crest")).retry_after_s is None


@pytest.mark.parametrize(
    "body",
    [
        "<html>{path}</html>",
        "",
        '{"error": "no such street: {path}"}',
        '["{path}"]',
        "[[]]",
        "7",
        "true",
        '[{"lat": "north of {path}", "lon": "-83"}]',
        '[{"lat": "39.99"}]',
        '[{"lat": NaN, "lon": "-83"}]',
        '[{"lat": Infinity, "lon": "-83"}]',
        '[{"lat": "99", "lon": "-83"}]',
        '[{"lat": {"a": 1}, "lon": "-83"}]',
        '[{"lat": "39.99", "lon": "-83", "address": ["{path}"]}]',
        "[" * 50_000,
        b"[\xff\xfe]",
    ],
)
def test_an_answer_that_makes_no_sense_is_malformed(body: str | bytes) -> None:
    assert_fell_back(located(answering(200, body)), Trouble.ANSWER_MALFORMED)


def test_an_endless_answer_is_malformed() -> None:
    outcome = located(answering(200, b"[" + b" " * (MOST_BYTES + 1) + b"]"))
    assert_fell_back(outcome, Trouble.ANSWER_MALFORMED)


@pytest.mark.parametrize("body", ["[]", "{}", "null", '{"error": "Unable to geocode"}'])
def test_no_result_falls_back(body: str) -> None:
    assert_fell_back(located(answering(200, body)), Trouble.NO_RESULT)


def test_a_namesake_street_far_away_is_not_believed() -> None:
    assert_fell_back(located(found(lat="41.4993", lon="-81.6944")), Trouble.FAR_FROM_ZIP)


def test_a_point_just_within_the_radius_is_believed() -> None:
    outcome = located(found(lat=str(CENTRE[0] + 0.22)))  # 24.5 km north
    assert isinstance(outcome, Located)
    assert outcome.source == "geocoder"


def test_a_refused_connection_has_its_name() -> None:
    with socket.socket() as bound:  # bound but not listening: nobody else can take the port
        bound.bind(("127.0.0.1", 0))
        server = Server(domain=f"127.0.0.1:{bound.getsockname()[1]}")
        outcome = Geocoder(host(server), centroids=CENTROIDS).locate(HOME)
    assert_fell_back(outcome, Trouble.CONNECTION_REFUSED)


def test_a_host_name_that_is_not_known_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    nowhere = host(Server(domain="geocoder.invalid"), scheme="https")
    assert_fell_back(Geocoder(nowhere, centroids=CENTROIDS).locate(HOME), Trouble.UNAVAILABLE)


def test_a_connection_dropped_halfway_is_unavailable() -> None:
    def drop(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    assert_fell_back(located(drop), Trouble.UNAVAILABLE)


def test_silence_is_a_time_out() -> None:
    answered = threading.Event()
    try:
        outcome = located(lambda _: answered.wait(5), timeout_s=0.05)
    finally:
        answered.set()
    assert_fell_back(outcome, Trouble.TIMED_OUT)


def test_an_answer_that_drips_is_a_time_out() -> None:
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(200):
            stop.wait(0.01)
            handler.wfile.write(b" ")

    try:
        outcome = located(drip, timeout_s=0.1)
    finally:
        stop.set()
    assert_fell_back(outcome, Trouble.TIMED_OUT)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with nominatim(found()) as elsewhere:
        outcome = located(answering(status, Location=f"http://{elsewhere.domain}/search"))
    assert_fell_back(outcome, Trouble.REDIRECTED)
    assert elsewhere.asked == []


def test_a_proxy_named_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with nominatim(answering(200, "[]")) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.domain}")
        monkeypatch.delenv("no_proxy", raising=False)
        outcome = located(found())
    assert isinstance(outcome, Located)
    assert outcome.verified
    assert proxy.asked == []


def test_without_a_host_the_zip_answers() -> None:
    assert_fell_back(Geocoder(centroids=CENTROIDS).locate(HOME), Trouble.NOT_CONFIGURED)


def test_without_a_host_and_a_zip_nothing_is_located() -> None:
    outcome = Geocoder(centroids=CENTROIDS).locate(replace(HOME, zip_code="00000"))
    assert isinstance(outcome, NotLocated)
    assert outcome.reason is Trouble.NOT_CONFIGURED
    assert "must set the pin" in outcome.note


def test_a_failure_without_a_zip_keeps_its_name_and_wait() -> None:
    outcome = located(answering(429, "{path}", Retry_After="7"), replace(HOME, zip_code=""))
    assert isinstance(outcome, NotLocated)
    assert (outcome.reason, outcome.retry_after_s) == (Trouble.RATE_LIMITED, 7)


def test_a_result_without_a_known_zip_is_unverified() -> None:
    outcome = located(found(), replace(HOME, zip_code="43999"))
    assert isinstance(outcome, Located)
    assert (outcome.source, outcome.verified, outcome.reason) == ("geocoder", False, Trouble.ZIP_UNKNOWN)


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(("wait", "rest_s"), [({"Retry_After": "90"}, 90), ({}, 30)])
def test_a_host_in_trouble_is_left_alone_for_a_while(wait: dict[str, str], rest_s: int) -> None:
    clock = Clock()
    with nominatim(answering(503, **wait)) as server:
        geocoder = Geocoder(host(server), centroids=CENTROIDS, monotonic=clock)
        geocoder.locate(HOME)
        clock.now_s += rest_s - 1
        resting = geocoder.locate(HOME)
        assert len(server.asked) == 1
        clock.now_s += 1
        geocoder.locate(HOME)
        assert len(server.asked) == 2
    assert_fell_back(resting, Trouble.UNAVAILABLE)
    assert resting.retry_after_s == 2


def test_a_host_is_left_alone_for_an_hour_at_most() -> None:
    clock = Clock()
    with nominatim(answering(429, Retry_After="99999999")) as server:
        geocoder = Geocoder(host(server), centroids=CENTROIDS, monotonic=clock)
        geocoder.locate(HOME)
        clock.now_s += 3600
        geocoder.locate(HOME)
    assert len(server.asked) == 2


def test_one_unknown_address_does_not_stop_the_next() -> None:
    with nominatim(answering(200, "[]")) as server:
        geocoder = Geocoder(host(server), centroids=CENTROIDS)
        geocoder.locate(HOME)
        geocoder.locate(HOME)
    assert len(server.asked) == 2


def test_geopy_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("geopy").error("Nominatim.geocode: 4711 Zanzibar Crest")
    assert caplog.records == []


def test_the_reason_is_logged_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listens to the logger itself: what libraries did to logging meanwhile is not the matter."""
    said: list[str] = []
    monkeypatch.setattr("routing.geocode.LOG.warning", lambda text, *words: said.append(text % words))
    located(answering(503))
    assert said == ["no point from the geocoder: geocoder_unavailable"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"domain": "nominatim.example.org"}, "not in the list of allowed hosts"),
        ({"domain": "127.0.0.1/search", "allowed_hosts": frozenset({"127.0.0.1/search"})}, "plain host name"),
        ({"domain": "me@127.0.0.1", "allowed_hosts": frozenset({"me@127.0.0.1"})}, "plain host name"),
        ({"domain": "a.example", "allowed_hosts": frozenset({"a.example"})}, "over https"),
        ({"scheme": "ftp"}, "over https"),
        ({"timeout_s": 0.0}, "time-out"),
        ({"timeout_s": float("nan")}, "time-out"),
        ({"user_agent": " "}, "user agent"),
        ({"user_agent": "a\r\nX-Evil: 1"}, "user agent"),
    ],
)
def test_a_host_that_must_not_be_asked_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        host(Server(domain="127.0.0.1:9"), **change)


def test_a_dispatchers_pin_is_verified() -> None:
    assert pinned(39.96, -83.0).verified
    assert pinned(39.96, -83.0).source == "dispatcher"


@pytest.mark.parametrize("point", [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (0.0, float("inf"))])
def test_a_pin_off_the_earth_is_refused(point: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="latitude must be between"):
        pinned(*point)


def test_an_address_shows_nothing_of_itself() -> None:
    assert not [secret for secret in SECRETS if secret in repr(HOME)]


def test_every_trouble_has_a_sentence() -> None:
    assert set(NOTES) == set(Trouble)


def test_the_bundled_table_holds_columbus_and_the_country() -> None:
    points = ZipCentroids.bundled().points
    assert points["43201"] == (39.991, -83.001)
    assert len(points) > 33_000
    assert all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in points.values())
