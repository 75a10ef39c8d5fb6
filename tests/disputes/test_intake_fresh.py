"""What is new in a mail: quoted replies, signatures and footers are cut, the words of the sender stay."""

import time

import pytest

from disputes.intake.fresh import fresh_text

WORDS = "The price on invoice 20418 is wrong."
QUOTED = {
    "english": "On Mon, Mar 2, 2026 at 10:11 AM AR <ar@x.example> wrote:\n> You owe us 500.",
    "english in two lines": "On Mon, 2 Mar 2026 at 10:11, AR of Keystone\n<ar@x.example> wrote:\n> You owe us 500.",
    "german": "Am 02.03.2026 um 10:11 schrieb AR <ar@x.example>:\n> You owe us 500.",
    "french": "Le lun. 2 mars 2026 à 10:11, AR <ar@x.example> a écrit :\n> You owe us 500.",
    "spanish": "El lun, 2 mar 2026 a las 10:11, AR (<ar@x.example>) escribió:\n> You owe us 500.",
    "outlook": "From: AR <ar@x.example>\nSent: Monday, March 2, 2026\nTo: Maria\nSubject: Overdue\n\nYou owe us 500.",
    "outlook german": "Von: AR <ar@x.example>\nGesendet: Montag\nAn: Maria\nBetreff: Mahnung\n\nYou owe us 500.",
    "outlook french": "De : AR <ar@x.example>\nEnvoyé : lundi\nÀ : Maria\nObjet : Relance\n\nYou owe us 500.",
    "outlook spanish": "De: AR <ar@x.example>\nEnviado el: lunes\nPara: Maria\nAsunto: Recordatorio\n\nYou owe us 500.",
    "original message": "-----Original Message-----\nYou owe us 500.",
    "original german": "-----Ursprüngliche Nachricht-----\nYou owe us 500.",
    "line of underscores": "________________________________\nYou owe us 500.",
    "quote marks only": "> You owe us 500.\n> Please pay.",
}
SIGNED = {
    "dashes": "-- \nMaria Lopez\nNorthside Grocers",
    "english": "Kind regards,\nMaria Lopez\n+1 555 010 4477",
    "thanks": "Thanks,\nMaria",
    "german": "Mit freundlichen Grüßen\nPetra Klein\nTel. 040 123456",
    "german short": "Viele Grüße\nPetra",
    "french": "Cordialement,\nPaul Roux",
    "spanish": "Atentamente,\nAna Ruiz\nTel. 91 123 45 67",
    "phone": "Sent from my iPhone",
    "phone german": "Von meinem iPhone gesendet",
    "legal": "CONFIDENTIALITY NOTICE: This e-mail may contain invoice 99999.",
}


@pytest.mark.parametrize("quoted", QUOTED.values(), ids=QUOTED)
def test_a_quoted_mail_is_cut(quoted):
    assert fresh_text(f"{WORDS}\n\n{quoted}") == WORDS


@pytest.mark.parametrize("signature", SIGNED.values(), ids=SIGNED)
def test_a_signature_is_cut(signature):
    assert fresh_text(f"{WORDS}\n\n{signature}") == WORDS


def test_both_at_once():
    assert fresh_text(f"Hi,\n\n{WORDS}\n\n{SIGNED['english']}\n\n{QUOTED['english']}") == f"Hi,\n\n{WORDS}"


def test_a_hyphened_list_is_no_signature():
    text = f"{WORDS}\n- 3 cases missing\n- 2 cases broken"
    assert fresh_text(text) == text


def test_thanks_in_the_middle_end_nothing():
    text = "Thank you for the invoice.\nThanks,\nbut the price on it is wrong and we will not pay it like this."
    assert fresh_text(text) == text


def test_an_answer_below_the_quotation():
    assert fresh_text(f"{QUOTED['english']}\n\n{WORDS}") == WORDS


def test_answers_between_the_quoted_lines():
    text = "On Mon, Mar 2, 2026 AR wrote:\n> Quantity 500\nwe got 480\n> Price 18.50\nwe agreed on 17.20"
    assert fresh_text(text) == "we got 480\nwe agreed on 17.20"


def test_a_bare_forward_keeps_what_it_forwards():
    text = f"FYI\n\n---------- Forwarded message ---------\nFrom: Maria <m@x.example>\nSubject: Wrong\n\n{WORDS}"
    assert WORDS in fresh_text(text, forward=True)


def test_an_answer_that_says_nothing_keeps_what_it_answers():
    assert WORDS in fresh_text(f"See below\n\nOn Mon, Mar 2, 2026 at 10:11 AM Maria wrote:\n> {WORDS}")


def test_a_gateways_warning_is_cut():
    assert fresh_text(f"CAUTION: This email originated outside your organization.\n\n{WORDS}") == WORDS


def test_a_form_with_two_colons_is_no_header():
    text = "Invoice: 20418\nDate: 03/02/2026\nReason: wrong price on line 2"
    assert fresh_text(text) == text


def test_nothing_is_nothing():
    assert fresh_text("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "On " * 9_000 + "wrote:",
        "From: " * 5_000,
        "From:\n" * 5_000,
        "> " * 9_000,
        "-" * 20_000,
        "thanks " * 4_000,
        "\n" * 20_000,
    ],
)
def test_a_hostile_text_costs_little(text):
    before = time.process_time()
    fresh_text(text)
    assert time.process_time() - before < 2
