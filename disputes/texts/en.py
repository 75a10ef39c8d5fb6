"""English answers."""

SUBJECT = "Your message about {about}"

FRAME = """Dear {contact},

Thank you for your message of {received} about {about}.
Invoice {invoice} of {invoice_date} is for {invoice_amount}, due on {invoice_due}, of which {invoice_open} is open.
Your purchase order on it: {po}.
{not_found}

%check%
While we check, {disputed} is set apart: it does not count as overdue, and we send no reminders for it.

Next step: %step%

You hear from us by {resolve_by} at the latest.
Your contact is {rep}.
You can also reach us at {company_phone}.

Accounts receivable, {company}
"""

REASONS: dict[tuple[str, str], tuple[str, str]] = {
    ("pricing", ""): (
        "You were billed another price than you expect. We compare the invoice with your price list, your discounts "
        "and the order confirmation.",
        "please send us the quote or price list that you go by. If we billed too much, you get a credit for the "
        "difference.",
    ),
    ("qty", ""): (
        "You received or ordered another quantity than we billed. We compare the invoice with the order and the "
        "signed delivery note.",
        "please tell us what you counted, line by line; we send you a copy of the delivery note. If goods are "
        "missing, you get a credit or the goods, as you prefer.",
    ),
    ("quality", ""): (
        "What came was not in order. We are sorry for the trouble, and look into what happened to it.",
        "please keep the goods, and send us photos and the batch or article numbers. We call you to agree on a "
        "credit or a replacement.",
    ),
    ("delivery", ""): (
        "The goods or the service came late, not at all or to the wrong place. We ask the carrier and our warehouse "
        "for the proof of delivery.",
        "we send you a copy of the proof of delivery, or a new date. If nothing was delivered, you get a credit.",
    ),
    ("other", ""): (
        "We have read what you object to, and look into it.",
        "we call you to make sure that we understood you; please tell us a time and number that suit you.",
    ),
    ("other", "duplicate"): (
        "You were billed twice for the same. We compare both invoices with the order and the delivery.",
        "please tell us the number of the other invoice, if you have it at hand. If one is a duplicate, you get a "
        "credit for it in full.",
    ),
    ("other", "tax"): (
        "The tax on the invoice is not right for you. We check the rate, the place of delivery and your exemption.",
        "please send us your exemption certificate or tax number. If we charged too much tax, you get a credit and a "
        "corrected invoice.",
    ),
    ("other", "already_paid"): (
        "You paid this invoice already. We look for your payment in our books.\n"
        "These payments reached us in the last 90 days: {payments}.",
        "please send us the proof of payment with its date, amount and reference, so that we can find and apply it.",
    ),
    ("other", "missing_po"): (
        "The invoice lacks your purchase order number, or shows another one.",
        "please tell us the right purchase order number; you get a copy of the invoice that shows it.",
    ),
    ("other", "terms"): (
        "The terms of payment on the invoice are not those that you agreed with us. We compare them with your "
        "contract.",
        "please send us the agreement that you go by. If you are right, we correct the due date and tell you the "
        "new one.",
    ),
    ("other", "freight"): (
        "You were charged freight or another extra that you did not expect. We compare it with the terms of delivery "
        "of your order.",
        "please tell us what was agreed on freight. If it was ours to bear, you get a credit for it.",
    ),
    ("other", "wrong_entity"): (
        "The invoice went to the wrong company or address.",
        "please tell us the full name, address and tax number of the company that ordered. You get a corrected "
        "invoice, and a credit for this one.",
    ),
}
