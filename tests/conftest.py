"""One hypothesis profile for all tests: no deadline, since a kernel's first call compiles it."""

from hypothesis import settings

settings.register_profile("charrnn", deadline=None, max_examples=50)
settings.register_profile("nightly", deadline=None, max_examples=500)
settings.load_profile("charrnn")
