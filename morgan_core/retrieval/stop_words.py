"""The short lists of English: words that carry no claim."""

from __future__ import annotations


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _pairs(pairs: str) -> dict[str, str]:
    return dict(pair.split("/") for pair in pairs.split())


STOP_WORDS = word_set(
    """
    a about above after again all also am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from
    further had has have having he her here hers him his how i if in into is it its itself
    just me more most my of off on once only or other our out over own same she should so
    some such than that the their them then there these they this those through to too under
    until up very was we were what when where which while who whom why will with would you
    your
    """
)

# What questions and answers about documents say beside their matter.
FILLER_WORDS = word_set(
    """
    according based following mentioned provided source sources document documents passage answer
    question context information states stated says please tell give describe explain detail details
    everything anything something summarise summarize overview show list know
    """
)

# Besides the stop words, what a restatement may add or leave out.
LIGHT_WORDS = word_set(
    """
    accordingly additionally become becomes becoming became called consequently finally
    furthermore hence however included includes including indeed instead known likewise located
    moreover namely nevertheless nonetheless occur occurred occurs really refer referred
    refers similarly simply situated specifically therefore thereby though although thus
    upon us whereas whether whose yet within among amongst toward towards via per let may might
    must shall ought not no nor never none neither without cannot nobody nothing nowhere against
    since
    """
)

NEGATIONS = word_set(
    """
    not no never none neither nor without cannot nobody nothing nowhere hardly barely scarcely
    rarely seldom deny denied denies fail failed fails failing refuse refused refuses decline
    declined lack lacked lacks lacking unable prevent prevented prevents false untrue avoid
    avoided nicht kein keine keinen keinem keiner nie niemals ohne ne pas jamais sans nunca sin
    mai senza niet geen нет не لا ليس لم لن 不 没 未 无
    """
)

# What a text says in the place of a negation.
EXCEPTIONS = word_set(
    """
    except excepting excepted exception exceptions exclude excludes excluded excluding exclusion
    exclusions exempt exempted exemption unless non other than rather instead forbidden prohibited
    banned missing absent
    """
)

# What makes of a fact a possibility, a plan or somebody's opinion.
HEDGES = word_set(
    """
    may might can could perhaps possibly probably likely unlikely supposedly allegedly reportedly
    maybe if unless attempt attempted attempts try tried tries plan planned plans propose
    proposed proposes proposal intend intended intends hope hoped want wanted wants wished
    suggest suggested suggests claim claimed claims argue argued argues believe believed
    believes consider considered rumoured rumored supposed expected threatened demanded
    would should almost nearly
    """
)

# Words that set the direction or the reach of a claim: each must stand in the evidence too.
# Those of one line say the same.
_SAME_REACH = """
    more greater
    less fewer
    few
    most
    least
    before until prior
    after
    since
    above over
    below under
    all every each entire whole
    only solely exclusively
    always
    both
    up
    down
    against
    between
    during
    same
    again
"""
REACH = {
    word: line.split()[0] for line in _SAME_REACH.strip().splitlines() for word in line.split()
}

# Prepositions that tell who did what to whom, or where to.
DIRECTIONS = word_set("by from to into against without than before after until")

PRONOUNS = word_set("he she it they him her them his hers its their this these that those such")

AUXILIARIES = word_set(
    """
    is are was were be been being am has have had do does did will would can could shall should
    may might must became becomes become
    """
)

# Form, then infinitive, of the irregular verbs that documents use most.
IRREGULAR = _pairs(
    """
    began/begin begun/begin broke/break broken/break brought/bring built/build bought/buy
    came/come caught/catch chose/choose chosen/choose dealt/deal drew/draw drawn/draw drove/drive
    driven/drive ate/eat eaten/eat fell/fall fallen/fall felt/feel fought/fight found/find
    fled/flee flew/fly flown/fly forbade/forbid forbidden/forbid forgot/forget gave/give
    given/give went/go gone/go grew/grow grown/grow held/hold hid/hide hidden/hide kept/keep
    knew/know laid/lay led/lead left/leave lent/lend lost/lose made/make meant/mean met/meet
    paid/pay ran/run rode/ride rose/rise risen/rise said/say saw/see seen/see sold/sell sent/send
    shot/shoot sang/sing sung/sing sank/sink sat/sit slept/sleep spoke/speak spoken/speak
    spent/spend stood/stand stole/steal stolen/steal struck/strike swore/swear sworn/swear
    swam/swim took/take taken/take taught/teach told/tell thought/think threw/throw
    thrown/throw understood/understand wore/wear worn/wear won/win wrote/write written/write
    """
)

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero",
            "february feb februar",
            "march mar märz mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug août agosto",
            "september sep sept septembre",
            "october oct oktober octobre",
            "november nov noviembre",
            "december dec dezember décembre",
        ),
        1,
    )
    for name in names.split()
}

_ONES = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""
NUMBER_WORDS = {word: n for n, word in enumerate(_ONES.split())} | {
    word: 10 * n for n, word in enumerate(_TENS.split(), 2)
}
ORDINALS = {word: n for n, word in enumerate(_ORDINALS.split(), 1)}
MAGNITUDES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}
CURRENCIES = {"€": "euro", "$": "dollar", "£": "pound", "¥": "yen"}
