"""What takes a message over: the console by default, a mail server by URL.

A provider is told an address and finished words, nothing else. What goes wrong is a code of one word; a
server's own words are dropped unread, for they may repeat an address.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from api.outgoing import LOOPBACK
from dispatch.messages.model import Channel

log = structlog.get_logger("housecall.messaging")
TIMEOUT_S = 15.0
CONSOLE = "console"
# What no second try mends.
HOPELESS = frozenset({"no_address", "no_text_gateway", "refused_for_good"})


class NotSent(Exception):
    """A message was not taken over; the text is a code."""


class Provider(Protocol):
    """Takes messages over."""

    def send(self, channel: Channel, address: str, title: str, words: str) -> None:
        """Hand one message over, or raise `NotSent`."""
        ...


class Console:
    """Sends nothing: tells the log that something would go out, never to whom or what it says."""

    def send(self, channel: Channel, address: str, title: str, words: str) -> None:
        """Note that a message would be sent."""
        log.info("message", channel=channel.value, characters=len(words))


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """A mail server: encrypted, but for one on this very machine; texts go by a gateway's addresses.

    Attributes
    ----------
    encrypted
        TLS from the first byte (smtps); otherwise STARTTLS is required except on loopback.
    text_gateway
        Texts are mailed to NUMBER@this host; empty: none can be sent.
    """

    host: str
    port: int
    encrypted: bool
    sender: str
    user: str = ""
    password: str = ""
    text_gateway: str = ""
    timeout_s: float = TIMEOUT_S

    def send(self, channel: Channel, address: str, title: str, words: str) -> None:
        """Mail one message, or raise `NotSent` with ``unreachable``, ``refused``, ``refused_for_good`` ..."""
        message = EmailMessage()
        message["From"] = self.sender
        try:
            message["To"] = self._to(channel, address)
            message["Subject"] = title
            message.set_content(words)
        except ValueError:
            raise NotSent("refused_for_good") from None
        try:
            with self._connected() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotSent("refused_for_good" if min(codes, default=0) >= 500 else "refused") from None
        except smtplib.SMTPAuthenticationError:
            raise NotSent("sign_in_refused") from None
        except smtplib.SMTPException:
            raise NotSent("refused") from None
        except TimeoutError:
            raise NotSent("timed_out") from None
        except OSError:
            raise NotSent("unreachable") from None

    def _to(self, channel: Channel, address: str) -> str:
        if channel is Channel.MAIL:
            return address
        if not self.text_gateway:
            raise NotSent("no_text_gateway")
        return f"{''.join(each for each in address if each.isdigit())}@{self.text_gateway}"

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.encrypted:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        try:
            if self.host not in LOOPBACK:
                server.starttls(context=context)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server


def messages_url(raw: str) -> str:
    """Return where messages go: ``console``, or a mail server; raise `ValueError` saying what is wrong."""
    if raw == CONSOLE:
        return raw
    try:
        parts = urlsplit(raw)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("this is no URL") from None
    if parts.scheme not in {"smtp", "smtps"} or not host or not raw.isascii() or not raw.isprintable():
        raise ValueError("write console, smtp://HOST:587 or smtps://HOST:465")
    if parts.username is not None or parts.password is not None:
        raise ValueError("name user and password in settings of their own, not in the URL")
    if parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise ValueError("write host and port only")
    return raw


def provider_of(url: str, *, sender: str, user: str, password: str, text_gateway: str) -> Provider:
    """Return the provider that a URL of `messages_url` names."""
    if url == CONSOLE:
        return Console()
    parts = urlsplit(url)
    encrypted = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or (465 if encrypted else 587),
        encrypted=encrypted,
        sender=sender,
        user=user,
        password=password,
        text_gateway=text_gateway,
    )
