"""The kernel over the API: proposals, runs, mails, switches."""
