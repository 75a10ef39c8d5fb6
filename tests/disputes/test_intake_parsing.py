"""Mails of every kind of badness: read without a crash, with what is wrong in words."""

import base64
import io
import random
import zipfile
from email.message import EmailMessage

import pytest

from disputes.intake import limits, parse
from disputes.intake.html import safe_html, text_of
from disputes.intake.parsing import composed
from tests.factories.mails import raw_mail


def head(*lines: str, body: bytes = b"Hello") -> bytes:
    return (
        "\r\n".join(("From: Maria <ap@northside.example>", *lines)).encode("utf-8", "surrogateescape")
        + b"\r\n\r\n"
        + body
    )


# --- what a mail says ---------------------------------------------------------------------------------


def test_sender_subject_and_text():
    mail = parse(raw_mail("Falscher Preis", subject="Rechnung über 20 €", sender="Jürgen Groß <J.Gross@Kunde.example>"))
    assert (mail.from_name, mail.from_email, mail.subject, mail.text.strip()) == (
        "Jürgen Groß",
        "j.gross@kunde.example",
        "Rechnung über 20 €",
        "Falscher Preis",
    )


def test_plain_text_is_read_before_html():
    mail = parse(raw_mail("plain words", html="<p>other words</p>"))
    assert (mail.text.strip(), "<p>other words</p>" in mail.html) == ("plain words", True)


def test_html_alone_is_read_as_text():
    raw = head("Content-Type: text/html; charset=utf-8", body=b"<p>Wrong&nbsp;price</p><script>x()</script>")
    assert parse(raw).text == "Wrong price"


def test_threads_are_named_by_their_ids():
    raw = head("Message-ID: <3@x>", "In-Reply-To: <2@x>", "References: <1@x> <2@x>")
    mail = parse(raw)
    assert (mail.message_id, mail.in_reply_to, mail.references) == ("<3@x>", "<2@x>", ("<1@x>", "<2@x>"))


def test_a_forwarded_mail_is_read_too():
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "x@y.example", "Inner"
    inner.set_content("Invoice 20418 is wrong.")
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "rep@holdgate.example", "FW: Inner"
    outer.set_content("See below.")
    outer.add_attachment(inner)
    mail = parse(outer.as_bytes())
    assert ("Invoice 20418 is wrong." in mail.text, mail.facts["forward"]) == (True, True)


# --- charsets, NUL, headers ---------------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_a_declared_charset_is_used(charset):
    raw = head(f"Content-Type: text/plain; charset={charset}", body="Größe 5 zu klein".encode(charset))
    assert parse(raw).text == "Größe 5 zu klein"


@pytest.mark.parametrize("charset", ["x-unknown", "", "\x00", "ascii", "rot13", "hex", "idna", "undefined"])
def test_a_wrong_charset_is_guessed(charset):
    raw = head(f"Content-Type: text/plain; charset={charset}", body="Größe 5".encode())
    assert "5" in parse(raw).text


def test_no_nul_and_no_half_characters_come_through():
    raw = head(
        "Subject: a\x00b\ud83d".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"), body=b"x\x00y\x07z"
    )
    mail = parse(raw)
    for text in (mail.subject, mail.text, mail.from_name):
        text.encode()
        assert "\x00" not in text
    assert mail.text == "xyz"


def test_broken_base64_is_kept_as_far_as_it_goes():
    raw = head("Content-Type: text/plain", "Content-Transfer-Encoding: base64", body=b"SGVsbG8gd29ybGQ=====!!!\xff")
    assert parse(raw).problem == ""


def test_without_an_id_it_has_none():
    assert parse(head("Subject: x")).message_id == ""


def test_an_id_without_brackets_is_one_too():
    assert parse(head("Message-ID: abc@x.example")).message_id == "abc@x.example"


def test_without_a_sender_it_is_put_aside():
    assert parse(b"Subject: x\r\n\r\nHello").problem == "It names no sender."


