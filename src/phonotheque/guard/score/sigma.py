"""What of it can be said as a Sigma rule, for those who watch with other tools.

A rule counts different items of one account within a time; surprise, budgets that refill and exact
counting cannot be said in it, so that it names fewer, or names honest visitors too.

Source: Sigma correlation rules, specification 2.0, `value_count`.
"""

from __future__ import annotations

from phonotheque.guard.score.judging import Report

_RULE = """\
title: Many different items fetched by one account
id: 5f0b1a52-5e0b-4b7a-9b1e-7a9d3f1c2e64
name: item_fetched
status: experimental
logsource:
  category: webserver
detection:
  fetched:
    cs-method: GET
    sc-status:
      - 200
      - 206
  furniture:
    cs-uri-stem|endswith:
      - .css
      - .js
      - .ico
  condition: fetched and not furniture
---
title: One account goes through the catalogue
id: 0a6f6c0e-6a0f-4e0e-8f0c-3d2f6b7c9a15
status: experimental
description: >-
  More different items within a day than 999 in 1,000 of {others:,} ordinary
  visitors of a log had in all of it ({most:,}).
correlation:
  type: value_count
  rules:
    - item_fetched
  group-by:
    - c-ip
  timespan: 1d
  condition:
    field: cs-uri-stem
    gt: {limit}
falsepositives:
  - Search engines, which call themselves so
  - Many people behind one address
level: medium
"""

_LEAST = 100


def sigma_rule(report: Report) -> str:
    """Return a rule in YAML: twice what one in a thousand of the others had in the whole log."""
    limit = max(_LEAST, 2 * report.most)
    return _RULE.format(others=report.others, most=report.most, limit=limit)
