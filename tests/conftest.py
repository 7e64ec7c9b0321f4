"""
How far Hypothesis goes: `quick` always tries the same examples, `long` looks for new ones.

`mutation` tries few of them and leaves one that fails as it is: that one does is all there is to
know of a mutant.
"""

from hypothesis import Phase, settings

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True, database=None)
settings.register_profile(
    "mutation",
    settings.get_profile("quick"),
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile("long", max_examples=1_000, deadline=None, derandomize=False)
settings.load_profile("quick")
