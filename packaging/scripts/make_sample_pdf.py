"""Write assets/sample/history.pdf, the PDF of the sample library: one chapter a page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF

TITLE = "A short history of Skerry Point Observatory"
CHAPTERS = [
    (
        "1. The regatta, 1966-1968",
        """In August 1966 Ingrid Aune, a teacher of mathematics at the school of Hallow Bay, won \
the Northern Regatta in a borrowed boat called the Second Thought. The prize was 4,200 crowns. \
She spent 3,100 of them on a used 35 centimetre lens, and the rest on cement.

The headland belonged to a sheep farmer, Olaf Brekke, who let it for one crown a year and the \
promise that his sheep could shelter behind the walls. The lease runs for 99 years and ends on \
30 June 2066. The crown is still paid, in cash, at midsummer.

The first dome, Petrel, was built by pupils and parents in two summers. It turned on the wheels \
of eleven scrapped prams. First light was on 14 September 1968, at 21:40: Saturn, seen by Aune, \
by Brekke, and by 63 other people who queued until three in the morning.""",
    ),
    (
        "2. The mirror, 1989-1998",
        """By 1989 the society wanted a large telescope. A mirror blank of 1.2 metres was offered \
by a glassworks that had cast it for a customer who went bankrupt. It cost 86,000 crowns and \
arrived on a fish lorry, packed in 400 kilograms of wool.

It was ground in the school gymnasium over six years by the optician Margit Solheim and nine \
volunteers. Twice the figure was spoilt: once in 1992 by a heating failure, and once in 1994 by \
a football. Solheim finished it on 11 November 1996 with an error of 18 nanometres over the \
whole surface. She did not live to see it used; the telescope bears her first name.

The dome Gannet was raised in 1997. Margit, the telescope, saw first light on 2 April 1998. Its \
first picture, of the Whirlpool Galaxy, hangs in the library, slightly out of focus.""",
    ),
    (
        "3. Discoveries",
        """The observatory has found nine supernovae, two comets and 314 minor planets. The first \
comet, C/1977 K2, was found by Aune herself on 19 May 1977 while she looked for something else. \
The second, in 2009, was found by a visitor aged fourteen, Jonas Reve, during a public evening; \
he is now professor of astronomy in Lisbon.

Minor planet 21 086 is named Brekke after the farmer. Minor planet 40 117 is named Bosun after \
a dog, on the ground that the dog was present.

The longest series kept here is that of the star R Coronae Borealis: 20,418 brightness \
measurements from 1969 to 2024, missing only the eleven weeks of the broken dome in 1991.""",
    ),
    (
        "4. The years ahead",
        """In 2023 the members voted, by 131 to 44, to replace the control software of Gannet and \
to keep the old brass hand wheel beside it. The new software went into service on 5 October 2024.

A fourth dome, Fulmar, is planned for 2028. It is to hold a 60 centimetre robotic telescope \
that looks for near-Earth asteroids. The cost is put at 740,000 euros, of which 290,000 have \
been raised. Building may start once half of the sum is in hand.

Street lighting in Hallow Bay was changed to shielded amber lamps in 2020. The night sky over \
the headland has since darkened from 21.2 to 21.5 magnitudes per square arcsecond, and on clear \
winter nights the Milky Way can be seen in the puddles.""",
    ),
]


def write(path: Path) -> None:
    pdf = FPDF(format=(148, 210))
    pdf.set_title(TITLE)
    pdf.set_author("Skerry Point Observatory Society")
    pdf.set_creation_date(datetime(2025, 3, 1, tzinfo=UTC))
    pdf.set_margin(18)
    pdf.set_auto_page_break(True, margin=18)
    for number, (heading, text) in enumerate(CHAPTERS):
        pdf.add_page()
        if number == 0:
            pdf.set_font("Times", "B", 17)
            pdf.multi_cell(0, 8, TITLE, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(4)
        pdf.start_section(heading)
        pdf.set_font("Times", "B", 13)
        pdf.multi_cell(0, 7, heading, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(1)
        pdf.set_font("Times", size=11)
        pdf.multi_cell(0, 5.4, text, new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))


if __name__ == "__main__":
    write(Path(__file__).parents[2] / "assets" / "sample" / "history.pdf")
