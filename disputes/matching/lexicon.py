"""The words that say what a number is, in English, German, French and Spanish (and a few neighbours')."""

import re

INVOICE, ORDER, OTHER = "invoice", "order", "other"

# "No.", in the languages that customers write.
NUMBER_WORD = r"(?:numbers?|no(?:s|\(s\))?\b\.?|n[uú]ms?\b\.?|nr[ns]?\b\.?|nummern?|n[°º]s?\.?|№|num[ée]ros?|#)"

_INVOICE = (
    r"(?:tax |sales |vat |commercial |pro-?forma |customer |supplier |your |our )?invoices?(?! address)(?:'s)?",
    r"invs?\b\.?|invoicenumber|inv\.?no|bills?(?=\s*(?:#|n[o°º]|num|\d|[a-z]{2,4}-?\d))|billing doc(?:ument)?s?",
    r"(?:sammel|schluss|teil|abschlags|anzahlungs|ausgangs|eingangs|monats|einzel|end|lieferanten)?-?rechnung(?:en|s)?",
    r"rechnungs?-?(?=\s*(?:nr|nummer|n[°º]))|rechn\b\.?|rgs?\b\.?|re\b\.?-?(?=\s*nr)|renr|rgnr|rnr|faktura|fakturen",
    r"faktura-?(?=nr|nummer)|factures?|fact\b\.?|fac\b\.?(?=\s*(?:n|\d|#))|facturas?|fras?\b\.|fatturas?|fatture",
    r"factuur(?:nummer|nr)?|facturen|faturas?|fakturor",
)
_ORDER = (
    r"purchase[ -]orders?|p\.\s?o\.?s?(?![a-z])|(?-i:POs?)\b|pos?\b(?=\s*(?:#|:|-|n[o°ºru]|num|is|ref|\d|[a-z]{1,4}-?\d))|p/o",
    r"(?:sales |your |our |customer |work |blanket |call-off |web )?orders?|s\.?o\.?(?=\s*(?:#|n[o°º]\.?)\s*\d)|ordernumber",
    r"(?:ein|nach|teil|rahmen|kunden)?-?bestell(?:ung(?:en|s)?|-?(?=nr|nummer))|best\.?-?(?=nr)|auftr(?:ags?|äge)|auftrag",
    r"auftragsbestätigung|commandes?|cde\b\.?|bons? de commande|bdc|bc(?=\s*(?:#|n[°ºo]))|pedidos?|[oó]rden(?:es)? de compra",
    r"o/?c(?=\s*(?:#|n[°ºo]))|ordine|ordini|bestelling(?:en)?|encomenda",
)
_OTHER = (
    # parties and accounts
    r"customers?|clients?|accounts?|acct?s?\b\.?|a/c|vendors?|suppliers?|creditors?|debtors?|kunden?-?|kd\b\.?-?(?=nr)",
    r"debitor(?:en)?-?|kreditor(?:en)?-?|lieferanten?-?|kontos?-?|compte|clientes?|proveedor|fournisseur|cuenta|member(?:ship)?|subscriptions?",
    r"ship-?to|sold-?to|bill-?to|payer|entity|abonnement|abo\b|suscripci[oó]n|gesellschaft|soci[ée]t[ée]|sociedad|empresa|company",
    # shipments
    r"tracking|waybill|airway ?bill|awb|shipments?|shipping|consignment|deliver(?:y|ies)(?: notes?| dockets?)?|packing ?(?:slip|list)s?",
    r"bill of lading|bol|b/l|pods?|proof of delivery|dispatch(?: notes?)?|despatch|load|trailer|container|pallets?|seal",
    r"lieferscheine?n?s?-?|lieferung-?|ls(?=-?\s*(?:nr|\d))|sendungs?-?|sendung|paket-?|spedition|frachtbrief-?|tournummer",
    r"bons? de livraison|bl(?=\s*(?:n[°ºo]|\d))|livraison|colis|exp[ée]dition|suivi|albar[aá]n(?:es)?|gu[ií]a|env[ií]o|entrega",
    r"seguimiento|goods receipt|grn?(?=\s*(?:#|n|\d))|wareneingang-?|receipts?",
    # payments and credits
    r"credit (?:notes?|memos?)|credits?(?=\s*(?:#|n[o°º]))|debit (?:notes?|memos?)|cn(?=\s*(?:#|n|\d))|cm(?=\s*#)|gutschrift(?:en|s)?-?",
    r"avoirs?|nota(?:s)? de (?:cr[eé]dito|abono|d[eé]bito)|abonos?|storno-?|che(?:que|ck)s?|cheques?|payments?|wires?|transfers?|ach",
    r"remittance|transactions?|zahlung(?:s)?-?|zahlungsavis|überweisung-?|avis|paiement|virement|pago|transferencia|lastschrift",
    r"(?:payment|remittance) (?:advices?|vouchers?|runs?|proposals?)|vouchers?|avis de (?:r[eè]glement|virement|paiement)|aviso de pago",
    r"charge-?backs?|deductions?(?: notices?)?|belastungsanzeige|rückbelastung|lastschriftanzeige|nota de cargo|belastung",
    # cases and papers
    r"anfrage(?:n)?-?|prüfbericht(?:s)?-?|inspection|ncr|rfq|heat(?= n)|dockets?|meters?|zähler|compteur|contador|plot|requisitions?",
    r"tickets?|cases?|rmas?|returns?|retour(?:en)?-?|claims?|complaints?|reklamation(?:s)?-?|vorgang(?:s)?-?|aktenzeichen|az\b\.?|incidents?",
    r"requests?|quotes?|quotations?|estimates?|angebot(?:s)?-?|devis|presupuestos?|ofertas?|offre|offers?|contracts?|vertrag(?:s)?-?",
    r"contrats?|contratos?|agreements?|projects?|projekt-?|proyecto|jobs?|work orders?|reports?|statements?|kontoauszug|relev[ée]",
    r"extracto|mahnung(?:en)?-?|reminders?|dossier|expediente|protokoll|certificates?|permit|policy|police|pages?|seiten?|memo",
    # things
    r"items?|skus?|articles?|artikel-?|art\b\.?-?(?=\s*nr)|parts?|p/n|products?|produkt-?|produits?|materials?|material-?|mat\b\.?-?(?=nr)",
    r"models?|modell-?|serial|s/n|serien-?|seriennummer|lots?|batch(?:es)?|charge(?:n)?-?(?=\s*(?:nr|n[°º]|\d|[a-z]\d))|lote|chargennr",
    r"ean|gtin|upc|isbn|lines?|positions?|pos\b\.?(?=\s*\d{1,3}\b)|position(?:en)?|zeile|ligne|l[ií]nea|ref\.? article|r[ée]f[ée]rence article",
    # where, who and when
    r"tel\b\.?|phone|telephone|telefon|fon|fax|mobile?|mobil|handy|cell|t[ée]l[ée]phone|t[ée]l\b\.?|tel[ée]fono|m[oó]vil|call(?: me| us)?(?: at| on)|ext\b\.?|extension",
    r"durchwahl|dw|poste|zip|plz|postcode|code postal|c\.?p\.?|suite|room|unit|box|p\.?\s?o\.? box|postfach|street|str\b\.?|avenue|road",
    r"floor|dock|gate|bay|warehouse|stores?|branch|filiale|site|plant|werk|location|lager-?|depot|route|aisle|terminal",
    r"vat|vat ?id|ust-?id(?:nr)?\.?(?:-?nr)?|ust|steuer-?|tva|siret|siren|rcs|n\.?i\.?f\.?|c\.?i\.?f\.?|iva|ein|tax id|duns|eori|hrb|hra",
    r"iban|bic|swift|sort code|routing|blz|cost cent(?:er|re)s?|kostenstelle|gl|employee|staff|user|pin|code|passwords?|version|weeks?|kw",
    r"department|dept\b\.?|abteilung|id\b|year|jahr|ann[ée]e|año|quarter|section|clause|paragraph|§|art[íi]culo|iso|din|en(?= iso)|net(?= \d)",
)


