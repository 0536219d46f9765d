"""One floor from many sights of it: what frames saw alone, and how they moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.floor import FloorPlane
from core.orientation import HAND_HELD_UP
from core.tracking import Motion

# Our choices, most of them checked on rendered walks with a distorted depth camera.
UP_SIGMA, HEIGHT_SIGMA_M = np.radians(1.0), 0.02  # of what one frame sees
HINT_SIGMA = np.radians(5.0)  # of an IMU, where no floor is seen
DRIFT = 3.0  # errors of motions last for frames, and so add up faster than at random
MAX_UP_ERROR, MAX_HEIGHT_ERROR_M = np.radians(5.0), 0.15  # beyond it not the floor
MAX_UP_SIGMA, MAX_SIGMA_M = np.radians(2.0), 0.08  # beyond it the floor is not known
CARRIED_M = (0.1, 2.5)  # above the floor; elsewhere it is the floor of another storey
TILT = np.radians(25.0)  # of a camera in the hand
LEVEL_SHARE = 0.1  # of the sights: fewer are no level of the scene
SHORT_CHAIN = 5  # frames; shorter ones keep what each of them saw
MIN_SIGHTS = 2  # of a longer chain's floor: one alone may be a table
MAX_CANDIDATES = 256
MAX_ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Sight:
    """What a frame says by itself about the floor, and the way from the last frame."""

    motion: Motion | None = None
    """None where it is lost; the first of a chain has none to look at."""
    floor: FloorPlane | None = None
    up_hint: np.ndarray | None = None
    """(3,) from an IMU."""


def agreed_floors(sights: Sequence[Sight]) -> list[FloorPlane | None]:
    """The floors of a chain of frames, each joined to the one before by its motion.

    Frames vote with the floors they saw. The up that most of them share, and with which
    the camera was held as people do, is the world's; of the levels that several share
    the lowest is the floor, as a table top that passes for it is higher. From there the
    ups and camera heights of all frames follow by least squares over motions and votes,
    in which votes that are too far off do not count.
    """
    if len(sights) <= SHORT_CHAIN:  # perhaps images in no order that look alike
        return [sight.floor for sight in sights]
    return _carried_floors(sights)


def _carried_floors(sights: Sequence[Sight]) -> list[FloorPlane | None]:
    nothing: list[FloorPlane | None] = [None] * len(sights)
    votes = np.array([sight.floor is not None for sight in sights])
    if votes.sum() < MIN_SIGHTS:
        return nothing
    track = _track(sights)
    ups = _agreed_ups(track, sights, votes)
    if ups.agrees.sum() < MIN_SIGHTS:
        return nothing
    heights = _agreed_heights(track, sights, ups)
    if heights.agrees.sum() < MIN_SIGHTS:
        return nothing
    floors = _floors(track, sights, ups, heights)
    for storey in _other_storeys(heights.values[:, 0]):
        floors[storey] = _carried_floors(sights[storey])
    return floors


def _floors(
    track: "_Track", sights: Sequence[Sight], ups: "_Agreed", heights: "_Agreed"
) -> list[FloorPlane | None]:
    """The floors of all frames, None where they are not known well enough."""
    floors: list[FloorPlane | None] = []
    in_camera = track.in_camera(ups.values)
    is_known = (heights.sigmas < MAX_SIGMA_M) & (ups.sigmas < MAX_UP_SIGMA)
    for k, sight in enumerate(sights):
        if not is_known[k]:
            floors.append(None)
            continue
        up, height = in_camera[k], float(heights.values[k, 0])
        if heights.agrees[k] and sight.floor is not None:
            confidence = sight.floor.confidence
            floors.append(FloorPlane(up, height, "measured", confidence))
        else:
            confidence = 1.0 - float(heights.sigmas[k]) / MAX_SIGMA_M
            floors.append(FloorPlane(up, height, "tracked", confidence))
    return floors


def _other_storeys(heights: np.ndarray) -> Iterator[slice]:
    """Where the camera would be higher above this floor, or lower, than carried."""
    is_other = (heights < CARRIED_M[0]) | (heights > CARRIED_M[1])
    edges = np.flatnonzero(np.diff(is_other.astype(np.int8), prepend=0, append=0))
    for start, stop in edges.reshape(-1, 2):
        if stop - start < len(heights):
            yield slice(int(start), int(stop))


@dataclass(frozen=True, eq=False)
class _Track:
    """The motions of N frames in the world, which is the first frame's camera."""

    rotations: np.ndarray
    """(N, 3, 3) camera to world."""
    shifts: np.ndarray
    """(N - 1, 3) metres from frame to frame, world."""
    turn_covariances: np.ndarray
    """(N - 1, 3, 3) square radians, world."""
    shift_covariances: np.ndarray
    """(N - 1, 3, 3) square metres, world."""

    def in_world(self, vectors: np.ndarray) -> np.ndarray:
        """(N, 3) vectors, one of each camera."""
        return np.einsum("nij,nj->ni", self.rotations, vectors)

    def in_camera(self, vectors: np.ndarray) -> np.ndarray:
        """(N, 3) vectors of the world, one for each camera."""
        return np.einsum("nji,nj->ni", self.rotations, vectors)


