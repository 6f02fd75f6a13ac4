"""Where the data that the tests are held against lies; README.md says where each part is from."""

from pathlib import Path

DATA = Path(__file__).parent
CASES = DATA / "cases"
ESAS = DATA / "esas"
REFERENCE = DATA / "reference"
SURVIVAL = DATA / "survival"
WORKFLOW = DATA / "workflow"
