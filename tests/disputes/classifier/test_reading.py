"""Tokens keep their places; numbers and references become kinds; words mean the same in four languages."""

import pytest

from disputes.classifier import concepts, language
from disputes.classifier.features import read
from disputes.classifier.mail import MailText
from disputes.classifier.reading import fold, tokens_of, without_marks


def names(text: str) -> list[str]:
    return [token.name for token in tokens_of(text)]


def meanings(text: str) -> set[str]:
    return {hit.concept for hit in concepts.find(tokens_of(text))}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *[(text, "_amount_") for text in ("€12.40", "1.240,00 EUR", "$1,200", "240.00", "1\u202f450.30\u202f€")],
        *[(text, "_date_") for text in ("12.03.2026", "2026-03-12", "3/14/26", "12 March", "4 de marzo", "March 12")],
        *[(text, "_ref_") for text in ("INV-20394", "RE-20441", "F-10233", "#99120", "2026-4471")],
        *[(text, "_percent_") for text in ("20 %", "1.5%", "15 Prozent")],
        *[(text, "_degrees_") for text in ("14 °C", "-18°C")],
        ("4500012345", "_longnum_"),
        ("80", "_num_"),
    ],
)  # fmt: skip
def test_figures_become_their_kind(text, kind):
    assert names(text) == [kind]


def test_a_token_is_where_it_says():
    text = "Größe falsch: l’article n’a pas été reçu"
    assert all(fold(text[token.start : token.end]) == token.name for token in tokens_of(text) if token.is_word)


def test_folding_keeps_the_length():
    text = "Straße ŒUVRE İstanbul ﬁn ½ ㎏ niño \u0000"
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("concept", "phrases"),
    {
        "late": ["too late", "zu spät", "zu spaet", "en retard", "con retraso"],
        "damage": ["crushed", "beschädigt", "endommagé", "dañado", "danado"],
        "not_arrived": ["never arrived", "nie angekommen", "jamais reçu", "no ha llegado"],
        "duplicate": ["billed twice is a duplicate", "doppelt", "en double", "duplicada"],
        "discount": ["rebate", "Mengenrabatt", "remise", "descuento"],
        "freight": ["carriage", "Frachtkosten", "frais de port", "portes"],
        "tax": ["VAT", "MwSt", "TVA", "IVA"],
        "auto": ["out of office", "Abwesenheitsnotiz", "réponse automatique", "fuera de la oficina"],
    }.items(),
)
def test_the_same_meaning_in_four_languages(concept, phrases):
    assert [phrase for phrase in phrases if concept not in meanings(phrase)] == []


def test_a_language_hears_only_its_own_words_and_english():
    tokens = tokens_of("sin")
    assert [hit.concept for hit in concepts.find(tokens, "es")] == ["neg"]
    assert concepts.find(tokens, "de") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We have not received the goods that you billed", "en"),
        ("Wir haben die Ware nicht erhalten und bitten um Gutschrift", "de"),
        ("Nous n'avons pas reçu la marchandise de la facture", "fr"),
        ("No hemos recibido la mercancía de la factura", "es"),
        ("4711 4712", ""),
    ],
)
def test_language(text, expected):
    assert language.detect(tokens_of(text)) == expected


def test_a_language_never_learned_is_foreign():
    text = "Olemme saaneet vain kahdeksan laatikkoa kymmenestä joten pyydämme teitä korjaamaan laskun summan pikaisesti"
    assert language.is_foreign(tokens_of(text))
    assert not language.is_foreign(
        tokens_of("We have received only eight of the ten boxes, so please correct the bill")
    )


@pytest.mark.parametrize("subject", ["Re: Fwd: Invoice 7", "AW: WG: Invoice 7", "TR: RE: Invoice 7"])
def test_reply_marks_are_not_read(subject):
    assert without_marks(subject) == "Invoice 7"


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\x00" * 50, "🙂" * 300, "a" * 200_000, "\u202e%_\\" * 99, "-" * 5000, "1" * 9000]
)
def test_odd_text_is_read_without_a_crash(text):
    assert read(MailText(text[:900], text)).signals is not None
