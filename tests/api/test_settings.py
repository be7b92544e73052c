import pytest

from api.settings import DEMO_KEY, DEMO_SECRET, SettingsInvalid, read_settings

KEY = "a2V5IG9mIHRlc3RzLCAzMiBieXRlcyBsb25nIGtleSE="
GOOD = {
    "HOUSECALL_SECRET_KEY": "s" * 32,
    "HOUSECALL_SEALING_KEYS": f"1:{KEY}",
    "HOUSECALL_INDEX_KEY": KEY,
}


def refusal(**changes: str) -> str:
    with pytest.raises(SettingsInvalid) as wrong:
        read_settings(GOOD | changes)
    return str(wrong.value)


def test_own_secrets_are_enough(tmp_path):
    assert read_settings(GOOD, tmp_path).database_url == f"sqlite:///{tmp_path / 'var' / 'housecall.sqlite'}"


def test_the_demo_needs_no_secrets():
    assert read_settings({"HOUSECALL_DEMO": "1"}).secret_key == DEMO_SECRET


@pytest.mark.parametrize("secret", ["", "short", DEMO_SECRET])
def test_a_default_or_short_secret_is_refused_outside_the_demo(secret):
    assert "HOUSECALL_SECRET_KEY" in refusal(HOUSECALL_SECRET_KEY=secret)


def test_the_demos_key_is_refused_outside_the_demo():
    assert "HOUSECALL_SEALING_KEYS" in refusal(HOUSECALL_SEALING_KEYS=f"1:{DEMO_KEY}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOUSECALL_PORT", "many"),
        ("HOUSECALL_PORT", "٨٠"),
        ("HOUSECALL_PORT", "0"),
        ("HOUSECALL_DEMO", "perhaps"),
        ("HOUSECALL_DATABASE_URL", "mysql://x"),
        ("HOUSECALL_DATABASE_URL", "postgres://x"),
        ("HOUSECALL_JOBS", "celery"),
        ("HOUSECALL_LOG_LEVEL", "loud"),
        ("HOUSECALL_SEALING_KEYS", "1:short"),
        ("HOUSECALL_SEALING_KEYS", f"300:{KEY}"),
        ("HOUSECALL_INDEX_KEY", "***"),
        ("HOUSECALL_WORKERS", "2"),
        ("HOUSECALL_STREAMS", "64"),
        ("HOUSECALL_COLOUR", "blue"),
    ],
)
def test_a_bad_setting_is_refused_by_name_in_one_line(name, value):
    lines = refusal(**{name: value}).splitlines()
    assert all("HOUSECALL_" in line for line in lines)
    assert any(name in line for line in lines)


def test_all_bad_settings_are_named_at_once():
    wrong = refusal(HOUSECALL_PORT="x", HOUSECALL_THREADS="y")
    assert "HOUSECALL_PORT" in wrong
    assert "HOUSECALL_THREADS" in wrong


def test_a_plain_postgresql_url_gets_its_driver():
    url = read_settings(GOOD | {"HOUSECALL_DATABASE_URL": "postgresql://me@host/name"}).database_url
    assert url == "postgresql+psycopg://me@host/name"


def test_secrets_stay_out_of_the_keyrings_repr():
    assert KEY not in repr(read_settings(GOOD).keyring)
