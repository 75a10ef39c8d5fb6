"""German answers."""

SUBJECT = "Ihre Nachricht zu {about}"

FRAME = """Guten Tag {contact},

vielen Dank für Ihre Nachricht vom {received} zu {about}.
Die Rechnung {invoice} vom {invoice_date} lautet über {invoice_amount}, fällig am {invoice_due}; davon sind \
{invoice_open} offen.
Ihre Bestellnummer dazu: {po}.
{not_found}

%check%
Während wir prüfen, stellen wir {disputed} zurück: Der Betrag gilt nicht als überfällig und wird nicht angemahnt.

Nächster Schritt: %step%

Sie hören spätestens am {resolve_by} von uns.
Ihre Kontaktperson ist {rep}.
Sie erreichen uns auch unter {company_phone}.

Debitorenbuchhaltung, {company}
"""

REASONS: dict[tuple[str, str], tuple[str, str]] = {
    ("pricing", ""): (
        "Ihnen wurde ein anderer Preis berechnet als erwartet. Wir vergleichen die Rechnung mit Ihrer Preisliste, "
        "Ihren Rabatten und der Auftragsbestätigung.",
        "Bitte senden Sie uns das Angebot oder die Preisliste, auf die Sie sich beziehen. Haben wir zu viel berechnet, "
        "erhalten Sie eine Gutschrift über den Unterschied.",
    ),
    ("qty", ""): (
        "Geliefert oder bestellt wurde eine andere Menge als berechnet. Wir vergleichen die Rechnung mit der "
        "Bestellung und dem unterschriebenen Lieferschein.",
        "Bitte teilen Sie uns je Position mit, was Sie gezählt haben; wir senden Ihnen eine Kopie des Lieferscheins. "
        "Fehlt Ware, erhalten Sie eine Gutschrift oder die Ware, wie Sie möchten.",
    ),
    ("quality", ""): (
        "Was bei Ihnen ankam, war nicht in Ordnung. Das tut uns leid; wir gehen dem nach.",
        "Bitte bewahren Sie die Ware auf und senden Sie uns Fotos mit Chargen- oder Artikelnummern. Wir rufen Sie an "
        "und vereinbaren eine Gutschrift oder Ersatz.",
    ),
    ("delivery", ""): (
        "Ware oder Leistung kam zu spät, gar nicht oder an den falschen Ort. Wir fordern bei Spedition und Lager den "
        "Liefernachweis an.",
        "Wir senden Ihnen eine Kopie des Liefernachweises oder nennen einen neuen Termin. Wurde nichts geliefert, "
        "erhalten Sie eine Gutschrift.",
    ),
    ("other", ""): (
        "Wir haben gelesen, was Sie beanstanden, und gehen dem nach.",
        "Wir rufen Sie an, damit wir Sie richtig verstehen; bitte nennen Sie uns eine passende Zeit und Nummer.",
    ),
    ("other", "duplicate"): (
        "Dasselbe wurde Ihnen zweimal berechnet. Wir vergleichen beide Rechnungen mit Bestellung und Lieferung.",
        "Bitte nennen Sie uns die Nummer der anderen Rechnung, wenn Sie sie zur Hand haben. Ist eine doppelt, "
        "erhalten Sie dafür eine Gutschrift in voller Höhe.",
    ),
    ("other", "tax"): (
        "Die Steuer auf der Rechnung stimmt für Sie nicht. Wir prüfen Satz, Lieferort und Ihre Befreiung.",
        "Bitte senden Sie uns Ihren Befreiungsnachweis oder Ihre Umsatzsteuer-Nummer. Haben wir zu viel Steuer "
        "berechnet, erhalten Sie eine Gutschrift und eine berichtigte Rechnung.",
    ),
    ("other", "already_paid"): (
        "Sie haben diese Rechnung schon bezahlt. Wir suchen Ihre Zahlung in unseren Büchern.\n"
        "In den letzten 90 Tagen sind bei uns eingegangen: {payments}.",
        "Bitte senden Sie uns den Zahlungsbeleg mit Datum, Betrag und Verwendungszweck, damit wir die Zahlung finden "
        "und zuordnen.",
    ),
    ("other", "missing_po"): (
        "Auf der Rechnung fehlt Ihre Bestellnummer, oder es steht eine andere darauf.",
        "Bitte nennen Sie uns die richtige Bestellnummer; Sie erhalten eine Kopie der Rechnung, die sie zeigt.",
    ),
    ("other", "terms"): (
        "Die Zahlungsbedingungen auf der Rechnung sind nicht die vereinbarten. Wir vergleichen sie mit Ihrem Vertrag.",
        "Bitte senden Sie uns die Vereinbarung, auf die Sie sich beziehen. Haben Sie recht, berichtigen wir die "
        "Fälligkeit und nennen Ihnen die neue.",
    ),
    ("other", "freight"): (
        "Ihnen wurden Fracht oder andere Nebenkosten berechnet, mit denen Sie nicht gerechnet haben. Wir vergleichen "
        "sie mit den Lieferbedingungen Ihrer Bestellung.",
        "Bitte teilen Sie uns mit, was zur Fracht vereinbart war. Geht sie zu unseren Lasten, erhalten Sie dafür eine "
        "Gutschrift.",
    ),
    ("other", "wrong_entity"): (
        "Die Rechnung ging an die falsche Firma oder Anschrift.",
        "Bitte nennen Sie uns Namen, Anschrift und Steuernummer der Firma, die bestellt hat. Sie erhalten eine "
        "berichtigte Rechnung und für diese hier eine Gutschrift.",
    ),
}
