"""Sign a bundle's folder and verify it, by the OpenSSF model signing format, offline with keys."""

from __future__ import annotations

from pathlib import Path

from edgekit.errors import CheckFailedError, InvalidPathError

SIGNATURE = "model.sig"


def sign(place: Path, private_key: Path) -> Path:
    """Sign all that is in a bundle's folder with an elliptic-curve key; return the signature.

    Raises:
        MissingPackageError: model-signing is not installed.
        InvalidPathError: the folder or the key cannot be read.
    """
    from model_signing import hashing, signing

    path = place / SIGNATURE
    _check(place, private_key)
    hashed = hashing.Config().set_ignored_paths(paths=[path], ignore_git_paths=False)
    try:
        config = signing.Config().set_hashing_config(hashed)
        config.use_elliptic_key_signer(private_key=private_key).sign(place, path)
    except (ValueError, TypeError, OSError) as error:
        raise InvalidPathError(f"cannot sign {place} with {private_key}: {error}") from error
    return path


def verify(place: Path, public_key: Path) -> None:
    """Verify a bundle's folder.

    Raises:
        MissingPackageError: model-signing is not installed.
        InvalidPathError: the folder, its signature or the key cannot be read.
        CheckFailedError: something was changed, added or taken away since, or another key signed.
    """
    from model_signing import verifying

    path = place / SIGNATURE
    _check(place, public_key)
    if not path.is_file():
        raise InvalidPathError(f"{place} is not signed: there is no {SIGNATURE} in it")
    try:
        config = verifying.Config().use_elliptic_key_verifier(public_key=public_key)
    except (ValueError, TypeError, OSError) as error:
        raise InvalidPathError(f"{public_key} is no public key: {error}") from error
    try:
        config.verify(place, path)
    except Exception as error:  # the library's errors share no base class
        raise CheckFailedError(
            f"{place} is not what was signed: {error}", reason_code="bad-signature"
        ) from error


def _check(place: Path, key: Path) -> None:
    if not place.is_dir():
        raise InvalidPathError(f"{place}: no such folder")
    if not key.is_file():
        raise InvalidPathError(f"{key}: no such file")
