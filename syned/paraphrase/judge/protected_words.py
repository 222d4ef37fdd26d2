"""Words that decide whether two English instructions ask for the same edit."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")

OPERATIONS: dict[str, str] = {
    "add": (
        "add adds added adding insert inserts inserted inserting include includes included place "
        "places placed placing put puts putting attach attached hang paint draw write install "
        "introduce introduced incorporate apply superimpose append appears appeared surround "
        "decorate cover give gives gave given"
    ),
    "remove": (
        "remove removes removed removing delete deletes deleted deleting erase erases erased "
        "erasing eliminate eliminated eliminates clear cleared gone missing disappeared vanished "
        "disappear vanish discard strip omit exclude extract without hide hidden"
    ),
    "change": (
        "change changes changed changing turn turns turned turning transform transforms "
        "transformed alter altered modify modified convert converted replace replaces replaced "
        "replacing swap swaps swapped switch switched substitute exchange recolor recolour dye "
        "become becomes became adjust update updates updated revise adapt paint color colour cover "
        "move moved"
    ),
}
"""Words that say what is done. One that stands for two operations rules out neither."""

PHRASES: dict[str, tuple[str, ...]] = {
    "remove": (
        "get rid of", "gets rid of", "take away", "take out", "take off", "taken away",
        "taken out", "taken off", "take down", "taken down", "cut out", "crop out", "edit out",
        "no longer", "rid the", "rid of", "wipe out", "wipe off", "blot out", "leave out",
    ),
    "change": ("look like", "looks like", "looked like", "to look as", "into a", "into an"),
}  # fmt: skip

TASK_OPERATIONS: dict[str, tuple[str, ...]] = {
    "add": ("add",),
    "remove": ("remove",),
    "local": ("change", "add"),
    "color": ("change",),
    "background": ("change", "add"),
    "global": ("change", "add"),
    "style": ("change",),
}
"""What Emu Edit's task names say about the operation; `text` edits may be any."""

COLORS = frozenset(
    """
    red orange yellow green blue purple violet pink brown black white gray cyan magenta teal
    turquoise beige gold golden silver maroon navy olive lime indigo crimson scarlet tan khaki
    lavender burgundy bronze copper peach ivory mint rainbow blonde blond
    """.split()
)

NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"dozen": "12", "both": "2", "pair": "2", "twice": "2", "double": "2", "single": "1"}

DIRECTIONS = {
    "left": "left", "right": "right", "top": "top", "upper": "top", "bottom": "bottom",
    "lower": "bottom", "above": "above", "over": "above", "below": "below", "under": "below",
    "underneath": "below", "beneath": "below", "behind": "behind", "front": "front",
    "between": "between", "middle": "middle", "center": "middle", "centre": "middle",
    "inside": "inside", "within": "inside", "outside": "outside", "corner": "corner",
    "foreground": "foreground", "background": "background", "backdrop": "background",
    "north": "north", "south": "south", "east": "east", "west": "west", "upside": "upside",
    "beside": "beside", "near": "beside", "next": "beside", "nearby": "beside",
    "alongside": "beside", "leftmost": "left", "rightmost": "right", "far": "far",
    "closest": "near", "furthest": "far", "farthest": "far", "horizontal": "horizontal",
    "vertical": "vertical",
}  # fmt: skip
"""Directions and places; words that say the same have the same value."""

DEGREES = {
    "bigger": "bigger", "larger": "bigger", "enlarge": "bigger", "grow": "bigger",
    "smaller": "smaller", "shrink": "smaller", "tiny": "small", "small": "small", "little": "small",
    "big": "large", "large": "large", "huge": "large", "giant": "large", "enormous": "large",
    "brighter": "brighter", "brighten": "brighter", "bright": "bright", "darker": "darker",
    "darken": "darker", "dark": "dark", "lighter": "lighter", "lighten": "lighter",
    "light": "light", "more": "more", "less": "less", "longer": "longer", "shorter": "shorter",
    "older": "old", "old": "old", "younger": "young", "young": "young", "day": "day",
    "daytime": "day", "night": "night", "nighttime": "night", "summer": "summer",
    "winter": "winter", "spring": "spring", "autumn": "autumn", "fall": "autumn", "open": "open",
    "closed": "closed", "close": "closed", "very": "very", "really": "very", "extremely": "very",
    "super": "very", "slightly": "slightly", "somewhat": "slightly",
    "day's": "day", "night's": "night", "male": "male", "female": "female", "man": "man",
    "woman": "woman", "men": "man", "women": "woman", "boy": "boy", "girl": "girl",
}  # fmt: skip
"""Words with an opposite that means another edit and lies near in meaning."""

