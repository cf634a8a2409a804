"""The annotation site: pages and an API over a store, with one guard in front of everything.

Needs the extra `web`; whoever is outside of this folder imports it late.
"""
