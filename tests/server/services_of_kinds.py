"""A kind of items -> a service of a small model of them, with a gallery."""

from starlette.testclient import TestClient

from alikely.gallery import Gallery
from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.storage import save_model
from tests.server.models_of_kinds import model_of


def service_of(kind, root) -> TestClient:
    """A service of one kind of items, with a gallery."""
    model, examples = model_of(kind)
    save_model(model, root / "model")
    with Gallery.create(root / "people", root / "model") as gallery:
        gallery.enrol(examples)
    folders = Folders(model=root / "model", galleries=(root / "people",))
    app = create_app(open_served(folders, ServeSettings(state=root / "state")))
    return TestClient(app, base_url="http://localhost")
