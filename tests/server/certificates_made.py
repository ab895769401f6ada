"""A folder -> certificates with their keys in it, made by openssl."""

import subprocess
from pathlib import Path

# So that a certificate of any dates can be made, with any purpose.
SETTINGS = """
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[server]
subjectAltName = DNS:localhost,IP:127.0.0.1
[person]
extendedKeyUsage = clientAuth
"""


def make_certificates(folder: Path) -> Path:
    """NAME.pem with NAME.key, each signed by itself: one and two are valid now, expired was in 2020, future is in 2120,
    person is no server's; locked.key is one.key with a password. Answers the folder."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    (folder / "settings").write_text(SETTINGS)
    (folder / "index.txt").touch()
    for name, dates, purpose in (
        ("one", ("-days", "2"), "server"),
        ("two", ("-days", "2"), "server"),
        ("expired", ("-startdate", "20200101000000Z", "-enddate", "20201231235959Z"), "server"),
        ("future", ("-startdate", "21200101000000Z", "-enddate", "21201231235959Z"), "server"),
        ("person", ("-days", "2"), "person"),
    ):
        openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"),
            *("-keyout", f"{name}.key", "-out", "request"),
        )
        openssl(
            *("ca", "-config", "settings", "-batch", "-selfsign", "-create_serial", "-notext", "-extensions", purpose),
            *(*dates, "-keyfile", f"{name}.key", "-in", "request", "-out", f"{name}.pem"),
        )
    openssl("ec", "-aes256", "-passout", "pass:secret", "-in", "one.key", "-out", "locked.key")
    return folder
