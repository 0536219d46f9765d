"""Light in a room, computed once: lamps, windows and the sun, shadows and bounces.

Every patch carries a small grid of nodes. A node adds up what it sees of the lights,
then what the surfaces around it send back. The result is stored as displayed (the
square root of linear light), because sqrt(texture * light) = sqrt(texture) *
sqrt(light): a rendered pixel is the product of two look-ups.
"""

from dataclasses import dataclass

import numpy as np

from core.nyuv2 import NYU40_NAMES
from core.simulation.light_nodes import (
    LightMap,
    Nodes,
    dot,
    length,
    light_nodes,
    patch_coordinates,
    unrolled,
)
from core.simulation.rays import Caster
from core.simulation.rooms import Room
from core.simulation.surfaces import Surfaces, unit_normals

_NODE_SPACING = {"fine": 0.065, "coarse": 0.10}  # metres
_NUM_DIRECTIONS = {"fine": 44, "coarse": 24}
_NUM_SHADOW_RAYS = {"fine": 16, "coarse": 6}
_NUM_BOUNCES = 3
_NUM_SPOTS = 16
_WINDOW_POWER = 9.0
_LAMP_POWER = 2.0
_SUN_POWER = 2.6
_SKY_COLOR = np.array((0.90, 0.97, 1.06))
_SUN_COLOR = np.array((1.0, 0.92, 0.76))
_BRIGHTNESS = 0.62  # linear light that a typical surface receives


@dataclass(frozen=True, eq=False)
class Light:
    """One lamp or window, seen as points that share its power."""

    points: np.ndarray
    """(K, 3) metres."""
    power: np.ndarray
    """(3,) linear RGB, all points together."""
    normal: np.ndarray | None = None
    """(3,) where it shines to, None for all around."""


def light_map(room: Room, surfaces: Surfaces, *, quality: str = "fine") -> LightMap:
    """The light on every patch; quality is "fine" or "coarse" (three times as fast)."""
    nodes = light_nodes(surfaces, _NODE_SPACING[quality])
    # Everything but lamps and window glass casts shadows.
    opaque = np.flatnonzero(surfaces.glow == 0.0)
    triangles = surfaces.triangles.reshape(-1, 2, 3, 3)[opaque].reshape(-1, 3, 3)
    caster = Caster(triangles)
    tone = (surfaces.textures**2).mean(axis=(1, 2))[surfaces.texture]
    albedo = (surfaces.color**2 * tone).astype(np.float32)[nodes.patch]
    lights = _lights(room, _NUM_SHADOW_RAYS[quality])
    sunlight = np.zeros((len(nodes.points), 3), np.float32)
    if room.sun is not None:
        sunlight = _sunlight(room.sun, nodes, caster)
        lights += _sunny_spots(sunlight * albedo, surfaces, nodes)
    direct = np.zeros_like(sunlight)
    for light in lights:
        direct += _received(light, nodes, caster)
    seen = _seen_nodes(nodes, opaque, triangles, _NUM_DIRECTIONS[quality])
    total = _bounced(direct, albedo, seen) + sunlight
    total *= _BRIGHTNESS / max(_typical(total, surfaces, nodes), 1e-6)
    color = surfaces.color[nodes.place_patch]
    glow = surfaces.glow[nodes.place_patch][:, None]
    shown = np.where(glow > 0.0, glow, np.sqrt(total)[nodes.place_node]) * color
    return unrolled(shown, nodes)


def _lights(room: Room, num_points: int) -> list[Light]:
    lights: list[Light] = []
    lamp, window = NYU40_NAMES.index("lamp"), NYU40_NAMES.index("window")
    for part in room.parts:
        if part.material.glow <= 0.0 or part.semantic not in (lamp, window):
            continue
        corners = part.shape.corners
        glow = part.material.glow**2
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0])
        area = float(length(cross).sum())
        if part.semantic == window:
            points = _spread(corners[0, 0], corners[0, 1], corners[0, 3], num_points)
            power = _WINDOW_POWER * area * glow * _SKY_COLOR
            normal = cross[0] / length(cross[0])
            lights.append(Light(points, power, normal))
            continue
        low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
        points = low + (high - low) * _halton(num_points, 3)
        color = np.array(part.material.color) ** 2
        power = _LAMP_POWER * min(area, 0.35) * glow * color
        if not any(length(points.mean(0) - o.points.mean(0)) < 0.3 for o in lights):
            lights.append(Light(points, power))
    return lights


def _spread(
    corner: np.ndarray, right: np.ndarray, up: np.ndarray, count: int
) -> np.ndarray:
    places = _halton(count, 2)
    return corner + places[:, :1] * (right - corner) + places[:, 1:] * (up - corner)


def _halton(count: int, dimensions: int) -> np.ndarray:
    """(count, dimensions) evenly spread numbers in 0..1."""
    columns = []
    for base in (2, 3, 5)[:dimensions]:
        values = np.zeros(count)
        for k in range(count):
            fraction, number = 1.0, k + 1
            while number:
                fraction /= base
                values[k] += fraction * (number % base)
                number //= base
        columns.append(values)
    return np.stack(columns, axis=1)


