"""How far Hypothesis goes: `quick` always tries the same examples, `long` looks for new ones."""

from hypothesis import settings

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True, database=None)
settings.register_profile("long", max_examples=1_000, deadline=None, derandomize=False)
settings.load_profile("quick")
