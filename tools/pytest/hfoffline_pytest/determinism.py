"""Seeds, before each test. The variables come from the run (the preset deterministic)."""

import random
import sys

SEED = 0


def seed() -> None:
    """Of what is imported already: importing torch takes seconds."""
    random.seed(SEED)
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "random"):
        numpy.random.seed(SEED)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(SEED)
