"""The pages in a real browser, all of them on one home and one group of services, which end with the last of them.

The files share what they find and leave behind, in the order of their names: first what the night has left, then what a
person approves, then what is traded by it. Each also runs alone.
"""
