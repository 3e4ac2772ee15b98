from __future__ import annotations

from pathlib import Path

from kinestream.formats import Stated

STATED = Stated()

HIERARCHY = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT LeftLeg
  {
    OFFSET 3 -10 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -9 1
    }
  }
  JOINT RightLeg
  {
    OFFSET -3 -10 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -9 1
    }
  }
}
"""
MOTION = """MOTION
Frames: 3
Frame Time: 0.0333333
0 90 0 0 0 0 0 0 0 0 0 0
1 90.5 2 10 5 -90 0 20 0 0 -20 0
2 91 4 20 10 -180 30 40 5 0 -40 0
"""


def write(folder: Path) -> Path:
    (folder / "walk.bvh").write_text(HIERARCHY + MOTION)
    return folder / "walk.bvh"
