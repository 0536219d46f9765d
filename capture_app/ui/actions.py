"""Everything the user can do, in one table that makes buttons, shortcuts, tooltips."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from capture_app.engine.networks import KINDS
from capture_app.engine.picture import TASKS_OF, View
from core.prediction import Task


@dataclass(frozen=True)
class ActionSpec:
    """One thing the user can do."""

    name: str
    text: str
    shortcut: str
    tip: str
    checkable: bool = False
    tasks: frozenset[Task] = frozenset()
    """Of the networks without which it cannot be done."""


def _view(view: View, name: str, text: str, key: str, tip: str) -> ActionSpec:
    return ActionSpec(f"view_{name}", text, key, tip, True, TASKS_OF[view])


VIEW_ACTIONS: Mapping[View, ActionSpec] = {
    view: _view(view, *words)
    for view, words in {
        View.HN_LABELS: (
            "hn",
            "HN-labels",
            "1",
            "Height and angle classes from depth over the photo",
        ),
        View.HN_PREDICTION: (
            "hn_prediction",
            "HN prediction",
            "2",
            "Height and angle classes that the network sees in the photo",
        ),
        View.SEMANTIC: (
            "semantic",
            "Semantic",
            "3",
            "The semantic network's classes over the photo",
        ),
        View.BOTH: (
            "both",
            "Both",
            "4",
            "Semantic classes filled, the HN prediction as lines over them",
        ),
        View.DISAGREEMENT: (
            "disagreement",
            "Disagreement",
            "5",
            "Where the HN prediction is not what depth says",
        ),
        View.DEPTH: ("depth", "Depth", "6", "Near is warm, far is cold"),
        View.COLOR: ("color", "Colour", "7", "The photo alone"),
    }.items()
}

ACTIONS: tuple[ActionSpec, ...] = (
    *VIEW_ACTIONS.values(),
    ActionSpec("record", "Record", "R", "Start or stop a recording", True),
    ActionSpec(
        "collect",
        "Collect",
        "C",
        "Keep frames at which the HN network is very wrong, for its next training",
        True,
        frozenset({"hn"}),
    ),
    ActionSpec("fainter", "Fainter overlay", "[", "Show more of the photo"),
    ActionSpec("stronger", "Stronger overlay", "]", "Show more of the classes"),
    ActionSpec("restart", "Open the camera again", "F5", "Close and open the camera"),
    ActionSpec("quit", "Quit", "Ctrl+Q", "Close the window"),
)

_FILES: Mapping[Task, str] = {
    "hn": "runs/NAME/model_hn.onnx",
    "semantic": "runs/NAME/model.onnx",
}


def make_actions(
    window: QWidget,
    handlers: Mapping[str, Callable[[], object]],
    tasks: Collection[Task],
) -> dict[str, QAction]:
    """The actions of the table by name, on `window`; the views exclude each other.

    Those that need other networks than those for `tasks` are off and say why.
    """
    views = QActionGroup(window)
    view_names = {spec.name for spec in VIEW_ACTIONS.values()}
    actions = {}
    for spec in ACTIONS:
        action = QAction(spec.text, window)
        action.setShortcut(QKeySequence(spec.shortcut))
        action.setToolTip(tip(spec, tasks))
        action.setCheckable(spec.checkable)
        action.setEnabled(spec.tasks <= set(tasks))
        action.triggered.connect(lambda _=False, do=handlers[spec.name]: do())
        if spec.name in view_names:
            views.addAction(action)
        window.addAction(action)
        actions[spec.name] = action
    return actions


def tip(spec: ActionSpec, tasks: Collection[Task]) -> str:
    """What it does, and what it lacks with networks for `tasks` alone."""
    text = f"{spec.tip} ({spec.shortcut})"
    missing = [task for task in KINDS if task in spec.tasks and task not in tasks]
    if not missing:
        return text
    kinds = " and ".join(f"the {KINDS[task]}" for task in missing)
    files = " ".join(
        _FILES[task] for task in KINDS if task in spec.tasks or task in tasks
    )
    what = "network is" if len(missing) == 1 else "network are"
    return (
        f"{text}\nNot now: {kinds} {what} missing. Train with hn-train, then start\n"
        f"hn-capture --model {files}"
    )
