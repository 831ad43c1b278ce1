"""Keywords that several faces have, under names of their own."""

from __future__ import annotations

from attnspec.faces._face import Parameter
from attnspec.faces._values import always, given, off, on, scale


def scale_factor(name: str, *claims: str, promised: str = "") -> Parameter:
    """Return the keyword of the scale, which a function knows by itself."""
    return Parameter(
        names=(name,),
        sentence="the factor on the dot products; None is 1/sqrt(E)",
        says={"scale": ("scale", *claims)},
        value=scale,
        off=scale,
        idle=(None,),
        promised=promised,
    )


def causal_flag(*names: str) -> Parameter:
    """Return the keyword of causality, whose diagonal ends lower right."""
    return Parameter(
        names=names,
        sentence="no query sees a later key; the diagonal ends lower right",
        says={"causal": ("causal",)},
        value=on,
        off=off,
        idle=(False,),
        promised=names[0],
    )


def sinks(*names: str) -> Parameter:
    """Return the keyword of the sinks."""
    return Parameter(
        names=names,
        sentence="(Hq,): a score without a value in every row",
        says={"sink": ("sink",)},
        value=given("sink"),
        off=always(None),
        idle=(None,),
    )


def softcap_or_none(*names: str, **choices: str) -> Parameter:
    """Return the keyword of a softcap that None leaves out, and what it documents."""
    order = "scale and bias" if choices else "scale"
    return Parameter(
        names=names,
        sentence=f"c in c tanh(s/c), after the {order}",
        dialect=choices,
        says={"softcap": ("softcap",)},
        value=given("softcap"),
        off=always(None),
        idle=(None,),
    )


def no_dropout(name: str) -> Parameter:
    """Return the keyword of dropout, which is always off."""
    return Parameter(
        names=(name,),
        form="float, 0",
        sentence="the part of the weights that is dropped: always 0",
        off=always(0.0),
        idle=(0.0,),
    )


__all__ = ["causal_flag", "no_dropout", "scale_factor", "sinks", "softcap_or_none"]
