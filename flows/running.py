"""Commands that run flows: a Prefect server at hand, the flow's state turned into an exit status."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import prefect.logging.handlers
from prefect import State

from flows import terminal
from flows.publish import publish as publish_flow
from flows.recording import Report
from flows.run import DATASETS
from flows.run import run as run_flow
from flows.server import prefect_server, wait_until_ready
from flows.settings import Settings
from warehouse.publishing import Published
