"""Everything the user can do, in one table that makes buttons, shortcuts, menus,
tooltips and the sheet of keys."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from capture_app.engine.networks import KINDS
from capture_app.engine.picture import TASKS_OF, View
from core.prediction import Task


class Place(Enum):
    """Where an action works, in the words of the sheet of keys."""

    WINDOW = "Everywhere"
    CAPTURE = "Capture"
    LIBRARY = "Library"
    MODELS = "Models"


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
    place: Place = Place.CAPTURE
    menu: str = "&Record"
    """The menu that it is in."""
    choice: str = ""
    """Of several with the same word one is on."""
    begins: bool = False
    """Whether a line of its menu is above it."""


def _view(view: View, key: str, name: str, text: str, tip: str) -> ActionSpec:
    return ActionSpec(
        f"view_{name}",
        text,
        key,
        tip,
        True,
        TASKS_OF[view],
        menu="&View",
        choice="view",
    )


# fmt: off
VIEW_ACTIONS: Mapping[View, ActionSpec] = {
    view: _view(view, key, *words)
    for view, (key, *words) in {
        View.HN_LABELS: ("1", "hn", "HN-labels",
            "Height and angle classes from depth over the photo"),
        View.HEIGHTS: ("2", "heights", "Heights", "Metres above the floor"),
        View.ANGLES: ("3", "angles", "Angles",
            "How steep surfaces are: flat as the floor, or upright as a wall"),
        View.HN_PREDICTION: ("4", "hn_prediction", "HN prediction",
            "Height and angle classes that the network sees in the photo"),
        View.SEMANTIC: ("5", "semantic", "Semantic",
            "The semantic network's classes over the photo"),
        View.BOTH: ("6", "both", "Both",
            "Semantic classes filled, the HN prediction as lines over them"),
        View.DISAGREEMENT: ("7", "disagreement", "Disagreement",
            "Where the HN prediction is not what depth says"),
        View.DEPTH: ("8", "depth", "Depth", "Near is warm, far is cold"),
        View.COLOR: ("9", "color", "Colour", "The photo alone"),
        View.CLOUD: ("0", "cloud", "Points",
            "The scene from elsewhere: drag to turn, wheel to come nearer"),
    }.items()
}


def _window(
    name: str, text: str, key: str, tip: str, menu: str, choice: str = "",
    begins: bool = False,
) -> ActionSpec:
    return ActionSpec(
        name, text, key, tip, bool(choice), place=Place.WINDOW, menu=menu,
        choice=choice, begins=begins,
    )


def _library(
    name: str, text: str, key: str, tip: str, begins: bool = False
) -> ActionSpec:
    return ActionSpec(
        name, text, key, tip, place=Place.LIBRARY, menu="&Library", begins=begins
    )


def _models(
    name: str, text: str, key: str, tip: str, begins: bool = False
) -> ActionSpec:
    return ActionSpec(
        name, text, key, tip, place=Place.MODELS, menu="&Models", begins=begins
    )


ACTIONS: tuple[ActionSpec, ...] = (
    _window("page_capture", "Capture", "Ctrl+1", "The camera, live", "&Window", "page"),
    _window("page_library", "Library", "Ctrl+2", "What was recorded", "&Window",
        "page"),
    _window("page_models", "Models", "Ctrl+3", "What was trained", "&Window", "page"),
    _window("theme_auto", "Look as the desktop", "", "Light or dark as it is",
        "&Window", "theme", begins=True),
    _window("theme_light", "Light", "", "Dark words on a light ground", "&Window",
        "theme"),
    _window("theme_dark", "Dark", "", "Light words on a dark ground", "&Window",
        "theme"),
    _window("keys", "All keys", "?", "What every key does", "&Help"),
    _window("about", "About HN Capture", "", "Versions, and where things lie",
        "&Help"),
    ActionSpec("record", "Record", "R", "Start or stop a recording", True),
    ActionSpec("countdown", "Count down", "T",
        "Begin to record three seconds after the key, with your hands free", True),
    ActionSpec("snapshot", "Snapshot", "S",
        "Save this one frame: photo, depth, labels and how they were made"),
    ActionSpec("discard", "Discard take", "D",
        "Move the last recording to the trash; it can be brought back"),
    ActionSpec("undo", "Bring back", "Ctrl+Z",
        "Take the last discarded recording out of the trash"),
    ActionSpec("collect", "Collect", "C",
        "Keep frames at which the HN network is very wrong, for its next training",
        True, frozenset({"hn"}), begins=True),
    ActionSpec("pause", "Freeze", "Space",
        "Hold the picture still to look at it; a recording goes on", True, begins=True),
    ActionSpec("restart", "Open the camera again", "F5", "Close and open the camera"),
    ActionSpec("new_scene", "New scene", "N",
        "Forget which classes were seen, and begin another scene"),
    *VIEW_ACTIONS.values(),
    ActionSpec("fainter", "Fainter overlay", "[", "Show more of the photo",
        menu="&View", begins=True),
    ActionSpec("stronger", "Stronger overlay", "]", "Show more of the classes",
        menu="&View"),
    ActionSpec("setup", "Camera and labels", "E",
        "Show or hide the column with the camera's and the labels' settings", True,
        menu="&View", begins=True),
    ActionSpec("marks", "Floor line and up arrow", "F",
        "Show or hide what is drawn over the picture", True, menu="&View"),
    _library("play", "Play", "Space", "Play or pause"),
    _library("play_backwards", "Play backwards", "Shift+Space",
        "Play or pause, towards the first frame"),
    _library("step_back", "Frame back", ",", "The frame before"),
    _library("step_forward", "Frame forward", ".", "The next frame"),
    _library("jump_back", "Second back", "Shift+,", "One second back"),
    _library("jump_forward", "Second forward", "Shift+.", "One second on"),
    _library("first", "First frame", "Home", "To the beginning"),
    _library("last", "Last frame", "End", "To the end"),
    _library("library_next_view", "Next view", "V",
        "Labels, heights, angles, depth, colour, prediction in turn"),
    _library("open_live", "Replay live", "Ctrl+L",
        "Play the recording on the Capture page as if it were the camera",
        begins=True),
    _library("train_on", "Train on these", "Ctrl+T",
        "The command that trains on the selected recordings"),
    _library("export", "Export…", "Ctrl+E",
        "Write the selected recordings in another format"),
    _library("show_folder", "Show in folder", "Ctrl+O",
        "Open the recording's folder in the file manager"),
    _library("trash", "Move to trash", "Del",
        "Throw the selected recordings away; they can be brought back", begins=True),
    _library("restore", "Bring back", "Ctrl+Z",
        "Take what was thrown away last out of the trash"),
    _library("reload", "Look again", "F5", "Read the folder anew"),
    _models("use_live", "Use live", "Ctrl+L",
        "Show what the run's networks see on the Capture page"),
    _models("unload", "Use no network", "Ctrl+U", "Take the networks off the camera"),
    _models("add_model", "Add a model file…", "Ctrl+A",
        "List an .onnx file from elsewhere"),
    _models("models_step_back", "Frame back", ",", "Compare on the frame before",
        begins=True),
    _models("models_step_forward", "Frame forward", ".", "Compare on the next frame"),
    _models("open_report", "Open the report", "Ctrl+R",
        "The run's page, in the browser", begins=True),
    _models("copy_command", "Copy the command", "Ctrl+T",
        "The command that repeats the run or goes on with it"),
    _models("models_show_folder", "Show in folder", "Ctrl+O",
        "Open the run's folder in the file manager"),
    _models("models_reload", "Look again", "F5", "Read the folder of runs anew"),
    _window("quit", "Quit", "Ctrl+Q", "Close the window", "&Window", begins=True),
)
# fmt: on

MENUS = ("&Record", "&View", "&Library", "&Models", "&Window", "&Help")

_FILES: Mapping[Task, str] = {
    "hn": "runs/NAME/model_hn.onnx",
    "semantic": "runs/NAME/model.onnx",
}


@dataclass(frozen=True)
class Actions:
    """The table's actions, made."""

    by_name: Mapping[str, QAction]
    groups: Mapping[Place, tuple[QActionGroup, ...]]

    def allow_only(self, place: Place) -> None:
        """Have keys and menus do what this page does, beside what works everywhere."""
        for each, groups in self.groups.items():
            for group in groups:
                group.setEnabled(each in (place, Place.WINDOW))


