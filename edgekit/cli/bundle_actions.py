"""``edgekit bundle push``, ``pull``, ``sign`` and ``verify``: a bundle on its way to others."""

from __future__ import annotations

from pathlib import Path

import click

from edgekit.cli.shared.progress import working

_path = click.Path(path_type=Path)
_plain = click.option("--plain-http", is_flag=True, help="Speak HTTP to the registry, not HTTPS.")


@click.command("push")
@click.argument("bundle", type=_path)
@click.argument("target", metavar="HOST/NAME:TAG")
@_plain
def push(bundle: Path, target: str, *, plain_http: bool) -> None:
    """Push the folder BUNDLE to an OCI registry, in the media types of ModelPack.

    Needs the package oras; credentials are those that `docker login` keeps.
    """
    from edgekit.bundle.sharing import registry

    with working("push") as say:
        found = registry.push(bundle, registry.Registry(target, plain_http), say=say)
    click.echo(f"{target} {found}")


@click.command("pull")
@click.argument("target", metavar="HOST/NAME:TAG")
@click.option("-o", "--output", "folder", type=_path, default=Path(), help="Where it goes.")
@click.option("--force", is_flag=True, help="Replace a bundle of that name.")
@_plain
def pull(target: str, folder: Path, *, force: bool, plain_http: bool) -> None:
    """Pull a bundle from an OCI registry, and compare every file with its hash."""
    from edgekit.bundle.sharing import registry

    with working("pull") as say:
        source = registry.Registry(target, plain_http)
        click.echo(str(registry.pull(source, folder, force=force, say=say)))


@click.command("sign")
@click.argument("bundle", type=_path)
@click.option("--private-key", type=_path, metavar="FILE", required=True, help="PEM, elliptic.")
@click.option(
    "--certificate",
    type=_path,
    metavar="FILE",
    help="PEM, of that key: whoever verifies then needs the authority's, not the key.",
)
@click.option(
    "--chain",
    type=_path,
    multiple=True,
    metavar="FILE",
    help="PEM, of an authority between that certificate and the root; may be given again.",
)
def sign(
    bundle: Path, private_key: Path, certificate: Path | None, chain: tuple[Path, ...]
) -> None:
    """Sign the folder BUNDLE into its model.sig (OpenSSF model signing; offline)."""
    from edgekit.bundle.sharing import signing

    click.echo(str(signing.sign(bundle, signing.Signer(private_key, certificate, chain))))


@click.command("verify")
@click.argument("bundle", type=_path)
@click.option("--public-key", type=_path, metavar="FILE", help="PEM, elliptic.")
@click.option(
    "--root",
    "roots",
    type=_path,
    multiple=True,
    metavar="FILE",
    help="PEM, the certificate of an authority that vouches for the signer's; may be given again.",
)
def verify(bundle: Path, public_key: Path | None, roots: tuple[Path, ...]) -> None:
    """Verify the signature of the folder BUNDLE: exit code 1 if anything in it changed.

    Give the signer's --public-key, or --root for those who signed with a certificate.
    """
    from edgekit.bundle.sharing import signing

    signing.verify(bundle, signing.Trust(public_key, roots))
    click.echo(f"{bundle} is what was signed")


ACTIONS = {each.name or "": each for each in (push, pull, sign, verify)}
"""By the word after ``edgekit bundle``."""
