"""The drafts as first written; the console edits them per contract. Placeholders are in braces."""

HOLD_TEXTS = {
    "customer_notice": {
        "subject": "{customer}: orders on hold from {today}",
        "body": """Dear {contact},

Invoice {oldest_invoice} for {oldest_amount} was due on {oldest_due} and is still unpaid, {days_overdue} days later. \
In all, {overdue} on your account is past due.
The {set_apart} that you dispute is set apart and does not count.

From today your account is on credit hold. New orders cannot be placed.
Orders already confirmed go ahead: {open_orders}.

Any one of these lifts the hold:

1. Payment of {to_pay}.
2. A payment plan agreed with us. Reply to this mail and we propose one shortly.
3. If an invoice is wrong, tell us which one and why. We set that amount apart while we check.

{rep} will call you.
You can also reach us at {company_phone}.

Accounts receivable, {company}
""",
    },
    "rep_note": {
        "subject": "{customer} is on credit hold",
        "body": """Hello {rep},

{customer} is on credit hold from today: {ar_balance} open, {days_overdue} days overdue.
Held before: {prior_holds}.
Open orders that go ahead: {open_orders}.

Recommended next call: {next_call}

New orders are refused on every path until the hold is lifted. Reason given: {reason}

Accounts receivable
""",
    },
}

LIFT_TEXTS = {
    "lift_notice": {
        "subject": "{customer}: credit hold lifted",
        "body": """Dear {contact},

The credit hold on your account is lifted as of {today}. You can place orders again.
Open on your account today: {ar_balance}, of which {overdue} is past due.

Thank you. You can reach us at {company_phone}.

Accounts receivable, {company}
""",
    },
}
