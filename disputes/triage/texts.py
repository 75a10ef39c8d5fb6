"""Answers to plain requests, by kind and language; a person polishes them before anything is sent."""

_SUBJECT = {"en": "Re: {subject}", "de": "AW: {subject}", "fr": "RE : {subject}", "es": "RE: {subject}"}
_GREETING = {
    "en": "Dear {contact},",
    "de": "Guten Tag {contact},",
    "fr": "Bonjour {contact},",
    "es": "Buenos días, {contact}:",
}
_CITED = {
    "en": "Your reference: {refs}",
    "de": "Ihr Zeichen: {refs}",
    "fr": "Votre référence : {refs}",
    "es": "Su referencia: {refs}",
}
_CLOSING = {
    "en": "Kind regards,\n{company}\n{company_phone}",
    "de": "Mit freundlichen Grüßen\n{company}\n{company_phone}",
    "fr": "Cordialement,\n{company}\n{company_phone}",
    "es": "Atentamente,\n{company}\n{company_phone}",
}
_WORDS = {
    "statement_request": {
        "en": "thank you for your message. Please find attached the current statement of your account.",
        "de": "vielen Dank für Ihre Nachricht. Anbei erhalten Sie den aktuellen Auszug Ihres Kontos.",
        "fr": "merci de votre message. Veuillez trouver ci-joint le relevé actuel de votre compte.",
        "es": "gracias por su mensaje. Adjuntamos el extracto actual de su cuenta.",
    },
    "invoice_copy_request": {
        "en": "thank you for your message. Please find attached the copy that you asked for.",
        "de": "vielen Dank für Ihre Nachricht. Anbei erhalten Sie die gewünschte Kopie.",
        "fr": "merci de votre message. Veuillez trouver ci-joint la copie demandée.",
        "es": "gracias por su mensaje. Adjuntamos la copia que nos pidió.",
    },
    "delivery_question": {
        "en": "thank you for your message. We are asking our warehouse and come back to you with a date.",
        "de": "vielen Dank für Ihre Nachricht. Wir fragen in unserem Lager nach und nennen Ihnen einen Termin.",
        "fr": "merci de votre message. Nous interrogeons notre entrepôt et revenons vers vous avec une date.",
        "es": "gracias por su mensaje. Consultamos a nuestro almacén y le daremos una fecha.",
    },
    "quote_request": {
        "en": "thank you for your message. Your sales contact will send you a quotation.",
        "de": "vielen Dank für Ihre Nachricht. Ihr Ansprechpartner im Vertrieb sendet Ihnen ein Angebot.",
        "fr": "merci de votre message. Votre interlocuteur commercial vous enverra un devis.",
        "es": "gracias por su mensaje. Su contacto comercial le enviará un presupuesto.",
    },
}
LANGUAGES = tuple(_SUBJECT)
PLACEHOLDERS = frozenset({"contact", "customer", "subject", "refs", "company", "company_phone"})


def name_of(kind: str, language: str) -> str:
    """The text's name among the contract's texts; English stands in for a language we do not write."""
    return f"{kind}_{language if language in LANGUAGES else 'en'}"


TEXTS = {
    name_of(kind, language): {
        "subject": _SUBJECT[language],
        "body": f"{_GREETING[language]}\n\n{words}\n{_CITED[language]}\n\n{_CLOSING[language]}\n",
    }
    for kind, by_language in _WORDS.items()
    for language, words in by_language.items()
}
