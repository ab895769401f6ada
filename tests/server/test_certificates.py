"""The certificate that a service is given: one that clients would refuse is told at the start, with the way out."""

from datetime import UTC, datetime, timedelta

import pytest

from alikely.errors import ServiceError
from alikely.server.certificates import check_certificate, check_dates
from tests.commands import refused


def test_files_that_do_not_fit(certificates, tmp_path):
    one = certificates / "one.pem"
    check_certificate(one, certificates / "one.key")
    with pytest.raises(ServiceError, match="does not belong to the certificate"):
        check_certificate(one, certificates / "two.key")
    with pytest.raises(ServiceError, match="cannot be read"):
        check_certificate(one, tmp_path / "none.key")
    with pytest.raises(ServiceError, match="no certificate and its key"):
        check_certificate(certificates / "one.key", one)
    with pytest.raises(ServiceError, match="password"):
        check_certificate(one, certificates / "locked.key")


def test_one_that_has_expired_is_refused_at_the_start(certificates, tmp_path):
    file, key = certificates / "expired.pem", certificates / "expired.key"
    said = refused("serve", "model", "--certificate", file, "--private-key", key, "--state", tmp_path / "state")
    assert said.startswith(f"{file}: has expired: it was valid until 2020-12-31 23:59 UTC; have it renewed")
    assert "clock says" in said
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("future", "future.pem: is not valid yet, but from 2120-01-01 00:00 UTC on; wait until then"),
        ("person", r"person.pem: clients would refuse it \(.*purpose\); have one made for a server"),
    ],
)
def test_one_that_clients_would_refuse(certificates, name, said):
    with pytest.raises(ServiceError, match=said):
        check_certificate(certificates / f"{name}.pem", certificates / f"{name}.key")


def test_one_file_may_hold_the_key_and_others_that_signed_it(certificates, tmp_path):
    # Only the first is the service's own: of those behind it, clients may know newer ones.
    both = tmp_path / "both.pem"
    both.write_text("".join((certificates / name).read_text() for name in ("one.key", "one.pem", "expired.pem")))
    check_certificate(both, both)


def test_it_is_valid_from_the_first_second_to_the_last(tmp_path):
    begins, ends, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), timedelta(seconds=1)
    for now in (begins, ends):
        check_dates(tmp_path, begins, ends, now)
    with pytest.raises(ServiceError, match="not valid yet, but from 2026-01-01 00:00 UTC"):
        check_dates(tmp_path, begins, ends, begins - second)
    with pytest.raises(ServiceError, match="valid until 2026-02-01 00:00 UTC"):
        check_dates(tmp_path, begins, ends, ends + second)