def _track(sights: Sequence[Sight]) -> _Track:
    motions = [sight.motion for sight in sights[1:] if sight.motion is not None]
    rotations = [np.eye(3)]
    for motion in motions:
        rotations.append(rotations[-1] @ motion.T_previous_current[:3, :3])
    to_world = np.array(rotations)
    shifts = np.array([motion.T_previous_current[:3, 3] for motion in motions])
    information = np.array([motion.information for motion in motions])
    covariances = DRIFT**2 * np.linalg.inv(information.reshape(-1, 6, 6))
    turn, shift = (
        np.einsum("nij,njk,nlk->nil", to_world[:-1], block, to_world[:-1])
        for block in (covariances[:, :3, :3], covariances[:, 3:, 3:])
    )
    moved = np.einsum("nij,nj->ni", to_world[:-1], shifts.reshape(-1, 3))
    return _Track(to_world, moved, turn, shift)


@dataclass(frozen=True, eq=False)
class _Agreed:
    values: np.ndarray
    """(N, d)."""
    sigmas: np.ndarray
    """(N,)."""
    agrees: np.ndarray
    """(N,) bool: the frame saw a floor, and it was this one."""


def _agreed_ups(
    track: _Track, sights: Sequence[Sight], has_floor: np.ndarray
) -> _Agreed:
    """The (N, 3) ups of the world: motions drift, so that it seems to turn slowly."""
    votes, weights = np.zeros((len(sights), 3)), np.zeros(len(sights))
    bias = _hint_bias(sights)
    for k, sight in enumerate(sights):
        if sight.floor is not None:
            votes[k], weights[k] = sight.floor.up, UP_SIGMA**-2
        elif sight.up_hint is not None:
            hint = sight.up_hint + np.cross(bias, sight.up_hint)
            votes[k], weights[k] = hint / np.linalg.norm(hint), HINT_SIGMA**-2
    votes = track.in_world(votes)
    up = _common_up(track, votes[has_floor])
    turns = np.trace(track.turn_covariances, axis1=1, axis2=2)
    spins = np.einsum("i,nij,j->n", up, track.turn_covariances, up)
    settled = _settled(
        votes,
        weights,
        has_floor,
        np.tile(up, (len(sights), 1)),
        (np.zeros((len(sights) - 1, 3)), (turns - spins) / 2.0),
        (3.0 * MAX_UP_ERROR, MAX_UP_ERROR),
    )
    lengths = np.linalg.norm(settled.values, axis=1, keepdims=True)
    return replace(settled, values=settled.values / lengths)


def _hint_bias(sights: Sequence[Sight]) -> np.ndarray:
    """The (3,) small turn from what the IMU says to what the same frames' floors say.

    An IMU is off by the same turn in every frame. Left alone, many hints would outvote
    the few floors that were seen. What no pair of them shows stays 0.
    """
    matrix = (UP_SIGMA / HINT_SIGMA) ** 2 * np.eye(3)
    right = np.zeros(3)
    for sight in sights:
        if sight.floor is not None and sight.up_hint is not None:
            hint = sight.up_hint
            # up - hint = turn x hint
            matrix += np.eye(3) - np.outer(hint, hint)
            right += np.cross(hint, sight.floor.up - hint)
    return np.linalg.solve(matrix, right)


