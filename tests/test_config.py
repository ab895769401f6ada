import pytest

from alikely import TrainSettings
from alikely.config import LEARN_ANGLES, read_toml
from alikely.errors import InputError, SettingsError


@pytest.mark.parametrize(
    ("given", "loss", "distance", "size"),
    [
        ({}, "contrastive", "euclidean", 64),
        ({"encoder": "koch"}, "logistic", "learned", 105),
        ({"encoder": "koch", "loss": "triplet", "size": 64}, "triplet", "euclidean", 64),
        ({"distance": "learned"}, "logistic", "learned", 64),
        ({"loss": "logistic"}, "logistic", "learned", 64),
        ({"distance": "cosine"}, "contrastive", "cosine", 64),
        *[({"loss": name}, name, "cosine", 64) for name in LEARN_ANGLES],
        ({"loss": "info_nce", "distance": "euclidean", "size": 32}, "info_nce", "euclidean", 32),
        ({"loss": "contrastive+cosface"}, "contrastive+cosface", "cosine", 64),
        ({"loss": "contrastive+triplet"}, "contrastive+triplet", "euclidean", 64),
        ({"loss": "info_nce+logistic"}, "info_nce+logistic", "learned", 64),
    ],
)
def test_what_is_not_set_is_filled_in_with_what_fits(given, loss, distance, size):
    settings = TrainSettings(**given).resolved("picture")

    assert (settings.loss, settings.distance, settings.size) == (loss, distance, size)
    assert settings.resolved("picture") == settings


def test_settings_survive_json():
    settings = TrainSettings(augment={"rotate": 8.0}, trackers=("mlflow",), encoder_settings={"dim": 8})

    assert TrainSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("size", (8, 1024), (7, 1025)),
        ("epochs", (1,), (0, 1.5)),
        ("labels_per_batch", (2,), (1,)),
        ("learning_rate", (1e-9, 10), (0, 10.1, float("nan"))),
        ("warmup", (0, 1), (-0.1, 1.1)),
        ("fmr", (1e-6, 0.999), (0, 1)),
        ("seed", (0, 2**31 - 1), (-1, 2**31)),
        ("memory_gb", (1e-9,), (0,)),
        ("clip", (None, 0.1), (0,)),
        ("colour", ("auto", "grey", "rgb"), ("blue", 3)),
        ("draw", ("every_item", "root", "equal"), ("sqrt", 0.5)),
    ],
)
def test_bounds_at_their_borders(name, allowed, refused):
    for value in allowed:
        assert getattr(TrainSettings(**{name: value}), name) == value
    for value in refused:
        with pytest.raises(SettingsError, match=f"^{name} = .*: must be "):
            TrainSettings(**{name: value})


def test_settings_of_joined_losses_stand_under_their_names(tmp_path):
    (tmp_path / "run.toml").write_text("loss = 'info_nce+cosface'\n[loss_settings.cosface]\nscale = 24\nweight = 0.5\n")
    settings = TrainSettings(**read_toml(tmp_path / "run.toml"))

    assert settings.loss_settings == {"cosface": {"scale": 24, "weight": 0.5}}
    assert TrainSettings.model_validate_json(settings.model_dump_json()) == settings


def test_all_problems_are_listed_a_line_each():
    with pytest.raises(SettingsError) as caught:
        TrainSettings(size=3, colour="blue", epoch=4, augment=7)

    assert str(caught.value).splitlines() == [
        "size = 3: must be greater than or equal to 8",
        "colour = 'blue': must be 'auto', 'grey' or 'rgb'",
        "augment = 7: must be a valid string, or a valid dictionary",
        "epoch: no such setting; did you mean epochs?",
    ]


@pytest.mark.parametrize(("shares", "fine"), [((0.3, 0.3, 0.39), True), ((0.4, 0.4, 0.2), False), ((1, 0, 0), False)])
def test_something_must_be_left_to_learn_from(shares, fine):
    names = ("validate_share", "calibrate_share", "test_share")
    given = dict(zip(names, shares, strict=True))
    if fine:
        assert TrainSettings(**given).test_share == shares[2]
    else:
        with pytest.raises(SettingsError, match="1 together, so that nothing is left"):
            TrainSettings(**given)


def test_toml_is_read_with_and_without_a_byte_order_mark(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "run.toml").write_text("loss = 'info_nce'\n[loss_settings]\nscale = 10\n", encoding=encoding)
        assert TrainSettings(**read_toml(tmp_path / "run.toml")) == TrainSettings(
            loss="info_nce", loss_settings={"scale": 10}
        )


def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path):
    (tmp_path / "run.toml").write_text("epochs: 3")
    with pytest.raises(InputError, match=r"run\.toml: is no TOML file"):
        read_toml(tmp_path / "run.toml")
    with pytest.raises(InputError, match=r"nowhere\.toml: cannot be read \(No such file"):
        read_toml(tmp_path / "nowhere.toml")
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory"):
        read_toml(tmp_path)


def test_pairs_with_scores_are_learned_from_by_their_scores():
    assert TrainSettings().resolved("text", scored=True).loss == "cosent"
    assert TrainSettings().resolved("text", scored=True).distance == "cosine"
    assert TrainSettings(loss="pearson").resolved("text", scored=True).loss == "pearson"


def test_a_bag_counts_ngrams_where_nothing_else_is_asked_for():
    assert TrainSettings(encoder="bag").resolved("text").of_preparation() == {"tokens": "ngrams"}
    words = TrainSettings(encoder="bag", preparation={"tokens": "words"}).resolved("text")
    assert words.of_preparation() == {"tokens": "words"}
    assert TrainSettings(encoder="gru").resolved("text").of_preparation() == {}
