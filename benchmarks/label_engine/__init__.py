"""The label engine against what it is to reach, and against others' normals.

    python -m benchmarks.label_engine ../shared/data [--quick] [--only speed normals]

One core, CPU time. Truth comes from rendered rooms (`benchmarks.box_rooms`) and from
the poses of 7-Scenes' red kitchen; DATA/redkitchen holds its frames.
"""

import os

# Read once by the libraries that are compared, when they are first imported.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
