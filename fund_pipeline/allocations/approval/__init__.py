"""Nothing trades until a person has said yes: `decide.decide` decides, and its record is what counts.

`request` is what is asked, `refusals` why it is not done.
"""
