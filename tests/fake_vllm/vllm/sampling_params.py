"""How answers are handed over."""


class RequestOutputKind:
    FINAL_ONLY = "final"
