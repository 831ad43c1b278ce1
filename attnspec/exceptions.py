"""Every exception that attnspec raises on purpose."""

from __future__ import annotations


class AttnspecError(Exception):
    """The base of all exceptions that attnspec raises on purpose."""


class InvalidArgument(AttnspecError, ValueError):
    """An argument breaks a rule; the message names argument, rule and value."""


class UnknownName(InvalidArgument):
    """An id, option, adapter or capability that does not exist was asked for."""


class UnusableTarget(InvalidArgument):
    """The target of a run cannot be found or imported."""


class KernelFault(AttnspecError):
    """The kernel did not return a result; the subclass says what it did instead."""


class KernelRaised(KernelFault):
    """The kernel raised an exception."""


class MalformedResult(KernelFault):
    """The kernel returned something other than the result that was asked for."""

    def __str__(self) -> str:
        """Say so, and what came instead."""
        return f"returned something else: {super().__str__()}"


class KernelCrashed(KernelFault):
    """The kernel ended its process."""


class KernelTimedOut(KernelFault):
    """The kernel did not return before the deadline."""


class Inadmissible(AttnspecError):
    """The numeric model promises nothing on this case; the message says why."""


class ConformanceFailure(AttnspecError, AssertionError):
    """An implementation does not conform."""


__all__ = [
    "AttnspecError",
    "ConformanceFailure",
    "Inadmissible",
    "InvalidArgument",
    "KernelCrashed",
    "KernelFault",
    "KernelRaised",
    "KernelTimedOut",
    "MalformedResult",
    "UnknownName",
    "UnusableTarget",
]
