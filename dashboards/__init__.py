"""Grafana's dashboards as Python: `python -m dashboards FOLDER` writes their JSON.

Not part of the installed service: what it imports is in the extra `dev`.
"""
