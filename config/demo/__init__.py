"""The demo: an invented wholesale business, loaded into the NetSuite sandbox, with a past in Holdgate.

Names, people and addresses are made up; `.example` addresses reach nobody.
"""
