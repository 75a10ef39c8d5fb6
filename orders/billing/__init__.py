"""Billing of contracts: periods and parts of periods, and invoices as NetSuite takes them."""
