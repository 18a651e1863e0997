"""Pairs of English words of which one says the opposite of the other."""

from __future__ import annotations

_PAIRS = """
    first/last before/after north/south east/west northern/southern eastern/western
    northeast/southwest northwest/southeast upper/lower high/low higher/lower highest/lowest
    top/bottom above/below inside/outside indoor/outdoor internal/external front/back near/far
    nearest/farthest upstream/downstream increase/decrease increase/reduce rise/fall rose/fell
    raise/lower grow/shrink growth/decline expand/contract gain/lose gain/loss profit/loss
    more/less more/fewer most/least many/few maximum/minimum majority/minority large/small
    larger/smaller largest/smallest big/small bigger/smaller biggest/smallest long/short
    longer/shorter longest/shortest tall/short wide/narrow thick/thin heavy/light heavier/lighter
    deep/shallow full/empty early/late earlier/later earliest/latest old/new older/younger
    older/newer oldest/youngest oldest/newest ancient/modern former/current previous/next
    begin/end start/end start/stop start/finish open/close arrive/depart arrive/leave enter/leave
    enter/exit win/lose victory/defeat attack/defend peace/war friend/enemy ally/enemy
    success/failure succeed/fail successful/unsuccessful allow/forbid permit/prohibit
    legal/illegal accept/reject approve/reject support/oppose agree/disagree include/exclude
    add/remove build/destroy create/destroy connect/disconnect lock/unlock install/uninstall
    enable/disable appear/disappear remember/forget buy/sell import/export lend/borrow
    deposit/withdraw income/expense asset/liability employer/employee tenant/landlord buyer/seller
    sender/recipient teacher/student parent/child male/female man/woman men/women rich/poor
    cheap/expensive strong/weak stronger/weaker strengthen/weaken fast/slow faster/slower hot/cold
    warm/cold wet/dry hard/soft easy/difficult easy/hard good/bad better/worse best/worst
    positive/negative true/false right/wrong same/different common/rare popular/unpopular
    known/unknown likely/unlikely possible/impossible able/unable safe/dangerous
    advantage/disadvantage encourage/discourage direct/indirect dependent/independent
    active/passive public/private domestic/foreign urban/rural major/minor senior/junior
    temporary/permanent optional/mandatory optional/required voluntary/compulsory morning/evening
    summer/winter always/never light/dark lighter/darker
"""

OPPOSITES = tuple((one, other) for one, _, other in (p.partition("/") for p in _PAIRS.split()))
