"""Holds what goes to Graph, and what its stand-in answers, to the published contract (where it lies beside the clone)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from requests import Request, Response

from bot.practice.graph import Exchange

CONTRACT = Path(__file__).parents[2] / "shared" / "contracts" / "graph-subset.openapi.yaml"
HOST = "https://graph.microsoft.com"


@functools.cache
def _contract() -> Any:
    """None in a clone without it. Reading it takes a second, so once for all tests."""
    if not CONTRACT.is_file():
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(CONTRACT.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader, both
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))  # type: ignore[arg-type]  # None: as documented


class Contract:
    """`graph.watch = contract`; afterwards `contract.complaints` says what was wrong, an entry a fault."""

    def __init__(self) -> None:
        _contract()  # now, and not while the bot waits for the first answer
        self.complaints: list[str] = []
        self.seen = 0

    def __call__(self, exchange: Exchange) -> None:
        self.seen += 1
        contract = _contract()
        if contract is None:
            return
        query = f"?{urlencode(exchange.query)}" if exchange.query else ""
        request = Request(
            exchange.method, f"{HOST}{exchange.path}{query}", headers=dict(exchange.headers), data=exchange.body
        )
        asked = RequestsOpenAPIRequest(request)
        answer = Response()
        answer.status_code = exchange.status
        answer._content = exchange.answer  # as requests itself fills one
        answer.headers.update(exchange.answer_headers)
        what = f"{exchange.method} {exchange.path.partition('/users/')[0]} {exchange.status}"
        if exchange.status not in (400, 404):  # what the stand-in refuses may well be out of the contract
            self._hold(what, lambda: contract.validate_request(asked))
        self._hold(what, lambda: contract.validate_response(asked, RequestsOpenAPIResponse(answer)))

    def _hold(self, what: str, check: Any) -> None:
        try:
            check()
        except OpenAPIError as fault:
            errors = getattr(fault.__cause__, "schema_errors", ())
            self.complaints.append(f"{what}: {fault} {[e.message for e in errors]}")