@pytest.mark.parametrize("sender", ["<>", "undisclosed", "@", "a@", "\x00", "=?utf-8?q?=00?=", '"', ",,,,"])
def test_a_sender_that_is_none_is_put_aside(sender):
    assert parse(f"From: {sender}\r\nSubject: x\r\n\r\nHello".encode()).problem == "It names no sender."


@pytest.mark.parametrize("name", ["Subject", "From", "To", "Message-ID"])
def test_a_smuggled_line_break_is_refused(name):
    word = "=?utf-8?q?Hi=0D=0ABcc:_all=40victims.example?="
    raw = f"From: a@b.example\r\n{name}: {word} <x@y.example>\r\n\r\nHello".encode()
    mail = parse(raw)
    assert mail.problem == "A header holds a line break, as if to add further headers."
    assert "\n" not in mail.subject + mail.from_name


def test_a_folded_header_is_no_attack():
    mail = parse(head("Subject: a long\r\n subject"))
    assert (mail.subject, mail.problem) == ("a long subject", "")


# --- too much -----------------------------------------------------------------------------------------


def nested(levels: int) -> bytes:
    lines = ["From: a@b.example"]
    for level in range(levels):
        lines += [f'Content-Type: multipart/mixed; boundary="b{level}"', "", f"--b{level}"]
    return "\r\n".join([*lines, "Content-Type: text/plain", "", "deep"]).encode()


def many_parts(count: int, heads: bool = True) -> bytes:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" if heads else b"--b\r\n\r\nx\r\n"
    return b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' + part * count + b"--b--"


def test_a_few_levels_are_read():
    assert parse(nested(5)).text.strip() == "deep"


@pytest.mark.parametrize("levels", [40, 1_000, 20_000])
def test_deep_nesting_is_put_aside(levels):
    assert "nested deeper than 12 levels" in parse(nested(levels)).problem or "parts" in parse(nested(levels)).problem


@pytest.mark.parametrize("heads", [True, False])
def test_ten_thousand_parts_are_put_aside(heads):
    mail = parse(many_parts(10_000, heads))
    assert (mail.problem, mail.from_email, mail.text) == ("More than 300 parts.", "a@b.example", "")


def test_a_few_parts_are_read():
    assert parse(many_parts(3)).text.split() == ["x", "x", "x"]


def test_nested_forwards_do_not_run_out_of_stack():
    raw = b"From: a@b.example\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + b"x"
    assert parse(raw).problem != ""


def test_huge_headers_are_put_aside():
    mail = parse(head("Subject: " + "x" * 200_000))
    assert mail.problem == "Headers longer than 128 kB."


def test_a_huge_mail_is_put_aside(monkeypatch):
    monkeypatch.setattr(limits, "LARGEST", 10_000)
    assert parse(head("Subject: x", body=b"y" * 20_000)).problem.startswith("Larger than")


def test_a_long_text_is_cut():
    assert len(parse(head(body=b"word " * 100_000)).text) == limits.LONGEST_TEXT


# --- files --------------------------------------------------------------------------------------------


def with_file(name: str, content: bytes, kind: str = "application/zip") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@b.example", "x"
    mail.set_content("see file")
    maintype, _, subtype = kind.partition("/")
    mail.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    return mail.as_bytes()


def test_a_zip_bomb_is_never_unpacked():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros", b"\0" * 20_000_000)
    (file,) = parse(with_file("bomb.zip", packed.getvalue())).files
    assert (file.size, file.content) == (len(packed.getvalue()), packed.getvalue())


def test_a_large_file_is_known_by_its_hash_only(monkeypatch):
    monkeypatch.setattr(limits, "KEPT_ATTACHMENT", 100)
    (file,) = parse(with_file("big.zip", b"x" * 500)).files
    assert (file.size, file.content, len(file.sha256)) == (500, None, 64)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nb.exe", "x" * 5_000, "invoice.pdf\x00.exe", "con", "‮fdp.exe"]
)
def test_the_senders_name_of_a_file_stays_one_line(name):
    encoded = base64.b64encode(name.encode()).decode()
    raw = head(
        'Content-Type: multipart/mixed; boundary="b"',
        body=f'--b\r\nContent-Disposition: attachment; filename="=?utf-8?b?{encoded}?="\r\n\r\nx\r\n--b--'.encode(),
    )
    for file in parse(raw).files:
        assert len(file.given_name) <= 255
        assert not set("\r\n\x00") & set(file.given_name)