def _common_up(track: _Track, votes: np.ndarray) -> np.ndarray:
    """The (3,) world up of the vote that most others share and that is plausible.

    A wall that fills the view of a camera looking up passes for a floor, but with such
    an up the camera would have been held oddly all the time.
    """
    candidates = votes[:: -(-len(votes) // MAX_CANDIDATES)]
    support = np.mean(candidates @ votes.T > np.cos(MAX_UP_ERROR), axis=1)
    held = track.in_world(np.tile(HAND_HELD_UP, (len(track.rotations), 1)))
    tilts = np.arccos(np.clip(candidates @ held.T, -1.0, 1.0))
    oddness = 0.25 * np.mean((tilts / TILT) ** 2, axis=1)
    return candidates[np.argmax(support - oddness)]


def _agreed_heights(track: _Track, sights: Sequence[Sight], ups: _Agreed) -> _Agreed:
    """The (N, 1) camera heights, from the floors whose ups agree."""
    seen = (sight.floor for sight in sights)
    votes = np.array([0.0 if floor is None else floor.camera_height for floor in seen])
    up_before = ups.values[:-1]
    rises = np.sum(track.shifts * up_before, axis=1)
    variances = np.einsum("ni,nij,nj->n", up_before, track.shift_covariances, up_before)
    climbed = np.append(0.0, np.cumsum(rises))
    level = _lowest_level((votes - climbed)[ups.agrees])
    return _settled(
        votes[:, None],
        np.full(len(sights), HEIGHT_SIGMA_M**-2) * ups.agrees,
        ups.agrees,
        (level + climbed)[:, None],
        (rises[:, None], variances),
        (MAX_HEIGHT_ERROR_M, MAX_HEIGHT_ERROR_M),
    )


def _lowest_level(heights: np.ndarray) -> float:
    """Of camera heights above what was seen, the largest that several others are near.

    Metres; all heights are those of the first camera.
    """
    ordered = np.sort(heights)
    reach = MAX_HEIGHT_ERROR_M / 2
    num_near = np.searchsorted(ordered, ordered + reach) - np.searchsorted(
        ordered, ordered - reach
    )
    num_needed = min(max(2.0, LEVEL_SHARE * len(ordered)), num_near.max())
    largest = ordered[np.flatnonzero(num_near >= num_needed)[-1]]
    return float(np.median(ordered[np.abs(ordered - largest) < reach]))


def _settled(
    votes: np.ndarray,
    weights: np.ndarray,
    has_floor: np.ndarray,
    values: np.ndarray,
    steps: tuple[np.ndarray, np.ndarray],
    gates: tuple[float, float],
) -> _Agreed:
    """Least squares over votes (N, d), again and again, until the same floors agree.

    A vote that is off by more than the gate, which narrows from the first of `gates` to
    the second, or by three sigmas of the track, does not count. In long takes agreement
    grows from where `values` begin along the motions' drift. `steps` are the (N - 1, d)
    changes from frame to frame and their variances.
    """
    gate, last = gates
    sigmas = np.zeros(len(votes))
    agrees = np.zeros(len(votes), bool)
    for _ in range(MAX_ROUNDS):
        errors = np.linalg.norm(votes - values, axis=1)
        tukey = np.maximum(1.0 - (errors / np.maximum(gate, 3.0 * sigmas)) ** 2, 0.0)
        agreed = has_floor & (tukey > 0.0)
        if not agreed.any() or (gate == last and np.array_equal(agreed, agrees)):
            break
        agrees, gate = agreed, max(gate / 1.5, last)
        values, variances = _least_squares(votes, weights * tukey**2, *steps)
        sigmas = np.sqrt(variances)
    return _Agreed(values, sigmas, agreed)


def _least_squares(
    votes: np.ndarray,
    weights: np.ndarray,
    steps: np.ndarray,
    step_variances: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """(N, d) values that explain the votes on them and the (N - 1, d) steps between.

    `weights` are inverse variances, 0 for no vote. Also the (N,) variances of values:
    a tridiagonal matrix with diagonal a, pivots f of the elimination from its front and
    b from its back has the inverse diagonal 1 / (f + b - a).
    """
    from scipy.linalg import solveh_banded

    links = 1.0 / step_variances
    diagonal = weights.copy()
    diagonal[1:] += links
    diagonal[:-1] += links
    right = weights[:, None] * votes
    right[1:] += links[:, None] * steps
    right[:-1] -= links[:, None] * steps
    values = solveh_banded(np.stack((np.append(0.0, -links), diagonal)), right)
    front, back = diagonal.copy(), diagonal.copy()
    for k in range(1, len(diagonal)):
        front[k] -= links[k - 1] ** 2 / front[k - 1]
        back[-1 - k] -= links[-k] ** 2 / back[-k]
    return values, 1.0 / (front + back - diagonal)
