"""A customer's NetSuite account in one process: REST records, SuiteQL, both logins, and faults on demand.

Runs without Django and without the rest of the project: `python -m netsuite.sandbox --port 8001`.
"""
