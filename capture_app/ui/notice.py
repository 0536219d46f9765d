"""What the window says over the picture."""

from capture_app.engine.live import LiveView
from capture_app.engine.picture import COMPARED_VIEWS, Picture
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import SourceState

_PREPARING = "Preparing the label engine (up to 20 seconds on the first start)…"
_LOADING = "Loading the network…"


def notice(
    session: CaptureSession, live: LiveView, picture: Picture | None
) -> tuple[str, float | None]:
    """A sentence, perhaps "", and how far a long opening is (0..1)."""
    match session.source_state:
        case SourceState.OPENING:
            return _opening(session)
        case SourceState.RECONNECTING:
            return "The camera is lost. Waiting for it to come back…", None
        case SourceState.STREAMING | SourceState.ENDED if _awaits_labels(live, picture):
            return _PREPARING, None
        case SourceState.ENDED:
            return "The end. F5 plays it again.", None
        case SourceState.FAILED if picture is None:
            return "No picture", None
        case SourceState.STREAMING if picture is None:
            return "Waiting for the first frame…", None
        case SourceState.STREAMING if live.is_loading:
            return _LOADING, None
    if picture is not None and live.lacks_floor(picture):
        return "No floor in view: point the camera at the floor", None
    return "", None


def _opening(session: CaptureSession) -> tuple[str, float | None]:
    text = session.sensor.opening_text
    if session.opening_progress is None:
        return f"{text}…", None
    done, total = session.opening_progress
    share = done / max(total, 1)
    return f"{text}: {100 * share:.0f} %", share


def _awaits_labels(live: LiveView, picture: Picture | None) -> bool:
    return (
        live.is_preparing
        and picture is not None
        and picture.settings.view in COMPARED_VIEWS
    )
