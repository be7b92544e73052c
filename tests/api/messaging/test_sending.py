"""Sending: by whom, to which address, over a mail server on this machine, after a restart."""

import smtplib
import socket
import threading
from datetime import timedelta

import pytest

from api.messaging.addresses import addresses
from api.messaging.provider import Console, MailServer, NotSent, messages_url, provider_of
from api.messaging.sending import Sender
from api.settings import SettingsInvalid, read_settings
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.messages.model import Channel, Recipient
from dispatch.messages.records import MessageRow
from dispatch.messages.service import claim_message, queue_message
from tests.builders.messages import Postbox, a_message
from tests.builders.visits import a_patient, a_town
from tests.builders.web import a_person

TEXT_FIRST = (Channel.TEXT, Channel.MAIL)


@pytest.fixture
def queued(engine, keyring, clock):
    def queue(to=None, **more):
        with transaction(engine, keyring) as session:
            if to is None:
                town = a_town(session)
                patient = a_patient(town.area_id, 9, "Mira Holt")
                session.add(patient)
                session.flush()
                to = Recipient(patient_id=patient.id)
            return queue_message(session, a_message(clock, to=to, **more), SYSTEM, clock)

    return queue


@pytest.fixture
def sender(engine, keyring, clock):
    return lambda postbox: Sender(engine, keyring, clock, postbox)


def state(engine, keyring, message_id):
    with transaction(engine, keyring) as session:
        return session.get_one(MessageRow, message_id).state


def test_a_patients_text_goes_to_her_telephone(engine, keyring, queued, sender):
    message_id, postbox = queued(), Postbox()
    assert sender(postbox).look() == 1
    assert [(channel, address) for channel, address, _ in postbox.taken] == [
        (Channel.TEXT, "+1 614 555 0100")
    ]
    assert state(engine, keyring, message_id) == "sent"
    assert sender(postbox).look() == 0


def test_a_provider_that_is_away_is_asked_again(engine, keyring, clock, queued, sender):
    message_id, postbox = queued(), Postbox("unreachable")
    assert sender(postbox).look() == 1
    assert state(engine, keyring, message_id) == "queued"
    clock.advance(timedelta(seconds=31))
    sender(postbox).look()
    assert (state(engine, keyring, message_id), len(postbox.taken)) == ("sent", 1)


def test_a_sender_that_died_leaves_its_message_to_the_next_process(engine, keyring, clock, queued, sender):
    message_id, postbox = queued(), Postbox()
    with transaction(engine, keyring) as session:
        claim_message(session, "dead", clock)
    assert sender(postbox).look() == 0
    clock.advance(timedelta(seconds=301))
    assert sender(postbox).look() == 1
    assert state(engine, keyring, message_id) == "sent"


def test_nobody_there_fails_at_once(engine, keyring, queued, sender):
    message_id = queued(Recipient(patient_id=new_id()))
    sender(Postbox()).look()
    assert state(engine, keyring, message_id) == "failed"


def test_a_role_is_everybody_who_holds_it(app, engine, keyring):
    for name in ("dana", "olle"):
        a_person(app, engine, Role.DISPATCHER, email=f"{name}@test.example")
    a_person(app, engine, Role.COMPLIANCE, email="cora@test.example")
    with transaction(engine, keyring) as session:
        found = addresses(session, Recipient(role=Role.DISPATCHER), TEXT_FIRST)
    assert found == ((Channel.MAIL, "dana@test.example"), (Channel.MAIL, "olle@test.example"))


@pytest.mark.parametrize(
    "raw",
    ["http://mail.example", "smtp://user:secret@mail.example", "smtp://", "smtp://mail.example/x", "mail",
     "smtp://mail.example:x", "smtps://mail.example?tls=no"],
)  # fmt: skip
def test_an_odd_place_for_messages_is_refused(raw):
    with pytest.raises(ValueError, match=r"write|URL|name user"):
        messages_url(raw)


def test_a_mail_server_needs_a_senders_address():
    sent = {"HOUSECALL_DEMO": "1", "HOUSECALL_MESSAGES_URL": "smtps://mail.example"}
    with pytest.raises(SettingsInvalid, match="MESSAGES_FROM"):
        read_settings(sent)
    assert read_settings(sent | {"HOUSECALL_MESSAGES_FROM": "office@example.com"})


class MailHost:
    """A mail server on loopback that speaks just enough SMTP, in a thread of its own."""

    def __init__(self, answer_to_recipient="250 ok"):
        self.answer = answer_to_recipient
        self.heard = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        connection, _ = self.socket.accept()
        with connection, connection.makefile("rwb") as stream:

            def say(text):
                stream.write(f"{text}\r\n".encode())
                stream.flush()

            say("220 here")
            in_data = False
            while line := stream.readline().decode():
                self.heard.append(line.strip())
                word = line[:4].upper()
                if in_data:
                    if line == ".\r\n":
                        in_data = False
                        say("250 taken")
                elif word == "DATA":
                    in_data = True
                    say("354 go on")
                elif word == "RCPT":
                    say(self.answer)
                elif word == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 ok")

    def end(self):
        self.socket.close()
        self.thread.join(5)


@pytest.fixture
def mail_host(request):
    host = MailHost(getattr(request, "param", "250 ok"))
    yield host
    host.end()


def server_at(port, **more):
    return MailServer(
        host="127.0.0.1", port=port, encrypted=False, sender="office@example.com", timeout_s=3, **more
    )


def test_a_mail_server_takes_a_text_by_its_gateway(mail_host):
    server_at(mail_host.port, text_gateway="sms.example").send(
        Channel.TEXT, "+1 614 555 0100", "From Housecall", "Housecall: hello"
    )
    assert "rcpt TO:<16145550100@sms.example>" in mail_host.heard
    assert "Housecall: hello" in mail_host.heard


@pytest.mark.parametrize(
    ("mail_host", "code"), [("550 nobody here", "refused_for_good"), ("450 later", "refused")],
    indirect=["mail_host"],
)  # fmt: skip
def test_a_refused_recipient_is_a_code_without_the_servers_words(mail_host, code):
    with pytest.raises(NotSent) as refused:
        server_at(mail_host.port).send(Channel.MAIL, "dana@example.com", "A task waits", "Housecall: one")
    assert str(refused.value) == code


def test_no_gateway_no_host_no_line_break():
    with pytest.raises(NotSent, match="no_text_gateway"):
        server_at(9).send(Channel.TEXT, "+1 614 555 0100", "x", "y")
    with pytest.raises(NotSent, match="unreachable"):
        server_at(1).send(Channel.MAIL, "dana@example.com", "x", "y")
    with pytest.raises(NotSent, match="refused_for_good"):
        server_at(1).send(Channel.MAIL, "dana@example.com\nBcc: eve@example.com", "x", "y")


def test_a_mail_server_elsewhere_is_spoken_to_encrypted_only(monkeypatch):
    asked = []

    class Plain:
        def __init__(self, *_, **__):
            asked.append("connect")

        def starttls(self, **_):
            asked.append("starttls")
            raise smtplib.SMTPNotSupportedError

        def close(self):
            asked.append("close")

    monkeypatch.setattr("api.messaging.provider.smtplib.SMTP", Plain)
    server = MailServer(host="mail.example", port=587, encrypted=False, sender="office@example.com")
    with pytest.raises(NotSent, match="refused"):
        server.send(Channel.MAIL, "dana@example.com", "x", "y")
    assert asked == ["connect", "starttls", "close"]


def test_the_console_is_the_default():
    assert isinstance(provider_of("console", sender="", user="", password="", text_gateway=""), Console)