# --- HTML ---------------------------------------------------------------------------------------------

EVIL = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    "<svg/onload=alert(1)>",
    '<iframe src="https://evil.example"></iframe>',
    '<body background="https://evil.example/t.gif">',
    '<div style="background:url(https://evil.example/t.gif)">x</div>',
    '<form action="https://evil.example"><input name=pin></form>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<link rel=stylesheet href="https://evil.example/x.css">',
    '<object data="https://evil.example"></object>',
    "<style>@import 'https://evil.example/x.css';</style>",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<video src="https://evil.example/v.mp4" autoplay></video>',
]


@pytest.mark.parametrize("html", EVIL)
def test_shown_html_runs_and_fetches_nothing(html):
    shown = safe_html(f"<p>before</p>{html}<p>after</p>").lower()
    assert "before" in shown
    for bad in (
        "script",
        "onerror",
        "onload",
        "javascript:",
        "data:",
        "src=",
        "style",
        "url(",
        "<form",
        "<meta",
        "<link",
    ):
        assert bad not in shown


def test_shown_html_keeps_tables_and_links():
    shown = safe_html('<table><tr><td colspan="2">5</td></tr></table><a href="https://x.example">x</a>')
    assert ('colspan="2"' in shown, 'rel="noopener noreferrer nofollow"' in shown) == (True, True)


def test_the_text_of_html_marks_what_is_quoted():
    html = '<div>Still wrong.</div><div class="gmail_quote"><div>You owe us 500</div></div>'
    assert text_of(html).split("\n\n") == ["Still wrong.", "> You owe us 500"]


@pytest.mark.parametrize(
    "html", ["<" * 10_000, "<div>" * 10_000, "<!--" * 5_000, "&#x;" * 5_000, "<![CDATA[" * 1000, "<a " * 9000]
)
def test_broken_html_is_text_all_the_same(html):
    assert isinstance(text_of(html), str)


# --- facts of the headers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "automatic"),
    [
        (["Auto-Submitted: auto-replied"], "reply"),
        (["Auto-Submitted: auto-replied (vacation)"], "reply"),
        (["X-Autoreply: yes"], "reply"),
        (["Subject: Automatic reply: your invoice"], "reply"),
        (["Subject: Abwesenheitsnotiz: Rechnung"], "reply"),
        (["Subject: Réponse automatique : facture"], "reply"),
        (["Subject: Respuesta automática: factura"], "reply"),
        (["Auto-Submitted: auto-generated"], "machine"),
        (["Auto-Submitted: no"], ""),
        (["Content-Type: multipart/report; report-type=delivery-status; boundary=x"], "bounce"),
        (["Subject: My automatic door is broken"], ""),
    ],
)
def test_what_no_person_wrote(lines, automatic):
    assert parse(head(*lines)).facts["automatic"] == automatic


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@mx.example", "postmaster@x.example"])
def test_a_bounce_by_its_sender(sender):
    assert parse(f"From: {sender}\r\nSubject: Undelivered\r\n\r\nx".encode()).facts["automatic"] == "bounce"


def test_lists_and_bulk_senders():
    assert parse(head("List-Id: <news.example>")).facts["list"] is True
    assert parse(head("Precedence: bulk")).facts["bulk"] is True
    assert parse(head("Subject: x")).facts == {"automatic": "", "list": False, "bulk": False, "forward": False}


# --- who vouches for the sender -----------------------------------------------------------------------

OURS = ["mx.holdgate.example"]


def results(text: str, *more: str) -> bytes:
    return head(f"Authentication-Results: {text}", *more)


