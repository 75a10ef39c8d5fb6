"""French answers."""

SUBJECT = "Votre message au sujet de {about}"

FRAME = """Bonjour {contact},

Merci pour votre message du {received} au sujet de {about}.
La facture {invoice} du {invoice_date} s'élève à {invoice_amount}, échéance le {invoice_due} ; il reste \
{invoice_open} à régler.
Votre numéro de commande : {po}.
{not_found}

%check%
Pendant nos vérifications, {disputed} sont mis de côté : ce montant n'est pas considéré comme échu et ne fait l'objet \
d'aucune relance.

Prochaine étape : %step%

Vous aurez de nos nouvelles au plus tard le {resolve_by}.
Votre interlocuteur est {rep}.
Vous pouvez aussi nous joindre au {company_phone}.

Comptabilité clients, {company}
"""

REASONS: dict[tuple[str, str], tuple[str, str]] = {
    ("pricing", ""): (
        "Le prix facturé n'est pas celui que vous attendiez. Nous comparons la facture à votre tarif, à vos remises et "
        "à la confirmation de commande.",
        "veuillez nous envoyer le devis ou le tarif auquel vous vous référez. Si nous avons trop facturé, vous "
        "recevrez un avoir pour la différence.",
    ),
    ("qty", ""): (
        "La quantité reçue ou commandée n'est pas celle qui est facturée. Nous comparons la facture à la commande et "
        "au bon de livraison signé.",
        "veuillez nous indiquer, ligne par ligne, ce que vous avez compté ; nous vous envoyons une copie du bon de "
        "livraison. S'il manque des articles, vous recevrez un avoir ou les articles, à votre choix.",
    ),
    ("quality", ""): (
        "Ce que vous avez reçu n'était pas en ordre. Nous en sommes désolés et cherchons ce qui s'est passé.",
        "veuillez garder la marchandise et nous envoyer des photos avec les numéros de lot ou d'article. Nous vous "
        "appelons pour convenir d'un avoir ou d'un remplacement.",
    ),
    ("delivery", ""): (
        "La marchandise ou la prestation est arrivée en retard, pas du tout ou au mauvais endroit. Nous demandons la "
        "preuve de livraison au transporteur et à notre entrepôt.",
        "nous vous envoyons une copie de la preuve de livraison, ou une nouvelle date. Si rien n'a été livré, vous "
        "recevrez un avoir.",
    ),
    ("other", ""): (
        "Nous avons pris note de ce que vous contestez et l'examinons.",
        "nous vous appelons pour être sûrs d'avoir bien compris ; veuillez nous indiquer une heure et un numéro qui "
        "vous conviennent.",
    ),
    ("other", "duplicate"): (
        "La même chose vous a été facturée deux fois. Nous comparons les deux factures à la commande et à la "
        "livraison.",
        "veuillez nous indiquer le numéro de l'autre facture si vous l'avez. Si l'une fait double emploi, vous "
        "recevrez un avoir du montant total.",
    ),
    ("other", "tax"): (
        "La taxe figurant sur la facture n'est pas la bonne pour vous. Nous vérifions le taux, le lieu de livraison et "
        "votre exonération.",
        "veuillez nous envoyer votre attestation d'exonération ou votre numéro de TVA. Si nous avons trop facturé, "
        "vous recevrez un avoir et une facture rectifiée.",
    ),
    ("other", "already_paid"): (
        "Vous avez déjà réglé cette facture. Nous recherchons votre paiement dans nos comptes.\n"
        "Paiements reçus au cours des 90 derniers jours : {payments}.",
        "veuillez nous envoyer la preuve de paiement avec la date, le montant et la référence, afin que nous puissions "
        "le retrouver et l'imputer.",
    ),
    ("other", "missing_po"): (
        "Votre numéro de commande manque sur la facture, ou un autre y figure.",
        "veuillez nous indiquer le bon numéro de commande ; vous recevrez une copie de la facture qui le porte.",
    ),
    ("other", "terms"): (
        "Les conditions de paiement de la facture ne sont pas celles convenues. Nous les comparons à votre contrat.",
        "veuillez nous envoyer l'accord auquel vous vous référez. Si vous avez raison, nous corrigeons l'échéance et "
        "vous communiquons la nouvelle.",
    ),
    ("other", "freight"): (
        "Des frais de port ou d'autres frais inattendus vous ont été facturés. Nous les comparons aux conditions de "
        "livraison de votre commande.",
        "veuillez nous indiquer ce qui était convenu pour le port. S'il est à notre charge, vous recevrez un avoir.",
    ),
    ("other", "wrong_entity"): (
        "La facture a été adressée à la mauvaise société ou à la mauvaise adresse.",
        "veuillez nous indiquer le nom, l'adresse et le numéro fiscal de la société qui a commandé. Vous recevrez une "
        "facture rectifiée, et un avoir pour celle-ci.",
    ),
}
