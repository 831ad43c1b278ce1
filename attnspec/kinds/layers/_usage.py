"""What layers are called with: vectors, matrices that project them, a few options."""

from __future__ import annotations

from attnspec.judge.usage import (
    COUNT,
    SIZE,
    Argument,
    Usage,
    flag,
    mask,
    number,
    whole,
)

_SCALE = number("the factor on the dot products; 1/sqrt(E) by default")
_CAUSAL = flag("no query sees a later key", ("is_causal",))
_SIZES = {"vector_width": 2, "width": 2, "value_width": 3, "data": "integers"}


def _weights(shape: str, whose: str, *known_as: str) -> Argument:
    """Return a matrix that projects vectors."""
    return Argument(shape, f"makes {whose}", known_as=known_as)


def _projections(readers: str, members: str) -> dict[str, Argument]:
    """Return the three matrices of attention without heads."""
    return {
        "query_weights": _weights(f"{readers} E", "queries", "W_Q"),
        "key_weights": _weights(f"{members} E", "keys", "W_K"),
        "value_weights": _weights(f"{members} Ev", "values", "W_V"),
    }


def _vectors(shape: str, meaning: str = "the vectors of a sequence") -> Argument:
    return Argument(shape, meaning, known_as=("x", "hidden_states"))


def _readers(shape: str) -> Argument:
    return Argument(shape, "the vectors that ask", known_as=("query", "hidden_states"))


def _members(shape: str) -> Argument:
    return Argument(
        shape,
        "the vectors that are asked",
        known_as=("key", "value", "encoder_hidden_states"),
    )


SELF_ATTENTION = Usage(
    {
        "vectors": _vectors("N D"),
        **_projections("D", "D"),
        "mask": mask("N N"),
        "causal": _CAUSAL,
        "scale": _SCALE,
    },
    {"output": Argument("N Ev", "what each vector has read")},
    {"length": 2, **_SIZES},
)
CROSS_ATTENTION = Usage(
    {
        "readers": _readers("L D"),
        "members": _members("S D"),
        **_projections("D", "D"),
        "mask": mask("L S"),
        "scale": _SCALE,
    },
    {"output": Argument("L Ev", "what each reader has read")},
    {"readers": 2, "members": 3, **_SIZES},
)
POOLING = Usage(
    {
        "query": Argument("E", "what is asked for", known_as=("seed", "latent query")),
        "key": Argument("S E", "a vector that each member is known by"),
        "value": Argument("S Ev", "what each member has to say"),
        "mask": mask("S", "True where a member is visible"),
    },
    {"output": Argument("Ev", "the whole set in one vector")},
    {"members": 3, "width": 2, "value_width": 2, "data": "integers"},
)
DECODING = Usage(
    {
        "memory": Argument("S D", "what the source says", known_as=("encoder output",)),
        "embedding": Argument("V D", "a vector for each token"),
        "positions": Argument("P D", "a vector for each position"),
        "own": Argument("3 D D", "makes queries, keys and values of what was written"),
        "source": Argument("3 D D", "makes queries of that, keys and values of memory"),
        "output": Argument(
            "D V", "makes a score for each token", known_as=("lm_head",)
        ),
        "start": whole("the first token", known_as=("bos_token_id",)),
        "stop": whole("the token that ends the text", known_as=("eos_token_id",)),
        "limit": whole("how many tokens are given back", SIZE, ("max_new_tokens",)),
        "cached": flag("keys and values are kept from step to step", ("use_cache",)),
    },
    {
        "output": Argument(
            "N", "the tokens, and after the stop token that again", COUNT, "integer"
        )
    },
    {"source": 1, "width": 2, "tokens": 3, "limit": 3},
    {"S": "members of the source", "D": "width of all vectors", "N": "tokens"},
)

_HEADED = {
    "mask": mask("B Hq L S"),
    "causal": _CAUSAL,
    "scale": _SCALE,
}
MULTI_HEAD = Usage(
    {
        "readers": _readers("B L D"),
        "members": _members("B S F"),
        "query_weights": _weights("Hq D E", "the queries of each head", "W_Q"),
        "key_weights": _weights("Hkv F E", "the keys of each head", "W_K"),
        "value_weights": _weights("Hkv F Ev", "the values of each head", "W_V"),
        "output_weights": _weights("Hq Ev Dout", "of each head's output a part", "W_O"),
        **_HEADED,
    },
    {"output": Argument("B L Dout", "the sum over all heads")},
    {
        **dict.fromkeys(("reader_width", "member_width", "output_width"), 2),
        **dict.fromkeys(("readers", "members", "width", "value_width"), 2),
        "data": "integers",
    },
)
SPLIT_HEADS = Usage(
    {
        "x": _vectors("B L HE", "vectors of all heads side by side"),
        "heads": whole("how many heads there are", SIZE, ("num_heads",)),
    },
    {"output": Argument("B H L E", "each head by itself")},
    {"length": 2, "heads": 2, "width": 2},
)
MERGE_HEADS = Usage(
    {"x": Argument("B H L E", "each head by itself")},
    {"output": Argument("B L HE", "the heads side by side")},
    {"length": 2, "heads": 2, "width": 2},
)

_MEMBERS = {"S": "members", "F": "width of a member", "C": "width of a latent"}
_LATENT = _weights("F C", "the latent of each member", "W_DKV", "kv_a_proj")
_ROTARY_KEY = _weights("F R", "the key that is turned, shared by all heads", "W_KR")
LATENT = Usage(
    {
        "readers": _readers("B L D"),
        "members": _members("B S F"),
        "query_weights": _weights("H D E", "the queries of each head", "W_Q"),
        "latent_weights": _LATENT,
        "key_weights": _weights("H C E", "keys of a latent", "W_UK", "kv_b_proj"),
        "value_weights": _weights("H C Ev", "values of a latent", "W_UV", "kv_b_proj"),
        "output_weights": _weights("H Ev Dout", "of each head's output a part", "W_O"),
        "rotary_query_weights": _weights("H D R", "the queries to turn", "W_QR"),
        "rotary_key_weights": _ROTARY_KEY,
        **_HEADED,
        "mask": mask("B H L S"),
        "scale": number("the factor on the scores; 1/sqrt(E + R) by default"),
    },
    {"output": Argument("B L Dout", "the sum over all heads")},
    {
        **dict.fromkeys(("latent_width", "rotary_width"), 2),
        "data": "integers",
    },
    _MEMBERS,
)
LATENT_CACHE = Usage(
    {
        "members": _members("B S F"),
        "latent_weights": _LATENT,
        "rotary_key_weights": _ROTARY_KEY,
    },
    {"output": Argument("B S C+R", "latent and turned key, side by side")},
    {"members": 2, "rotary_width": 2, "data": "integers"},
    _MEMBERS,
)

__all__ = [
    "CROSS_ATTENTION",
    "DECODING",
    "LATENT",
    "LATENT_CACHE",
    "MERGE_HEADS",
    "MULTI_HEAD",
    "POOLING",
    "SELF_ATTENTION",
    "SPLIT_HEADS",
]
