"""Other libraries' normals of a depth image, each as its manual shows it.

A method takes (H, W) uint16 millimetres, missing depth as 0, and gives (H, W, 3)
normals of either sign, nan or 0 where it has none. What can be prepared once a camera,
such as the pixels' rays, is prepared once and not timed.
"""

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.box_rooms import rays_of
from core.frame import Intrinsics

Normals = Callable[[np.ndarray], np.ndarray]

NEIGHBOURS = 30  # Open3D's own default
RADIUS = 0.05  # metres; of its hybrid search
METRES = np.float32(0.001)


def opencv(intrinsics: Intrinsics, method: int, window: int) -> Normals:
    rays = np.ones((intrinsics.height, intrinsics.width, 4), np.float32)
    rays[..., :3] = rays_of(intrinsics)  # OpenCV 5 takes points of 4 channels
    engine = cv2.RgbdNormals.create(
        intrinsics.height,
        intrinsics.width,
        cv2.CV_32F,
        intrinsics.K,
        window,
        50.0,
        method,
    )

    def normals(depth: np.ndarray) -> np.ndarray:
        depth_m = np.where(depth > 0, depth * METRES, np.float32(np.nan))
        return engine.apply(rays * depth_m[..., None])[..., :3]

    return normals


def opencv_fals(intrinsics: Intrinsics) -> Normals:
    method = cv2.RgbdNormals_RGBD_NORMALS_METHOD_FALS
    return opencv(intrinsics, method, 7)


def opencv_linemod(intrinsics: Intrinsics) -> Normals:
    method = cv2.RgbdNormals_RGBD_NORMALS_METHOD_LINEMOD
    return opencv(intrinsics, method, 5)


def open3d_estimate(intrinsics: Intrinsics, *, hybrid: bool) -> Normals:
    import open3d as o3d

    rays = rays_of(intrinsics).reshape(-1, 3)
    search = (
        o3d.geometry.KDTreeSearchParamHybrid(RADIUS, NEIGHBOURS)
        if hybrid
        else o3d.geometry.KDTreeSearchParamKNN(NEIGHBOURS)
    )

    def normals(depth: np.ndarray) -> np.ndarray:
        seen = np.flatnonzero(depth)
        points = rays[seen] * (depth.ravel()[seen, None] * 0.001)
        cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
        cloud.estimate_normals(search)
        result = np.zeros((depth.size, 3), np.float32)
        result[seen] = np.asarray(cloud.normals)
        return result.reshape(*depth.shape, 3)

    return normals


def open3d_knn(intrinsics: Intrinsics) -> Normals:
    return open3d_estimate(intrinsics, hybrid=False)


def open3d_hybrid(intrinsics: Intrinsics) -> Normals:
    return open3d_estimate(intrinsics, hybrid=True)


def open3d_image(intrinsics: Intrinsics) -> Normals:
    import open3d as o3d

    K = o3d.core.Tensor.from_numpy(intrinsics.K)

    def normals(depth: np.ndarray) -> np.ndarray:
        units = o3d.core.Tensor.from_numpy(np.array(depth))
        depth_m = o3d.t.geometry.Image(units).clip_transform(1000.0, 0.1, 12.0, 0.0)
        points = depth_m.create_vertex_map(K, 0.0)
        return points.create_normal_map(0.0).as_tensor().numpy()

    return normals


def kornia(intrinsics: Intrinsics) -> Normals:
    import torch
    from kornia.geometry.depth import depth_to_normals

    torch.set_num_threads(1)
    K = torch.tensor(intrinsics.K, dtype=torch.float32)[None]

    def normals(depth: np.ndarray) -> np.ndarray:
        depth_m = torch.from_numpy(depth * METRES)[None, None]
        return depth_to_normals(depth_m, K)[0].permute(1, 2, 0).numpy()

    return normals


PEERS: dict[str, Callable[[Intrinsics], Normals]] = {
    "OpenCV RgbdNormals FALS, window 7": opencv_fals,
    "OpenCV RgbdNormals LINEMOD": opencv_linemod,
    "Open3D estimate_normals, KNN 30": open3d_knn,
    "Open3D estimate_normals, hybrid 5 cm / 30": open3d_hybrid,
    "Open3D t Image.create_normal_map": open3d_image,
    "kornia depth_to_normals": kornia,
}


def ours(intrinsics: Intrinsics) -> Normals:
    from core.normals import pixel_normals
    from core.planes import fit_planes

    def normals(depth: np.ndarray) -> np.ndarray:
        field = fit_planes(depth, 0.001)
        return pixel_normals(field, depth, 0.001, intrinsics)

    return normals


def facing(normals: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:
    """(H, W, 3) normals turned to the camera; 0 where there is none of length 1."""
    normals = np.nan_to_num(np.asarray(normals, np.float64))
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    away = np.sum(normals * rays_of(intrinsics), axis=-1, keepdims=True) > 0
    unit = np.where(away, -normals, normals) / np.where(length > 0, length, 1.0)
    return np.where(np.abs(length - 1.0) < 0.1, unit, 0.0)
