"""What all forms of the support plan carry along."""

from __future__ import annotations

from typing import Any

from cards.view import View


def hidden_fields(view: View, form: str, **more: str) -> dict[str, Any]:
    carried = {k: v for k, v in more.items() if v}
    return {"case": view.case.id, "step": view.case.step, "nonce": view.nonce, "form": form, **carried}


def for_field(for_whom: str) -> dict[str, str]:
    return {"for": for_whom} if for_whom else {}
