"""Files that hold keys or passwords. They are never read into the library, whoever asks."""

from __future__ import annotations

import re

_NAMES = re.compile(
    r"\.env(?:rc)?|\.env\..+|[._]netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.npmrc|\.pypirc|"
    r"\.htpasswd|\.vault-token|\.s3cfg|\.boto|"
    r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|"
    r"credentials(?:\.(?:json|ya?ml|toml|ini|db))?|client_secrets?.*\.json|"
    r"service[-_]account.*\.json|application_default_credentials\.json|"
    r".*\.(?:ppk|p12|pfx|p8|kdbx?|jks|keystore|agilekeychain|opvault|tfstate)",
    re.I,
)
_SAMPLES = re.compile(r"\.env\.(?:example|sample|template|dist)", re.I)
_KEY_NAMES = re.compile(r".*\.(?:pem|key|crt|cer|asc|gpg|priv|private)", re.I)
_PRIVATE_KEY = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY|"
    rb"PuTTY-User-Key-File-\d"
)


def is_secret(name: str) -> bool:
    """Whether a file of this name holds keys or passwords."""
    return _NAMES.fullmatch(name) is not None and _SAMPLES.fullmatch(name) is None


def holds_private_key(head: bytes, name: str = "") -> bool:
    """Whether a file that begins with ``head`` is a private key.

    In a file that is called like one it may stand behind something else, such as a certificate;
    elsewhere it must come first, because documents quote keys.
    """
    if _KEY_NAMES.fullmatch(name):
        return _PRIVATE_KEY.search(head) is not None
    return _PRIVATE_KEY.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()[:100]) is not None
