"""Exceptions whose message is meant for the user as it stands."""

LONGEST = 400  # characters of another's words in a sentence of ours


class UserError(Exception):
    """Something the user can mend; the message is a full sentence and is shown without a traceback."""


class UnreadableError(UserError):
    """The operating system does not let a file be read, which says nothing about its content.

    Args:
        path: the file.
        error: what it says: no permission, too many open files, no such file, ….
    """

    def __init__(self, path: object, error: OSError):
        super().__init__(f"{path} cannot be read: {reason(error)}.")


def reason(error: OSError) -> str:
    """What the operating system says, without the file's name."""
    return one_line(error.strerror or error)


def one_line(problem: object) -> str:
    """The first line of an exception or a phrase, cut, without its full stop; without words, its type."""
    try:
        text = str(getattr(problem, "msg", None) or problem if isinstance(problem, SyntaxError) else problem)
    except Exception:  # anybody's exception may fail to say what it is
        text = ""
    line = (text.strip() or type(problem).__name__).splitlines()[0]
    return (line if len(line) <= LONGEST else line[: LONGEST - 1] + "…").rstrip(".")


class DamagedError(UserError):
    """A file of ours is not what it was when it was written.

    Args:
        path: the file.
        reason: an exception or a phrase; its first line is shown.
    """

    def __init__(self, path: object, reason: object):
        self.problem = f"{path} is damaged ({one_line(reason)})"
        super().__init__(f"{self.problem}: delete it and run again.")
