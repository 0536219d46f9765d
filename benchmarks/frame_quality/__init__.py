"""Blur, near-duplicates and speed of frames, against what is known of them.

    python -m benchmarks.frame_quality ../shared/data

Blur: sharp frames averaged along a line of 0 to 15 pixels in any direction, with a
sensor's noise, as JPEG; and redkitchen as it is, whose poses tell how fast pictures
moved. The constants of `core.sharpness` were tuned on redkitchen; hololens and the test
frames of NYUv2 tell whether they hold. Near-duplicates and speed: poses of redkitchen.
Cost: CPU time of a frame, and how long a recording of 900 takes.
"""