@pytest.mark.parametrize(
    "text",
    [
        "mx.holdgate.example; dmarc=pass header.from=northside.example",
        "mx.holdgate.example; dkim=pass header.d=northside.example; spf=none",
        "mx.holdgate.example; spf=pass smtp.mailfrom=bounce@northside.example",
        "mx.holdgate.example 1; dkim=fail header.d=x.example; dkim=pass header.d=northside.example",
        "MX.Holdgate.Example; dmarc=pass (p=reject) header.from=northside.example",
    ],
)
def test_our_own_server_vouches(text):
    assert parse(results(text), trusted=OURS).verified is True


@pytest.mark.parametrize(
    "text",
    [
        "mx.evil.example; dmarc=pass header.from=northside.example",
        "mx.holdgate.example; dmarc=fail header.from=northside.example; spf=pass smtp.mailfrom=northside.example",
        "mx.holdgate.example; dkim=pass header.d=evil.example",
        "mx.holdgate.example; spf=pass smtp.mailfrom=evil.example",
        "mx.holdgate.example; dkim=pass header.d=example",
        "mx.holdgate.example; none",
        "mx.holdgate.example.evil.example; dmarc=pass header.from=northside.example",
        "",
    ],
)
def test_a_forged_sender_is_not_verified(text):
    assert parse(results(text), trusted=OURS).verified is False


def test_only_the_topmost_results_of_ours_count():
    forged = "Authentication-Results: mx.holdgate.example; dmarc=pass header.from=northside.example"
    raw = results("mx.holdgate.example; dmarc=fail header.from=northside.example", forged)
    assert parse(raw, trusted=OURS).verified is False


def test_two_senders_vouch_for_nobody():
    raw = (
        b"From: a@northside.example, b@evil.example\r\nAuthentication-Results: mx.holdgate.example; dmarc=pass\r\n\r\nx"
    )
    assert parse(raw, trusted=OURS).verified is False


def test_without_a_server_of_ours_nobody_is_verified(settings):
    settings.MAIL_TRUSTED_HOSTS, settings.IMAP_URL = [], ""
    assert parse(results("mx.holdgate.example; dmarc=pass header.from=northside.example")).verified is False


def test_the_mailboxs_server_counts_by_default(settings):
    settings.MAIL_TRUSTED_HOSTS, settings.IMAP_URL = [], "imaps://u:p@mx.holdgate.example/INBOX"
    assert parse(results("mx.holdgate.example; dmarc=pass header.from=northside.example")).verified is True


# --- as fields ----------------------------------------------------------------------------------------


def test_fields_instead_of_bytes():
    mail = composed(from_="Maria <AP@Northside.example>", subject="Hi", html="<p>Wrong</p>", message_id="<1@x>")
    assert (mail.from_email, mail.text, mail.message_id, mail.verified) == (
        "ap@northside.example",
        "Wrong",
        "<1@x>",
        False,
    )


# --- anything at all ----------------------------------------------------------------------------------


def test_a_thousand_mutations_are_all_read():
    """Bytes flipped, cut, doubled and swapped: `parse` answers something sane for each."""
    chance = random.Random(20418)
    seeds = [raw_mail(html="<p>x</p>"), with_file("a.pdf", b"%PDF-1.4", "application/pdf"), nested(6), many_parts(4)]
    for _ in range(1_000):
        mail = parse(mutated(chance.choice(seeds), chance))
        assert "\x00" not in mail.text + mail.subject + mail.message_id
        assert "\n" not in mail.subject + mail.from_email + mail.message_id


def mutated(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        at, kind = chance.randrange(len(data) or 1), chance.randrange(5)
        if kind == 0 and data:
            data[at] = chance.randrange(256)
        elif kind == 1:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(20)))
        elif kind == 2:
            del data[at : at + chance.randrange(40)]
        elif kind == 3:
            piece = data[at : at + chance.randrange(200)]
            data[chance.randrange(len(data) or 1) : 0] = piece
        else:
            word = chance.choice(
                [b"\r\n", b"\x00", b"=?utf-8?b?", b"--b", b"charset=", b"\xff\xfe", b"Content-Type:", b"<>"]
            )
            data[at:at] = word
    return bytes(data)
