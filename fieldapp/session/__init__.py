"""A session: where recorder and store meet. `plan` prepares the rows, `running` holds it while it is recorded, `closing` makes parts and segments
of it, `recovery` finds what a crash left, `oral` has stored segments respoken or translated, `sound` reads a master across its files.
"""
