"""The fast exact way to an optimum: cutting planes to come near it, then a partition of the scenarios to reach it.

Both keep a small programme warm in HiGHS and let strategies and scenarios enter it only when they matter.
"""