def _received(light: Light, nodes: Nodes, caster: Caster) -> np.ndarray:
    """(N, 3) linear light from one lamp or window, with soft shadows."""
    total = np.zeros(len(nodes.points), np.float32)
    for point in light.points.astype(np.float32):
        to_light = point - nodes.points
        squared = dot(to_light, to_light)
        distance = np.maximum(np.sqrt(squared), 1e-6)  # a sunny spot lights itself too
        cosine = dot(nodes.normals, to_light) / distance
        if light.normal is not None:
            cosine *= np.maximum(
                -(to_light @ light.normal.astype(np.float32)) / distance, 0.0
            )
        lit = np.flatnonzero(cosine > 1e-4)
        rays = np.concatenate((nodes.points[lit], to_light[lit]), axis=1)
        free = caster.is_free(rays, 0.995)
        gain = cosine[lit] / (np.pi * np.maximum(squared[lit], 0.10))
        total[lit] += gain * free
    return total[:, None] * (light.power / len(light.points)).astype(np.float32)


def _sunlight(sun: np.ndarray, nodes: Nodes, caster: Caster) -> np.ndarray:
    """(N, 3) linear light of the sun where it comes in through a window."""
    total = np.zeros(len(nodes.points), np.float32)
    # Softer than the real sun, as the nodes are coarse.
    spread = 0.03 * (_halton(8, 3) - 0.5)
    for shift in spread:
        direction = (sun + shift).astype(np.float32)
        cosine = nodes.normals @ direction
        lit = np.flatnonzero(cosine > 1e-4)
        rays = np.empty((len(lit), 6), np.float32)
        rays[:, :3], rays[:, 3:] = nodes.points[lit], direction
        total[lit] += cosine[lit] * caster.is_free(rays, np.inf) / len(spread)
    return total[:, None] * (_SUN_POWER * _SUN_COLOR).astype(np.float32)


def _sunny_spots(sent: np.ndarray, surfaces: Surfaces, nodes: Nodes) -> list[Light]:
    """What the sun's spots send back, as lamps: chance would miss such small spots."""
    corners = surfaces.corners
    cross = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    area = 0.5 * length(cross) / nodes.counts.prod(axis=1)
    power = sent * area[nodes.patch, None]
    weight = np.cumsum(power.sum(axis=1))
    if weight[-1] <= 0.0:
        return []
    steps = (np.arange(_NUM_SPOTS) + 0.5) / _NUM_SPOTS
    chosen = np.searchsorted(weight, steps * weight[-1])
    mean = power.sum(axis=0) / _NUM_SPOTS
    return [Light(nodes.points[k : k + 1], mean, nodes.normals[k]) for k in chosen]


def _seen_nodes(
    nodes: Nodes, opaque: np.ndarray, triangles: np.ndarray, num_directions: int
) -> np.ndarray:
    """(K, N) int32 node that each node sees in each of K directions, -1 for none.

    Directions are the same for all nodes and denser near the normal (by the cosine), so
    that light is the plain mean over them and neighbouring patches agree.
    """
    caster, normals = Caster(triangles), unit_normals(triangles).astype(np.float32)
    first, second = _tangents(nodes.normals)
    places = _halton(num_directions, 2)
    radius, turn = np.sqrt(places[:, 0]), 2.0 * np.pi * places[:, 1]
    steep = np.sqrt(1.0 - places[:, 0])
    local = np.stack((radius * np.cos(turn), radius * np.sin(turn), steep), axis=1)
    rays = np.empty((len(nodes.points), 6), np.float32)
    rays[:, :3] = nodes.points
    seen = np.full((num_directions, len(nodes.points)), -1, np.int32)
    for k, (a, b, c) in enumerate(local.astype(np.float32)):
        rays[:, 3:] = a * first + b * second + c * nodes.normals
        hits = caster.cast(rays)
        is_front = dot(normals.take(hits.triangle, axis=0), rays[:, 3:]) < 0.0
        found = np.flatnonzero(is_front & np.isfinite(hits.distance))
        triangle = hits.triangle[found]
        s, t = patch_coordinates(triangle, hits.barycentric[found])
        seen[k, found] = nodes.nearest(opaque[triangle >> 1], s, t)
    return seen


def _tangents(normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    helper = np.where(np.abs(normals[:, 2:]) < 0.9, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0))
    first = np.cross(helper, normals)
    first /= np.maximum(length(first), 1e-6)[:, None]
    return first.astype(np.float32), np.cross(normals, first).astype(np.float32)


def _bounced(direct: np.ndarray, albedo: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(N, 3) direct light plus what the seen nodes send back, several times over."""
    # Walls right beside a lamp would glitter.
    brightest = 4.0 * float(np.median(direct[direct > 1e-4]))
    total = direct
    sent = np.zeros((len(direct) + 1, 4), np.float32)  # the last row: -1 is dark
    for _ in range(_NUM_BOUNCES):
        sent[:-1, :3] = np.minimum(total, brightest) * albedo
        arrived = np.zeros((len(direct), 4), np.float32)
        for nodes in seen:
            arrived += sent.take(nodes, axis=0, mode="wrap")
        total = direct + arrived[:, :3] / len(seen)
    return total


def _typical(total: np.ndarray, surfaces: Surfaces, nodes: Nodes) -> float:
    """The median light over the room's large surfaces."""
    names = [NYU40_NAMES.index(name) for name in ("wall", "floor", "ceiling")]
    chosen = np.isin(surfaces.semantic, names)[nodes.patch] & (total.max(axis=1) > 1e-4)
    return float(np.median(total[chosen].mean(axis=1)))