def make_actions(
    window: QWidget,
    handlers: Mapping[str, Callable[[], object]],
    tasks: Collection[Task] = (),
) -> Actions:
    """The actions of the table on `window`; those of one choice exclude each other.

    Those that need other networks than those for `tasks` are off and say why.
    """
    groups: dict[tuple[Place, str], QActionGroup] = {}
    by_name = {}
    for spec in ACTIONS:
        action = QAction(spec.text, window)
        action.setShortcut(QKeySequence(spec.shortcut))
        action.setCheckable(spec.checkable)
        action.triggered.connect(lambda _=False, do=handlers[spec.name]: do())
        key = spec.place, spec.choice
        if key not in groups:
            groups[key] = QActionGroup(window)
            groups[key].setExclusive(bool(spec.choice))
        groups[key].addAction(action)
        window.addAction(action)
        by_name[spec.name] = action
    of_places: dict[Place, tuple[QActionGroup, ...]] = {}
    for (place, _), group in groups.items():
        of_places[place] = (*of_places.get(place, ()), group)
    actions = Actions(by_name, of_places)
    allow_tasks(actions, tasks)
    return actions


def allow_tasks(actions: Actions, tasks: Collection[Task]) -> None:
    """Have on what networks for `tasks` can do, and the rest say what it lacks."""
    for spec in ACTIONS:
        action = actions.by_name[spec.name]
        action.setToolTip(tip(spec, tasks))
        if spec.tasks:
            action.setEnabled(spec.tasks <= set(tasks))


def tip(spec: ActionSpec, tasks: Collection[Task] = ()) -> str:
    """What it does, and what it lacks with networks for `tasks` alone."""
    text = f"{spec.tip} ({spec.shortcut})" if spec.shortcut else spec.tip
    missing = [task for task in KINDS if task in spec.tasks and task not in tasks]
    if not missing:
        return text
    kinds = " and ".join(f"the {KINDS[task]}" for task in missing)
    files = " ".join(
        _FILES[task] for task in KINDS if task in spec.tasks or task in tasks
    )
    what = "network is" if len(missing) == 1 else "network are"
    return (
        f"{text}\nNot now: {kinds} {what} missing. Load one on the Models page, or "
        f"start\nhn-capture --model {files}"
    )