def _either(patterns: tuple[str, ...]) -> str:
    return "|".join(patterns)


LABEL = re.compile(
    rf"(?<![A-Za-zÀ-ÿ0-9])(?:(?P<invoice>{_either(_INVOICE)})|(?P<order>{_either(_ORDER)})|(?P<other>{_either(_OTHER)}))"
    # "Rechnungsnr" is one word; otherwise a label ends where its word ends, or in a number that sticks to it.
    r"(?=[^A-Za-zÀ-ÿ]|nr|nummer|number|$)",
    re.IGNORECASE,
)
# Prefixes that stand for themselves, before or without a label.
INVOICE_PREFIX = re.compile(
    r"(?:[A-Z]{1,4}-?)?INV(?:OICE)?S?|S?INV?|SI|ARINV|CI|RE|RG|RNR|RECH|RN|RCH|FA|FAC|FACT|FACTURE|FACTURA|FC|FV|FT|FRA|FAK|F|VF|VR|AR",
    re.IGNORECASE,
)
SURE_INVOICE_PREFIX = re.compile(
    r"(?:[A-Z]{1,4}-?)?INV(?:OICE)?S?|S?INV|ARINV|RG|RE|RECH|FA|FAC|FACT|FAK|FRA", re.IGNORECASE
)
ORDER_PREFIX = re.compile(r"P\.?O|SO|ORD|ORDER|PUR|PED|BEST|OC|BC|CDE|CMD|BDC|AUF|AB|SORD|WO", re.IGNORECASE)
OTHER_PREFIX = re.compile(
    r"CN|CM|CR|CRN|GS|GU|AV|AVO|NC|DN|LS|BL|ALB|RMA|TRK|TRACK|SKU|ART|KD|KDNR|CUST|CUS|ACC|ACCT|ACME|REF|TKT|TICKET|CASE|INC|CRM|QU|QT"
    r"|QUO|QTE|DEV|PRES|JOB|LOT|SN|HRB|HRA|ISO|DIN|EN|UN|KW|CW|FY|Q|Z|Z\d|GLN|GTIN|EAN|CMR|POD|BOL|AWB|GR|GRN|PMT|PAY|CHK|REM|TX"
    r"|TXN|WIRE|CLM|CLAIM|RFQ|ID|REV|V|PN|P|MAT|CH|BATCH|CT|CNT|PRJ|VAT|DE|ATU|FR|ES|GB|UST|CIF|NIF|DK|KDN|CU|C|SERIAL|SER|PAL|BOX|BAY",
    re.IGNORECASE,
)
UNITS = (
    r"(?:x|×|pcs?|pieces?|units?|cases?|cartons?|ctns?|boxes|box|pallets?|skids?|crates?|kegs?|bags?|sacks?|bottles?|drums?|rolls?|reels?"
    r"|sheets?|sets?|pairs?|users?|seats?|licen[sc]es?|items?|lines?|packs?|packages?|parcels?|cans?|jars?|tubs?|tins?|trays?|barrels?"
    r"|kgs?|kilos?|g|lbs?|pounds?|tons?|tonnes?|t|l|lit(?:re|er)s?|gallons?|gal|ml|m|m2|m²|m3|m³|cm|mm|km|ft|feet|inch(?:es)?|yards?"
    r"|hours?|hrs?|h|minutes?|mins?|days?|weeks?|months?|years?|times|percent|pct|degrees?|people|employees|customers|bps|each|ea"
    r"|st(?:ü|ue)ck|stk\.?|kartons?|palett?en?|flaschen|kisten|dosen|säcke|gebinde|rollen|paar|tagen?|wochen|monaten?|jahren?|stunden|std"
    r"|uhr|tonnen|prozent|einheiten|exemplare|palettes?|colis|unités?|pièces?|bouteilles?|caisses?|sacs?|jours?|semaines?|mois|ans|heures?"
    r"|fûts?|rouleaux|cartouches|unidades?|uds?|cajas?|palés?|palets?|piezas?|botellas?|bultos?|sacos?|días?|semanas?|meses|años|horas?"
    r"|envases|kartuschen|stunde|nächte|m²|°c|°f|°)"
)
MONTHS = (
    r"(?:jan(?:uary|uar|v(?:ier)?\.?)?|feb(?:ruary|ruar|r(?:ero)?)?|mar(?:ch|s|zo)?|mär(?:z)?|maerz|apr(?:il)?|avr(?:il)?|abr(?:il)?|may|mai"
    r"|mayo|june?|juni?|juin|junio|july?|juli?|juil(?:let)?|julio|aug(?:ust)?|août|aout|agosto|sep(?:t(?:ember|embre|iembre)?)?|o[ck]t(?:ober"
    r"|obre|ubre)?|nov(?:ember|embre|iembre)?|de[czs](?:ember|embre|iembre)?|déc(?:embre)?|dic(?:iembre)?|ene(?:ro)?|févr?(?:ier)?|fevrier"
    r"|jänner|enero|janvier|septiembre|diciembre)"
)