TEXTS = frozenset("text texts word words letter letters lettering phrase phrases".split())
"""Words for what is written."""

NEGATIONS = frozenset(
    "no not never none nothing nobody without cannot don't doesn't isn't aren't won't "
    "can't shouldn't".split()
)

IMPERATIVES = frozenset(
    """
    add put place insert include remove delete erase eliminate get take change make turn replace
    swap convert transform paint color draw write move let give keep set edit create show imagine
    """.split()
)
"""What an instruction begins with, and a caption does not."""

EDIT_VERBS = IMPERATIVES | frozenset(
    """
    attach apply dress surround decorate cover fill hang have render restyle style open close
    lift lower raise rotate flip zoom crop blur brighten darken lighten enlarge shrink resize
    position print introduce incorporate superimpose update adjust alter modify exchange substitute
    switch dye wrap tint sharpen discard clear extend stretch tilt bend curl light dim wash soften
    """.split()
)
"""What else an instruction may begin with; "startle the image" is none, nor is "use the image"."""

STOP_WORDS = frozenset(
    """
    a an the this that these those there here it its it's of to in on at by for from with into onto
    upon and or but as is are was were be been being have has had do does did will would should
    can could may so such some any each every all both either which who whom whose what when where
    while than then also just very too up down out off over through across around along about
    please image picture photo photograph scene shot them they their his her he she him i you we
    my your our me us make makes made making let give gives given get gets keep look looks looking
    like appear appears seem seems instead rather one ones now new still same different
    own way kind type sort piece part side area place thing something someone people
    located situated positioned position current currently existing rid take taken takes away create
    created set setting settings word words text letter letters appearance object objects hue tone
    shade version view resemble resembles resembling entire whole visible time being using use used
    design placed inside image's picture's photo's visual snapshot
    """.split()
)
"""Words that carry no object of an edit."""

REFUSALS = re.compile(
    r"""\b(?:
        i(?:'m|’m|\ am)\ (?:sorry|just\ an?\ ai|an?\ ai|unable|not\ able|afraid)
      | i\ (?:can(?:not|'t|’t)|can\ not|do\ not|don't|apologi[sz]e|would\ be\ happy|understand)
      | as\ an?\ (?:ai|language\ model|assistant)
      | (?:cannot|can't|can’t|unable\ to)\ (?:fulfil|comply|assist|help|provide|edit|process)
      | (?:not\ appropriate|inappropriate\ or|against\ my|language\ model)
      | (?:how|what)\ (?:can|would|do)\ (?:i|you)\b
      | please\ (?:provide|clarify|let\ me\ know|specify)
      | let\ me\ know
      | (?:could|can|would)\ you\ (?:please\ )?(?:provide|clarify|tell|give|specify)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""An assistant talking about itself or to its user; no instruction and no caption does."""

SCAFFOLD = re.compile(
    r"\bINSTRUCT\b|<\|?\w|\|>|\[/?INST|\b(?:paraphras|rephras|reword)\w*|"
    r"\bre-?writ(?:e|ten|ing)\b.{0,20}\b(?:instruction|sentence|caption|text)|"
    r"\b(?:original|following|above|given) (?:instruction|sentence|caption|text)\b|"
    r"\bsame meaning\b|\bother words\b|^\s*(?:user|assistant|system)\s*:|###|```|https?://",
    re.IGNORECASE,
)
"""The prompt's own words, come back in the answer."""
