"""Tell pytest's JUnit report why a run fails whose tests passed.

In: what failed the run as a whole, by what it is about. Out: a case with a failure for
each, in the file of ``--junitxml``; nothing where none is written.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from _pytest.junitxml import LogXML

NAME = "azml-contract"


def add_failures(config: pytest.Config, failures: Mapping[str, str]) -> None:
    """Add a failed case for each name; before the report is written.

    Args:
        config: Of the session.
        failures: What fails the run, by what it is about; many lines are one text.
    """
    plugins = config.pluginmanager.get_plugins()
    reports = [one for one in plugins if isinstance(one, LogXML)]
    for xml in reports:
        for name, text in failures.items():
            for when, told in (("call", text), ("teardown", None)):
                xml.pytest_runtest_logreport(
                    pytest.TestReport(
                        nodeid=f"{NAME}::{name.replace('::', ':')}",
                        location=(NAME, None, name),
                        keywords={},
                        outcome="passed" if told is None else "failed",
                        longrepr=told,
                        when="call" if when == "call" else "teardown",
                    )
                )
