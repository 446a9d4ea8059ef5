"""Sign a bundle's folder and verify it, by the OpenSSF model signing format, offline.

Either form needs an elliptic-curve key. Whoever verifies has its public key, or the certificate of
an authority that vouches for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit.errors import CheckFailedError, InvalidPathError, UsageError

SIGNATURE = "model.sig"


@dataclass(frozen=True)
class Signer:
    """Who signs.

    Attributes:
        private_key: PEM, elliptic.
        certificate: PEM, of that key, allowed to sign (key usage "digital signature", or extended
            key usage "code signing"); None signs with the key alone.
        chain: PEM, of the authorities between that certificate and the root.

    Raises:
        UsageError: there is a chain without a certificate.
    """

    private_key: Path
    certificate: Path | None = None
    chain: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.chain and self.certificate is None:
            raise UsageError("--chain vouches for a --certificate: give that too")


@dataclass(frozen=True)
class Trust:
    """Whose signature is accepted.

    Attributes:
        public_key: PEM, elliptic; None where certificates are trusted.
        roots: PEM, of authorities; a signature needs a certificate that one of them vouches for.

    Raises:
        UsageError: neither or both are given.
    """

    public_key: Path | None = None
    roots: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if (self.public_key is None) == (not self.roots):
            raise UsageError("a signature is verified with a --public-key or with --root: give one")


def sign(place: Path, signer: Signer) -> Path:
    """Sign all that is in a bundle's folder; return the signature.

    Raises:
        MissingPackageError: model-signing is not installed.
        InvalidPathError: the folder, the key or a certificate cannot be read, or they do not
            belong together.
    """
    from model_signing import hashing, signing

    path = place / SIGNATURE
    key, certificate = signer.private_key, signer.certificate
    _check(place, [key, *([] if certificate is None else [certificate]), *signer.chain])
    hashed = hashing.Config().set_ignored_paths(paths=[path], ignore_git_paths=False)
    try:
        config = signing.Config().set_hashing_config(hashed)
        if certificate is None:
            config.use_elliptic_key_signer(private_key=key)
        else:
            config.use_certificate_signer(
                private_key=key,
                signing_certificate=certificate,
                certificate_chain=signer.chain or [certificate],
            )
        config.sign(place, path)
    except (ValueError, TypeError, OSError) as error:
        raise InvalidPathError(f"cannot sign {place} with {key}: {error}") from error
    return path


def verify(place: Path, trust: Trust) -> None:
    """Verify a bundle's folder.

    Raises:
        MissingPackageError: model-signing is not installed.
        InvalidPathError: the folder, its signature, the key or a certificate cannot be read.
        CheckFailedError: something was changed, added or taken away since, or somebody else signed.
    """
    from model_signing import verifying

    path = place / SIGNATURE
    given: Sequence[Path] = trust.roots if trust.public_key is None else [trust.public_key]
    _check(place, given)
    if not path.is_file():
        raise InvalidPathError(f"{place} is not signed: there is no {SIGNATURE} in it")
    names = ", ".join(map(str, given))
    try:
        config = verifying.Config()
        if trust.public_key is None:
            config.use_certificate_verifier(certificate_chain=trust.roots)
        else:
            config.use_elliptic_key_verifier(public_key=trust.public_key)
    except (ValueError, TypeError, OSError) as error:
        what = "certificate" if trust.public_key is None else "public key"
        raise InvalidPathError(f"{names} is no {what}: {error}") from error
    try:
        config.verify(place, path)
    except Exception as error:  # the library's errors share no base class
        raise CheckFailedError(
            f"{place} is not what was signed: {error}", reason_code="bad-signature"
        ) from error


def _check(place: Path, files: Sequence[Path]) -> None:
    if not place.is_dir():
        raise InvalidPathError(f"{place}: no such folder")
    for each in files:
        if not each.is_file():
            raise InvalidPathError(f"{each}: no such file")
