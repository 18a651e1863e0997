"""A small judged collection of everyday texts, made for these tests.

Some queries say what their document says in other words, some name a code or a name that only
the words can find, and near every answer stands a text about the same subject that is none.
"""

from __future__ import annotations

import json
from pathlib import Path

# id: (title, text)
DOCUMENTS: dict[str, tuple[str, str]] = {
    "boiler-reset": (
        "Boiler",
        "When the burner goes out, press the red button under the cover for three seconds. The "
        "flame lights again after half a minute.",
    ),
    "boiler-f28": (
        "Boiler fault codes",
        "F28 means that there is no gas at the burner. F75 means that the pump builds up no "
        "pressure. Write the code down before you call the fitter.",
    ),
    "boiler-service": (
        "Yearly visit of the fitter",
        "The heating is looked over each October by Brandt & Sons. They clean the burner and "
        "measure the fumes.",
    ),
    "radiator-air": (
        "Gurgling radiators",
        "Open the little valve at the side with the square key until water comes out, then close "
        "it. Do the ground floor first.",
    ),
    "washer-e24": (
        "Washing machine",
        "E24 on the display: the water does not drain. Take the plug out of the filter at the "
        "bottom right and clean it.",
    ),
    "washer-wool": (
        "Washing jumpers",
        "Woollen things go in at thirty degrees with little spin, in a net, and dry lying flat.",
    ),
    "washer-transport": (
        "Moving the washing machine",
        "Screw the four transport bolts into the back before the machine is carried, or the drum "
        "is damaged.",
    ),
    "fridge-frost": (
        "Ice in the freezer",
        "Switch the freezer off, put a bowl of hot water in it and wait an hour. Do not scrape "
        "with a knife.",
    ),
    "fridge-seal": (
        "The refrigerator's door",
        "A door that does not close well lets warm air in, and the motor runs all day. Rub the "
        "rubber seal with a little talcum.",
    ),
    "oven-light": (
        "Lamp in the oven",
        "The bulb behind the glass is an E14 of 25 watts for 300 degrees. Unscrew the cover when "
        "the oven is cold.",
    ),
    "kettle-lime": (
        "Chalk in the kettle",
        "Boil it with half water and half vinegar, let it stand for ten minutes, and rinse twice.",
    ),
    "smoke-alarm": (
        "The smoke detector chirps",
        "One chirp a minute says that the battery is low. It takes a nine-volt block.",
    ),
    "fuse-box": (
        "Fuse box",
        "Switch 4 is the kitchen, 5 the bathroom, 6 both bedrooms. If the main switch falls, pull "
        "out everything that is plugged in and try again.",
    ),
    "water-stop": (
        "Where the water is turned off",
        "The main tap is in the cellar behind the shelf with the paint. Turn it clockwise. The "
        "meter beside it is read in December.",
    ),
    "wifi": (
        "Network at home",
        "The name of the wireless network is Amsel-5. Guests use Amsel-Gast, whose password stands "
        "on the card at the fridge.",
    ),
    "printer": (
        "Printer is offline",
        "Turn the printer off and on, wait until the blue lamp stops blinking, and choose HP-2720 "
        "once more in the list of devices.",
    ),
    "backup-disk": (
        "Copies of the computer",
        "Every Sunday the black disk is plugged in and all photos and letters are copied to it. "
        "After that it goes back into the drawer at my sister's.",
    ),
    "phone-broken": (
        "Cracked telephone",
        "The screen was replaced on 3 May at Fonofix for 129 euros. The guarantee on the repair is "
        "one year.",
    ),
    "tax-deadline": (
        "Tax return",
        "It has to be with the office by the end of July. With an adviser there is time until "
        "February of the year after.",
    ),
    "tax-rooms": (
        "Working at home and the tax",
        "For each day at the desk at home six euros can be set off, at most 1,260 euros a year.",
    ),
    "pension": (
        "Letter from the pension fund",
        "With 67 I shall get 1,430 euros a month if I go on paying in as I do now.",
    ),
    "insurance-water": (
        "Household insurance",
        "It pays when a pipe bursts and furniture gets wet, but not for rain through an open "
        "window. The policy is HV-448-1920.",
    ),
    "insurance-bike": (
        "Insurance of the bicycles",
        "A stolen bicycle is paid for if it was locked to something fixed. The frame numbers are "
        "WX1187 and WX2203.",
    ),
    "rent-notice": (
        "Leaving the flat",
        "We can give notice at the end of any month, three months ahead, and in writing.",
    ),
    "rent-deposit": (
        "Money left with the landlord",
        "We paid three months' rent as a deposit, 2,850 euros. It comes back with interest when "
        "the keys are handed over.",
    ),
    "rent-noise": (
        "House rules",
        "Between ten at night and six in the morning it must be quiet, and on Sundays no drilling "
        "at all.",
    ),
    "bins": (
        "Dustbins",
        "Paper is fetched on the first Tuesday of the month, the brown bin every Friday. Glass "
        "goes to the container at the church.",
    ),
    "bulky": (
        "Old furniture",
        "A worn-out sofa is taken away free of charge twice a year: order it with the town three "
        "weeks before.",
    ),
    "bread": (
        "Bread without kneading",
        "Stir flour, water, salt and a pinch of yeast, leave it overnight, and bake it in a closed "
        "pot at 240 degrees for 45 minutes.",
    ),
    "sourdough": (
        "Keeping a starter alive",
        "Feed it once a week with as much flour and water as it weighs, and keep it cold.",
    ),
    "soup": (
        "Grandmother's soup",
        "Leeks, potatoes and a rind of bacon simmer for an hour. Cream only goes in at the table.",
    ),
    "apple-cake": (
        "Apple cake",
        "Eight sour apples, 250 grams of butter, as much sugar, four eggs. Cinnamon on top, never "
        "inside.",
    ),
    "jam": (
        "Plum jam",
        "Cook the fruit without sugar in the oven for six hours until a spoon stands in it.",
    ),
    "eggs": (
        "How long eggs keep",
        "An egg that floats in a glass of water is bad. One that lies on the bottom is fresh.",
    ),
    "coffee": (
        "The espresso machine",
        "Sixteen grams in, thirty-two out, in twenty-eight seconds. If it runs faster, grind finer.",
    ),
    "allergy-nuts": (
        "What Jonas must not eat",
        "No hazelnuts, no walnuts, no marzipan. The syringe is in the blue bag, top pocket.",
    ),
    "ibuprofen": (
        "Medicine for the children",
        "Against a temperature: juice with ibuprofen, five millilitres for twenty kilos, at most "
        "three times a day.",
    ),
    "vaccination": (
        "Vaccinations",
        "Tetanus was refreshed in 2019 and is due again in 2029. Against ticks the third dose is "
        "missing.",
    ),
    "back-pain": (
        "For a sore back",
        "Lie on the floor with the calves on a chair for ten minutes, then walk a little. Heat "
        "helps, lying in bed does not.",
    ),
    "dentist": (
        "Dentist",
        "Dr. Okafor, Lindenstrasse 12, Mondays until eight in the evening. The next look is in "
        "March.",
    ),
    "sleep": (
        "Sleeping better",
        "No screen in the last hour, the window open, and up at the same time each day, even on "
        "Sundays.",
    ),
    "dog-walk": (
        "The neighbours' dog",
        "Bruno goes out at seven and at five. He pulls when he sees cats. His lead hangs behind "
        "the door.",
    ),
    "cat-food": (
        "The cat",
        "Minka gets half a tin in the morning and half in the evening, and never milk: it gives "
        "her cramps.",
    ),
    "tomatoes": (
        "Tomatoes on the balcony",
        "Break off the side shoots, water the soil and not the leaves, and feed them every two "
        "weeks from June on.",
    ),
    "roses": (
        "Pruning the roses",
        "Cut them when the forsythia flowers, a finger above an eye that looks outwards.",
    ),
    "lawn": (
        "Moss in the grass",
        "Rake it out in April, strew sand, and mow no shorter than four centimetres.",
    ),
    "slugs": (
        "Slugs in the salad",
        "Go out with a torch after rain and gather them, or put a board down: in the morning they "
        "sit under it.",
    ),
    "orchid": (
        "The orchid at the window",
        "Dip the pot into water for ten minutes once a week and let it drip. No full sun.",
    ),
    "bike-chain": (
        "The bicycle's chain",
        "Wipe it, put one drop on each link, turn, wipe again. If it jumps under load it is worn "
        "out.",
    ),
    "bike-tyre": (
        "A puncture",
        "Take the tube out, hold it under water and look for bubbles, roughen, glue, wait five "
        "minutes, press the patch on.",
    ),
    "car-tyres": (
        "Winter tyres",
        "From October to Easter. 2.4 bar in front, 2.2 behind. After fifty kilometres the bolts "
        "are tightened again.",
    ),
    "car-battery": (
        "The car does not start",
        "Red cable to plus, black cable to bare metal of the engine, start the other car first, "
        "and take them off in the other order.",
    ),
    "parking": (
        "Residents' parking",
        "The permit for zone 7 costs 120 euros a year and is put on the number plate at the town "
        "hall, room 203.",
    ),
    "train-late": (
        "Money back from the railway",
        "From sixty minutes too late a quarter of the fare is given back, from two hours a half. "
        "The form is in the app.",
    ),
    "passport": (
        "Passports",
        "Mine ends on 14 September 2027, Lena's in 2031. A new one takes six weeks and a "
        "photograph that is not older than a year.",
    ),
    "hut": (
        "The hut in the mountains",
        "The key is at the baker's in Oberdorf. The stove draws only when the flap is fully open. "
        "Water comes from the spring.",
    ),
    "tent": (
        "The tent",
        "Dry it for a day before it is packed, or it will go mouldy. Two of the pegs are bent.",
    ),
    "piano": (
        "Piano",
        "Tuned by Frau Vogt each spring and autumn, 110 euros. The pedal squeaks when it is damp.",
    ),
    "library-card": (
        "Borrowed books",
        "Four weeks, and twice four weeks more if nobody waits for them. The card has the number "
        "20045518.",
    ),
    "choir": (
        "Choir",
        "We sing on Thursdays at half past seven in the school hall. The concert is on the second "
        "Sunday of Advent.",
    ),
    "swimming": (
        "Swimming lessons",
        "Mila swims on Wednesdays at four. Bring a cap and two euros for the locker.",
    ),
    "school-sick": (
        "A child is ill",
        "Ring the school before eight on 0451 3390. After the third day they want a note from the "
        "doctor.",
    ),
    "invoice-0117": (
        "Invoice 2023-0117",
        "Lang Electrics, two sockets in the kitchen, 184.50 euros, paid on 2 February.",
    ),
    "invoice-0171": (
        "Invoice 2023-0171",
        "Lang Electrics, lamp in the stairway, 96.20 euros, still open.",
    ),
    "invoice-0711": (
        "Invoice 2022-0711",
        "Lang Electrics, doorbell, 58 euros, paid on 1 August.",
    ),
    "dryer-e64": (
        "Tumble dryer",
        "E64 on the display: the motor is blocked. E52 on the display: the sieve is full of fluff.",
    ),
    "dishwasher-e15": (
        "Dishwasher",
        "E15 on the display: water has run into the tray at the bottom. E09: it does not heat.",
    ),
    "phone-bauer": ("Bauer", "Ilse Bauer, second floor on the left, 0451 77230. Has our key."),
    "phone-sauer": ("Sauer", "Piet Sauer, ground floor, 0451 77203. Takes in parcels."),
    "phone-brauer": ("Brauer", "Ute Brauer, caretaker, 0451 70732. Not on Saturdays."),
}

