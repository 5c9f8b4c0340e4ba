"""The one exception whose message is meant for the user as it stands."""


class UserError(Exception):
    """Something the user can mend; the message is a full sentence and is shown without a traceback."""
