"""A bundle through a registry and back, and its signature."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgekit.bundle import Built
from edgekit.bundle.sharing import model_pack, registry, signing
from edgekit.bundle.sharing.registry import Registry
from edgekit.bundle.sharing.signing import Signer, Trust
from edgekit.cli import run as run_cli
from edgekit.errors import (
    CheckFailedError,
    EnvironmentMissingError,
    InvalidPathError,
    RefusedError,
    UsageError,
    WouldOverwriteError,
)
from tests.specimens.machines import oci


def _files(folder: Path) -> dict[str, bytes]:
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


@pytest.fixture(params=["stand-in", "real"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("oras")
    if request.param == "stand-in":
        with oci.stand_in() as (found, _, _):
            yield found
        return
    if shutil.which(oci.PROGRAM) is None:
        pytest.skip(f"{oci.PROGRAM} is not installed here (Debian's package of that name)")
    (tmp_path / "registry").mkdir()
    with oci.real(tmp_path / "registry") as found:
        yield found


def test_a_bundle_comes_back_as_it_went(host: str, built: Built, tmp_path: Path) -> None:
    target = f"{host}/models/brightest:1"
    assert run_cli(["bundle", "push", str(built.path), target, "--plain-http"]) == 0
    folder = tmp_path / "pulled"
    pull = ["bundle", "pull", target, "--plain-http", "-o", str(folder)]
    assert run_cli(pull) == 0
    assert _files(folder / built.path.name) == _files(built.path)
    assert run_cli(["check", str(folder / built.path.name)]) == 0
    assert run_cli(pull) == WouldOverwriteError.exit_code
    assert run_cli([*pull, "--force"]) == 0
    assert _files(folder) == {f"{built.path.name}/{k}": v for k, v in _files(built.path).items()}


@pytest.fixture
def kept(built: Built) -> Iterator[tuple[Registry, dict[str, bytes], dict[str, bytes]]]:
    """A pushed bundle, in a registry that can be tampered with."""
    pytest.importorskip("oras")
    with oci.stand_in() as (found, blobs, manifests):
        target = Registry(f"{found}/m:1", plain_http=True)
        registry.push(built.path, target)
        yield target, blobs, manifests


def test_it_is_a_model_pack(
    kept: tuple[Registry, dict[str, bytes], dict[str, bytes]], built: Built
) -> None:
    _, blobs, manifests = kept
    (content,) = manifests.values()
    manifest = json.loads(content)
    assert manifest["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    types = {row["annotations"][model_pack.PATH]: row["mediaType"] for row in manifest["layers"]}
    assert set(types) == set(_files(built.path))
    for entry in built.bundle.models:
        assert types[entry.path] == "application/vnd.cncf.model.weight.v1.raw"
    assert types["README.md"].endswith("model.doc.v1.raw")
    config = json.loads(blobs[manifest["config"]["digest"]])
    assert config["modelfs"]["diffIds"] == [row["digest"] for row in manifest["layers"]]
    assert config["config"]["paramSize"] == str(built.bundle.params)


@pytest.mark.parametrize(
    ("change", "reason"),
    [("path", "escaping-path"), ("type", "bad-bundle"), ("blob", "bad-bundle"),
     ("missing", "bad-bundle"), ("size", "bad-bundle")],
)  # fmt: skip
def test_what_was_tampered_with_is_refused(
    change: str,
    reason: str,
    kept: tuple[Registry, dict[str, bytes], dict[str, bytes]],
    tmp_path: Path,
) -> None:
    target, blobs, manifests = kept
    ((path, content),) = manifests.items()
    manifest = json.loads(content)
    row = manifest["layers"][0]
    if change == "path":
        row["annotations"][model_pack.PATH] = "../evil"
    elif change == "type":
        manifest["artifactType"] = "application/x"
    elif change == "blob":
        blobs[row["digest"]] += b"x"
    elif change == "missing":
        del manifest["layers"][0]
    else:
        row["size"] = 1 << 60
    manifests[path] = json.dumps(manifest).encode()
    with pytest.raises(RefusedError) as caught:
        registry.pull(target, tmp_path / "pulled")
    assert caught.value.reason_code == reason
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


def test_what_cannot_be_pushed_or_found(built: Built, copied: Path, tmp_path: Path) -> None:
    pytest.importorskip("oras")
    (copied / "README.md").write_text("other")
    with oci.stand_in() as (host, blobs, _):
        with pytest.raises(RefusedError, match=r"README\.md"):
            registry.push(copied, Registry(f"{host}/m:1", plain_http=True))
        assert blobs == {}
        with pytest.raises(EnvironmentMissingError):
            registry.pull(Registry(f"{host}/absent:1", plain_http=True), tmp_path / "x")
    with pytest.raises(InvalidPathError, match="HOST/NAME"):
        registry.push(built.path, Registry("nowhere"))


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    pytest.importorskip("model_signing")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


def test_a_signature_is_accepted_until_something_changes(
    keys: tuple[Path, Path], copied: Path
) -> None:
    private, public = keys
    verify = ["bundle", "verify", str(copied), "--public-key", str(public)]
    assert run_cli(verify) == InvalidPathError.exit_code  # it is not signed yet
    assert run_cli(["bundle", "sign", str(copied), "--private-key", str(private)]) == 0
    assert run_cli(verify) == 0
    assert run_cli(["check", str(copied)]) == 0  # the signature is no foreign file
    labels = copied / "labels" / "labels.txt"
    whole = labels.read_bytes()
    labels.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
    assert run_cli(verify) == 1
    labels.write_bytes(whole)
    (copied / "extra.txt").write_text("x")
    with pytest.raises(CheckFailedError) as caught:
        signing.verify(copied, Trust(public))
    assert caught.value.reason_code == "bad-signature"
    (copied / "extra.txt").unlink()
    assert run_cli(verify) == 0
    with pytest.raises(InvalidPathError):
        signing.verify(copied, Trust(labels))


def _certified(folder: Path, name: str, issuer: tuple[Any, Any] | None) -> tuple[Any, Any]:
    """Write a key and its certificate, by an issuer or by itself; return both."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    is_authority = name != "signer"
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[1].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not is_authority, key_cert_sign=is_authority, **usage),
            critical=True,
        )
        .sign(key if issuer is None else issuer[0], hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.key").write_bytes(private)
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    return key, certificate


def test_a_certificate_vouches_for_a_signature(tmp_path: Path, copied: Path) -> None:
    pytest.importorskip("model_signing")
    root = _certified(tmp_path, "root", None)
    between = _certified(tmp_path, "between", root)
    _certified(tmp_path, "signer", between)
    _certified(tmp_path, "stranger", None)
    pem = {each.stem: str(each) for each in tmp_path.glob("*.pem")}
    sign = ["bundle", "sign", str(copied), "--private-key", str(tmp_path / "signer.key")]
    certified = [*sign, "--certificate", pem["signer"], "--chain", pem["between"]]
    verify = ["bundle", "verify", str(copied)]
    assert run_cli(certified) == 0
    assert run_cli([*verify, "--root", pem["root"]]) == 0
    assert run_cli([*verify, "--root", pem["stranger"]]) == 1
    assert run_cli([*verify, "--root", str(tmp_path / "root.key")]) == InvalidPathError.exit_code
    (copied / "extra.txt").write_text("x")
    assert run_cli([*verify, "--root", pem["root"]]) == 1
    (copied / "extra.txt").unlink()
    assert run_cli([*sign, "--certificate", pem["stranger"]]) == InvalidPathError.exit_code
    assert run_cli([*sign, "--chain", pem["between"]]) == UsageError.exit_code
    assert run_cli(verify) == UsageError.exit_code
    with pytest.raises(UsageError):
        Trust(Path("a"), (Path("b"),))
    assert Signer(Path("a")).certificate is None
