"""The doctor on the certificate that stands for the client secret: what Entra would only call not good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.doctor import Mark
from bot.doctor.settings import look
from tests.install.test_doctor import REAL


def certified(file: Path, *, begins: float = -300, ends: float = 60, own_key: bool = True) -> dict[str, str]:
    """Settings with a certificate, in *file*, that holds from and to so many days from now."""
    key, another = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pathway.northdale.ac.uk")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .sign(key, hashes.SHA256())
    )
    private = (key if own_key else another).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    file.chmod(0o600)
    return {name: value for name, value in REAL.items() if name != "MicrosoftAppPassword"} | {
        "MicrosoftAppCertificate": str(file)
    }


def seen(env: dict[str, str], folder: Path) -> list[tuple[Mark, str]]:
    return [(finding.mark, finding.sentence) for finding in look(env, folder).findings]


def test_a_good_one_is_well(tmp_path: Path) -> None:
    env = certified(tmp_path / "pathway.pem")

    assert seen(env, tmp_path) == [(Mark.WELL, "Everything that must be set is set: one tenant, with a certificate.")]


@pytest.mark.parametrize(
    ("begins", "ends", "mark", "words"),
    [
        (-300, 29, Mark.NOTE, "ends on"),
        (-300, -0.1, Mark.WRONG, "ended on"),
        (1, 300, Mark.WRONG, "begins on"),
    ],
)
def test_one_that_ends_soon_is_noted_and_one_out_of_its_time_is_wrong(
    tmp_path: Path, begins: float, ends: float, mark: Mark, words: str
) -> None:
    found = seen(certified(tmp_path / "pathway.pem", begins=begins, ends=ends), tmp_path)

    assert found[-1][0] is mark
    assert found[-1][1].startswith(f"The certificate of MicrosoftAppCertificate {words}")


def test_a_key_that_is_not_the_certificates_is_seen_before_entra_says_no(tmp_path: Path) -> None:
    ((mark, sentence),) = seen(certified(tmp_path / "pathway.pem", own_key=False), tmp_path)

    assert mark is Mark.WRONG
    assert "the private key is another one than the certificate's" in sentence


def test_a_file_that_others_can_read_is_told_of(tmp_path: Path) -> None:
    env = certified(tmp_path / "pathway.pem")
    (tmp_path / "pathway.pem").chmod(0o640)
    assert [mark for mark, _ in seen(env, tmp_path)] == [Mark.WELL], "its group may: that can be the bot's"
    (tmp_path / "pathway.pem").chmod(0o644)

    ((mark, sentence),) = seen(env, tmp_path)

    assert mark is Mark.WRONG
    assert "Run chmod o= on it" in sentence
