"""What the library says of recordings, in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from capture_app.engine.library import Entry, Kind
from capture_app.engine.probe import Probe
from capture_app.engine.shown import Shown
from capture_app.engine.trash import Trashed
from core.bins import HNBins
from core.floor import FloorPlane

_MUCH = 0.25  # of the frames without a floor: worth a word


def date_text(seconds: float) -> str:
    """2026-03-09 14:05, by this computer's clock."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def length_text(seconds: float) -> str:
    """4.2 s, 1:07 or 1:02:03."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size_text(num_bytes: int) -> str:
    """12 MB; more digits where it is less."""
    if num_bytes >= 1e9:
        return f"{num_bytes / 1e9:.1f} GB"
    return (
        f"{num_bytes / 1e6:.0f} MB" if num_bytes >= 1e6 else f"{num_bytes / 1e3:.0f} kB"
    )


def frames_text(num_frames: int) -> str:
    """1 frame, 372 frames."""
    return "1 frame" if num_frames == 1 else f"{num_frames} frames"


def recordings_text(count: int) -> str:
    """1 recording, 3 recordings."""
    return "1 recording" if count == 1 else f"{count} recordings"


def badges(entry: Entry) -> list[tuple[str, str]]:
    """Words about a recording, each with its state: good, poor, bad or plain."""
    found: list[tuple[str, str]] = []
    match entry.kind:
        case Kind.BEING_WRITTEN:
            return [("being recorded", "bad")]
        case Kind.UNREADABLE:
            return [("cannot be read", "bad")]
        case Kind.CUT_OFF:
            found.append(("cut off", "poor"))
    if entry.is_repaired:
        found.append(("recovered", "plain"))
    if entry.scene is not None and entry.scene.num_dropped:
        found.append((f"{entry.scene.num_dropped} dropped", "poor"))
    if entry.floorless is not None and entry.floorless >= _MUCH:
        share = f"{100 * entry.floorless:.0f} % " if entry.floorless < 1 else ""
        found.append((f"{share}no floor", "poor"))
    if entry.num_annotated:
        found.append((f"{entry.num_annotated} annotated", "good"))
    return found


def facts_line(entry: Entry) -> str:
    """Length, frames and size on one line."""
    if not entry.can_play:
        return size_text(entry.size_bytes) if entry.size_bytes else ""
    parts = (
        length_text(entry.seconds),
        frames_text(entry.num_frames),
        size_text(entry.size_bytes),
    )
    return " · ".join(parts)


def row_tip(entry: Entry) -> str:
    """All about a row, a line a fact."""
    lines = [str(entry.path), entry.problem, _kind_sentence(entry)]
    if entry.can_play:
        lines += [date_text(entry.taken_s), facts_line(entry)]
        lines.append(", ".join(words for words, _ in badges(entry)))
    if entry.scene is not None:
        lines += [", ".join(entry.scene.tags), entry.scene.notes]
    return "\n".join(line for line in lines if line)


def _kind_sentence(entry: Entry) -> str:
    if entry.kind is Kind.BEING_WRITTEN:
        return "It is being recorded now, and can be looked at when it is done."
    if entry.kind is Kind.CUT_OFF:
        return "The take was cut off; its whole frames are used."
    return ""


def chosen_text(chosen: Sequence[Entry], num_all: int) -> str:
    """What is selected, and what it adds up to."""
    if len(chosen) < 2:
        return recordings_text(num_all)
    frames = sum(entry.num_frames for entry in chosen)
    size = sum(entry.size_bytes for entry in chosen)
    return f"{len(chosen)} of {num_all} selected · {frames} frames · {size_text(size)}"


def where_lines(shown: Shown) -> tuple[str, str]:
    """The time and the floor of a frame; the camera's clock and count."""
    track, position = shown.track, shown.position
    where = f"{track.seconds[position]:.2f} s of {track.seconds[-1]:.2f} s"
    source = f"clock {track.times_ns[position] / 1e9:.3f} s"
    if shown.picture is not None:
        layers = shown.picture.layers
        source += f", camera's frame {layers.frame.number}"
        if layers.is_floor_known:
            where += f", {floor_word(layers.floor)}"
    return where, source


def probe_lines(found: Probe) -> tuple[str, str]:
    """What was measured at a point, and its classes."""
    words = ["no depth here"]
    if found.depth_m is not None:
        words = [f"{found.depth_m:.2f} m away"]
    if found.height_m is not None:
        words.append(f"{found.height_m:.2f} m high")
    if found.angle_deg is not None:
        words.append(f"{found.angle_deg:.0f}° from level")
    classes = [f"class {found.hn_class.name}"] if found.hn_class else []
    for predicted in (found.predicted_hn, found.semantic):
        if predicted is not None:
            classes.append(f"predicted {predicted.name}")
    return ", ".join(words), "; ".join(classes)


def trashed_text(trashed: Trashed) -> str:
    """Its name, and when it was thrown away."""
    when = datetime.fromisoformat(trashed.deleted).timestamp()
    return f"{trashed.name}\n{date_text(when)}"


def moved_text(names: Sequence[str]) -> str:
    """What went to the trash."""
    what = names[0] if len(names) == 1 else recordings_text(len(names))
    return f"Moved {what} to the trash."


def floor_word(floor: FloorPlane | None) -> str:
    """Where the floor of a frame comes from."""
    if floor is None or floor.source == "none":
        return "no floor"
    return f"floor {floor.source}"


def fact_rows(entry: Entry) -> list[tuple[str, str]]:
    """What is known of a recording, a name and a value each."""
    if entry.scene is None:
        return []
    scene = entry.scene
    rows = [
        ("Device", scene.device or "not known"),
        ("Recorded", date_text(entry.taken_s)),
        ("Length", length_text(entry.seconds)),
        ("Frames", str(entry.num_frames)),
        ("Dropped", str(scene.num_dropped)),
        ("Annotated", str(entry.num_annotated)),
        ("Size", size_text(entry.size_bytes)),
    ]
    rows += [(_name(key), _value(value)) for key, value in scene.settings.items()]
    return rows


def bins_text(bins: HNBins) -> str:
    """How labels are cut, in short."""
    angles = ", ".join(f"{edge:g}°" for edge in bins.angle_edges) or "none"
    heights = ", ".join(f"{edge:g}" for edge in bins.height_edges)
    return f"Heights cut at {heights} m; angles at {angles}."


def breakable(text: str) -> str:
    """A text whose paths may go over several lines."""
    return text.replace("/", "/\N{ZERO WIDTH SPACE}")


def _name(key: str) -> str:
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_value(inner) for inner in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
