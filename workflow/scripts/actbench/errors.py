"""Exceptions whose message is meant for the user as it stands."""


class UserError(Exception):
    """Something the user can mend; the message is a full sentence and is shown without a traceback."""


class DamagedError(UserError):
    """A file of ours is not what it was when it was written.

    Args:
        path: the file.
        reason: an exception or a phrase; its first line is shown.
    """

    def __init__(self, path: object, reason: object):
        said = (str(reason).strip() or type(reason).__name__).splitlines()[0].rstrip(".")
        self.problem = f"{path} is damaged ({said})"
        super().__init__(f"{self.problem}: delete it and run again.")
