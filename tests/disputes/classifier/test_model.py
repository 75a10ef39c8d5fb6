"""What the learned model makes of mails that are not in the corpus: the definitions, in four languages."""

import pytest

from disputes.classifier.features import read
from disputes.classifier.mail import MailText
from disputes.classifier.model import Label, Scale, learn
from tests.disputes.classifier.conftest import SHIPPED

np = pytest.importorskip("numpy")

DISPUTES = [
    (
        "pricing",
        "Your invoice uses a unit price of 14.20, the price we agreed in our contract is 12.90. Please correct it.",
    ),
    ("pricing", "Der vereinbarte Rabatt von 8 % fehlt auf der Rechnung, bitte um Gutschrift."),
    ("pricing", "Le prix facturé ne correspond pas au tarif convenu dans notre contrat."),
    ("pricing", "El precio de la factura es más alto que el acordado en el presupuesto."),
    ("qty", "You billed 100 cartons but we received only 80. Please credit the 20 that were short."),
    ("qty", "Berechnet wurden 50 Kartons, laut Lieferschein haben wir nur 45 erhalten."),
    ("qty", "Vous avez facturé 30 palettes, nous en avons reçu 27."),
    ("qty", "Nos facturan 60 cajas y en el albarán figuran 52 recibidas."),
    ("quality", "Half of the bottles arrived broken and the labels are soaked. We want a credit."),
    ("quality", "Die Ware kam beschädigt an, mehrere Kartons waren zerdrückt und nass."),
    ("quality", "La marchandise est arrivée endommagée, plusieurs cartons étaient mouillés."),
    ("quality", "La mercancía llegó dañada, varias cajas rotas y mojadas."),
    ("delivery", "We never received the goods on this invoice; nothing has arrived at our warehouse."),
    ("delivery", "Die Lieferung kam drei Wochen zu spät, wir hatten Stillstand und zahlen das nicht."),
    ("delivery", "Nous n'avons jamais reçu cette livraison, le colis est perdu, pourtant vous facturez."),
    ("delivery", "El pedido facturado nunca llegó, el transportista lo ha perdido."),
    ("other", "We have been billed twice for the same order, please cancel the duplicate invoice."),
    ("other", "Diese Rechnung haben wir bereits letzten Monat bezahlt, siehe Zahlungsbeleg."),
    ("other", "La TVA ne devrait pas être facturée, nous sommes exonérés."),
    ("other", "La factura está emitida a nombre de otra empresa, anúlenla."),
]
OTHERS = [
    (
        "remittance",
        "Payment advice: we have transferred 4,210.00 today for the following invoices, less your credit note.",
    ),
    ("remittance", "Zahlungsavis: heute haben wir 980,00 EUR überwiesen, abzüglich 2 % Skonto wie vereinbart."),
    ("invoice_copy_request", "Could you please send us a copy of invoice INV-1201? We cannot find it."),
    ("statement_request", "Pourriez-vous nous envoyer un relevé de compte avec le solde ?"),
    ("delivery_question", "When can we expect delivery of our order? Do you have a tracking number?"),
    ("order", "Please find our purchase order attached and confirm receipt and delivery date."),
    ("quote_request", "Bitte senden Sie uns ein Angebot über 200 Stück."),
    ("auto_reply", "I am out of the office until Monday with limited access to email."),
    ("spam", "Grow your business with our SEO experts, first page of Google guaranteed. Click here or unsubscribe."),
]


@pytest.mark.parametrize(("reason", "text"), DISPUTES)
def test_a_plain_dispute_and_its_reason(judge, reason, text):
    scores = judge(text)
    assert (scores.classification, scores.reason) == ("invoice_dispute", reason)


@pytest.mark.parametrize(("kind", "text"), OTHERS)
def test_what_contests_nothing_is_no_dispute(judge, kind, text):
    assert judge(text).classification == kind


@pytest.mark.parametrize(
    ("sub_reason", "text"),
    [
        ("duplicate", "We have been billed twice for the same order, please cancel the duplicate invoice."),
        ("freight", "Freight was included in the price, remove the shipping charge from the invoice."),
        ("missing_po", "Your invoice is rejected because the purchase order number is missing."),
        ("tax", "Please correct the VAT on the invoice, the reverse charge applies."),
    ],
)
def test_sub_reason_of_other(judge, sub_reason, text):
    scores = judge(text)
    assert (scores.reason, scores.sub_reason) == ("other", sub_reason)


def test_a_machines_shortage_deduction_contests(judge):
    advice = "Payment advice 88120\nInvoice 7001 gross 900.00 deduction 90.00 shortage net 810.00\nTotal 810.00"
    scores = judge(advice)
    assert (scores.classification, scores.reason) == ("invoice_dispute", "qty")


def test_scores_are_probabilities(judge):
    scores = judge("You billed 100 cartons but we received only 80.")
    assert sum(scores.classes.values()) == pytest.approx(1)
    assert sum(scores.reasons.values()) == pytest.approx(1)
    assert sum(scores.sub_reasons.values()) <= scores.reasons["other"] + 1e-9


def test_learning_twice_gives_the_same():
    few = [*SHIPPED[:20], *SHIPPED[-20:]]
    readings = [read(example.mail) for example in few]
    labels = [Label(example.classification, example.reason, example.sub_reason) for example in few]
    first, second = (learn(readings, labels) for _ in range(2))
    assert np.array_equal(first.classes.weights, second.classes.weights)


def test_a_scale_makes_scores_mean_what_they_say():
    raw, truth = np.array([0.9] * 100 + [0.1] * 100), np.array([1] * 60 + [0] * 40 + [0] * 95 + [1] * 5)
    scaled = Scale.fitted(raw, truth).apply(np.array([0.9, 0.1]))
    assert scaled == pytest.approx([0.6, 0.05], abs=0.01)


def test_a_scale_of_one_kind_changes_nothing():
    assert Scale.fitted(np.array([0.2, 0.9]), np.array([1, 1])) == Scale()


def test_no_words_give_an_answer_too(judge):
    assert judge("").classification


def test_the_words_of_the_mail_reach_the_model(learned):
    row = learned.rows([read(MailText("", "billed twice"))])
    start, places = learned.space.columns("meaning")
    assert row[0, start + places["duplicate"]] > 0