# query: {document: relevance}
QUERIES: dict[str, dict[str, int]] = {
    "heating stopped working, how do I start it again": {"boiler-reset": 2, "boiler-f28": 1},
    "F75": {"boiler-f28": 2},
    "strange noises from the heater in the living room": {"radiator-air": 2},
    "E24": {"washer-e24": 2},
    "how do I launder a pullover without shrinking it": {"washer-wool": 2},
    "defrosting": {"fridge-frost": 2},
    "which lamp fits the oven, E14": {"oven-light": 2},
    "removing limescale": {"kettle-lime": 2},
    "something in the hall keeps beeping": {"smoke-alarm": 2},
    "a pipe has burst, where do I shut off the supply": {"water-stop": 2, "insurance-water": 1},
    "password for visitors to get on the internet": {"wifi": 2},
    "HP-2720": {"printer": 2},
    "where are the spare copies of our pictures": {"backup-disk": 2},
    "when must I hand in my income declaration": {"tax-deadline": 2},
    "frame number of the bike WX2203": {"insurance-bike": 2},
    "how long before moving out must we tell the landlord": {"rent-notice": 2, "rent-deposit": 1},
    "getting rid of a couch": {"bulky": 2, "bins": 1},
    "is this egg still good": {"eggs": 2},
    "child has a fever": {"ibuprofen": 2, "school-sick": 1},
    "tetanus booster": {"vaccination": 2},
    "what may the boy with the allergy not have": {"allergy-nuts": 2},
    "fixing a flat on my bicycle": {"bike-tyre": 2, "bike-chain": 1},
    "jump-starting with cables": {"car-battery": 2},
    "compensation for a delayed train": {"train-late": 2},
    "Oberdorf key": {"hut": 2},
    "tyre pressure bar": {"car-tyres": 2},
    "travel document expires": {"passport": 2},
    "how to get snails off my lettuce": {"slugs": 2},
    "invoice 0171": {"invoice-0171": 2},
    "invoice 0711": {"invoice-0711": 2},
    "E52": {"dryer-e64": 2},
    "E09": {"dishwasher-e15": 2},
    "Bauer": {"phone-bauer": 2},
    "call 70732": {"phone-brauer": 2},
    "who takes in our parcels": {"phone-sauer": 2},
    "Okafor": {"dentist": 2},
    "policy HV-448": {"insurance-water": 2},
    "room 203": {"parking": 2},
}


def write_collection(folder: Path) -> Path:
    """The collection in BEIR layout, in ``folder``."""
    (folder / "qrels").mkdir(parents=True)
    corpus = (
        json.dumps({"_id": id, "title": title, "text": text})
        for id, (title, text) in DOCUMENTS.items()
    )
    (folder / "corpus.jsonl").write_text("\n".join(corpus), encoding="utf-8")
    queries = (json.dumps({"_id": f"q{n}", "text": query}) for n, query in enumerate(QUERIES))
    (folder / "queries.jsonl").write_text("\n".join(queries), encoding="utf-8")
    judged = [
        f"q{n}\t{document}\t{grade}"
        for n, found in enumerate(QUERIES.values())
        for document, grade in found.items()
    ]
    qrels = "\n".join(["query-id\tcorpus-id\tscore", *judged])
    (folder / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return folder
