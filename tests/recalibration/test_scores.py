import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alikely
from alikely.errors import InputError, SettingsError
from alikely.recalibration.elsewhere import Similarities
from alikely.recalibration.scores import INDEPENDENT, scores_of
from tests.recalibration.made import columns, table

pytest.importorskip("pyarrow")


def test_distances_and_identities_by_hand(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(
        "distance;same;left_identity;right_identity;camera\n0.5;yes;anna;anna;1\n1.25;0;anna;ben;2\n0.75;different;cora;ben;2\n"
    )

    found = scores_of(path)

    assert found.pairs.same.tolist() == [0.5]
    assert found.pairs.different.tolist() == [1.25, 0.75]
    assert found.pairs.same_identities.tolist() == [[0, 0]]
    assert found.pairs.different_identities.tolist() == [[0, 1], [2, 1]]
    assert (found.pairs.identities, found.distance, found.similarities, found.notes) == (3, "distance", None, ())


def test_similarities_become_distances_by_hand():
    found = scores_of({"similarity": [7.0, -2.0, 10.0], "same": [True, False, True]}, largest_similarity=10.0)

    assert found.pairs.same.tolist() == [3.0, 0.0]
    assert found.pairs.different.tolist() == [12.0]
    assert found.distance == "10 - similarity"
    assert found.similarities.at(3.0) == 7.0


def test_without_identities_each_pair_is_its_own_and_that_is_said():
    found = scores_of({"distance": [0.1, 0.2, 0.3], "same": [1, 0, 0]})

    assert found.pairs.same_identities.tolist() == [[0, 0]]
    assert found.pairs.different_identities.tolist() == [[1, 1], [2, 2]]
    assert found.pairs.identities == 3
    assert found.notes == (INDEPENDENT,)


def write_jsonl(path, given):
    rows = [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)))


def write_parquet(path, given):
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(given), path)


@pytest.mark.parametrize(("name", "write"), [("s.csv", table), ("s.jsonl", write_jsonl), ("s.parquet", write_parquet)])
def test_every_kind_of_table_and_the_columns_give_the_same(tmp_path, name, write):
    given = columns(identities=12)
    write(tmp_path / name, given)

    from_file, from_columns = scores_of(tmp_path / name), scores_of(given)

    np.testing.assert_array_equal(from_file.pairs.different, from_columns.pairs.different)
    np.testing.assert_array_equal(from_file.pairs.same_identities, from_columns.pairs.same_identities)
    assert alikely.calibrate_scores(tmp_path / name).to_dict() == alikely.calibrate_scores(given).to_dict()


def test_similarities_and_the_distances_from_them_give_the_same_decisions():
    similar, apart = alikely.calibrate_scores(columns()), alikely.calibrate_scores(columns(kind="distance"))

    for one, other in zip(similar.rates, apart.rates, strict=True):
        assert one.reason == other.reason
        if one.threshold is not None:
            assert one.threshold.distance == pytest.approx(other.threshold.distance, abs=1e-12)
            assert one.threshold.similarity == pytest.approx(1 - other.threshold.distance, abs=1e-12)
            assert other.threshold.similarity is None


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.data())
def test_a_threshold_as_similarity_accepts_exactly_the_same_pairs(values, data):
    given_values = np.array(values)
    similarities = Similarities.of(given_values, 1.0)
    distances = similarities.distances(given_values)
    threshold = data.draw(st.sampled_from(distances.tolist()))

    np.testing.assert_array_equal(given_values >= similarities.at(threshold), distances <= threshold)
    assert similarities.at(float(distances.min()) - 1) is None


def test_a_cosine_a_little_above_1_counts_as_1():
    found = scores_of({"similarity": np.array([1.0000002, 0.5]), "same": [True, False]})

    assert found.pairs.same.tolist() == [0.0]


@pytest.mark.parametrize(
    ("given_columns", "message"),
    [
        ({"distance": [1.0, np.nan], "same": [1, 0]}, "the scores, row 2: the distance is nan; it must be a finite"),
        ({"distance": [-1.0, -2.0], "same": [1, 0]}, r"row 1: the distance is -1 \(and 1 more rows .* 'similarity'"),
        ({"similarity": [0.5, 1.2], "same": [1, 0]}, "row 2: .* 1.2 is above the largest .* 1; .* at least 1.2"),
        ({"distance": [1.0], "same": [2]}, "row 1: same is .*2.*; say True or False"),
        ({"distance": [1.0, 2.0], "same": [1]}, r"same length, got distance \(2,\), same \(1,\)"),
        ({"distance": ["a"], "same": [1]}, "the column 'distance' must hold numbers"),
        ({"same": [1]}, "has the columns same, but needs distance,same or similarity,same"),
        ({}, "has the columns none"),
        ({"distance": [1.0], "similarity": [1.0], "same": [1]}, "both a column 'distance' and a column 'similarity'"),
        ({"distance": [1.0], "same": [1], "left_identity": ["a"]}, "the column 'left_identity' alone"),
        (
            {"distance": [1.0], "same": [1], "left_identity": ["a"], "right_identity": ["b"]},
            "row 1: the pair is called same, but its identities differ: 'a' and 'b'",
        ),
    ],
)
def test_columns_that_cannot_be_used(given_columns, message):
    with pytest.raises(InputError, match=message):
        scores_of(given_columns)


def test_a_largest_similarity_that_is_none():
    with pytest.raises(SettingsError, match="must be a finite number, got inf"):
        scores_of(columns(), largest_similarity=float("inf"))
