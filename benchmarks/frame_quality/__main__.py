"""One table of everything in the package's docstring, printed row by row."""

import sys
from pathlib import Path

from benchmarks.frame_quality import blur, cost, duplicates
from benchmarks.label_engine.report import print_header, print_row


def main() -> None:
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    print_header()
    for part in (
        blur.single_frames,
        blur.takes,
        blur.real_blur,
        duplicates.pairs,
        duplicates.objects,
        cost.speed,
        cost.cost,
    ):
        for row in part(data):
            print_row(row)


if __name__ == "__main__":
    main()
