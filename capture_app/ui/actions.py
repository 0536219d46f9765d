"""Everything the user can do, in one table that makes buttons, shortcuts, tooltips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from capture_app.engine.picture import View


@dataclass(frozen=True)
class ActionSpec:
    """One thing the user can do."""

    name: str
    text: str
    shortcut: str
    tip: str
    checkable: bool = False


VIEW_ACTIONS: Mapping[View, ActionSpec] = {
    View.HN_LABELS: ActionSpec(
        "view_hn", "HN-labels", "1", "Height and angle classes over the photo", True
    ),
    View.PREDICTION: ActionSpec(
        "view_prediction",
        "Prediction",
        "2",
        "The network's classes over the photo",
        True,
    ),
    View.DEPTH: ActionSpec(
        "view_depth", "Depth", "3", "Near is warm, far is cold", True
    ),
    View.COLOR: ActionSpec("view_color", "Colour", "4", "The photo alone", True),
}

ACTIONS: tuple[ActionSpec, ...] = (
    *VIEW_ACTIONS.values(),
    ActionSpec("record", "Record", "R", "Start or stop a recording", True),
    ActionSpec("fainter", "Fainter overlay", "[", "Show more of the photo"),
    ActionSpec("stronger", "Stronger overlay", "]", "Show more of the classes"),
    ActionSpec("restart", "Open the camera again", "F5", "Close and open the camera"),
    ActionSpec("quit", "Quit", "Ctrl+Q", "Close the window"),
)


def make_actions(
    window: QWidget, handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """The actions of the table by name, on `window`; the views exclude each other."""
    views = QActionGroup(window)
    view_names = {spec.name for spec in VIEW_ACTIONS.values()}
    actions = {}
    for spec in ACTIONS:
        action = QAction(spec.text, window)
        action.setShortcut(QKeySequence(spec.shortcut))
        action.setToolTip(f"{spec.tip} ({spec.shortcut})")
        action.setCheckable(spec.checkable)
        action.triggered.connect(lambda _=False, do=handlers[spec.name]: do())
        if spec.name in view_names:
            views.addAction(action)
        window.addAction(action)
        actions[spec.name] = action
    return actions
