"""Invented people. The surnames are made up: nobody is meant."""

import random
from dataclasses import dataclass

# By the gender that invented patients may ask for.
GIVEN = {
    "female": (
        "Adaeze", "Amara", "Anjali", "Beatriz", "Camille", "Chiara", "Delphine", "Eilidh", "Esperanza",
        "Farida", "Greta", "Hana", "Imani", "Ingrid", "Jolene", "Katarina", "Keiko", "Leilani",
        "Lucinda", "Marisol", "Mei", "Nadia", "Nomvula", "Odalys", "Priya", "Rosalind", "Samira",
        "Soledad", "Tamsin", "Wanjiru", "Yolanda", "Zofia",
    ),
    "male": (
        "Abel", "Alonzo", "Anton", "Bashir", "Cedric", "Dmitri", "Emeka", "Esteban", "Farhan", "Gideon",
        "Hiroshi", "Ignacio", "Jamal", "Joaquin", "Kofi", "Lamar", "Leif", "Mateo", "Minh", "Nikhil",
        "Omar", "Pavel", "Rashid", "Santiago", "Tobias", "Wendell", "Yusuf", "Zubair",
    ),
    "nonbinary": (
        "Ariel", "Quinn", "Rowan", "Sasha",
    ),
}  # fmt: skip
SURNAMES = (
    "Abernwick", "Adeyoloma", "Alderquill", "Amberfeld", "Ashlocke", "Barrowmere", "Belmontane",
    "Birchalow", "Bramblewick", "Brightsedge", "Calderune", "Castelvero", "Cloverdene", "Copperlane",
    "Dalrimont", "Delacombra", "Dunmarrow", "Eastquay", "Elmsworthy", "Emberlin", "Fairbrook-Oyelu",
    "Farrowgate", "Fennimarsh", "Ferncastle", "Foxglenn", "Garrimonde", "Glasswater", "Goldmarsh",
    "Haddadeen", "Harrowbeck", "Hazelquist", "Holloway-Nkume", "Ironfield", "Ivorstone", "Jadekamura",
    "Juniperro", "Kestrelson", "Kowalenka", "Larkmoor", "Lindenholt", "Lowenmark", "Mandalawi",
    "Maplethorne", "Marchvale", "Mendoval", "Millrace", "Moonridge", "Ngoyamba", "Nightingall",
    "Northwind", "Oakenshaw", "Okafornu", "Osterlund-Rey", "Patelmore", "Pellworthy",
    "Pinecrest-Diallu", "Quarrington", "Quillfeather", "Ravenscar", "Redfernandez", "Riverton-Ibe",
    "Rosamonte", "Saltmarsh", "Sandovarez", "Silverbirch", "Singhalore", "Stonebridge-Amadi",
    "Sunderholm", "Swiftwater", "Tanakuro", "Thistledown", "Thornapple", "Tidewell", "Tranquillo",
    "Umberfold", "Valdemora", "Vantrell", "Vinterberg", "Wellspring", "Westerlake", "Whitcombe-Sato",
    "Willowmere", "Winterbourne", "Wrenfield", "Yarrowby", "Yellowwood", "Zamorelli", "Zephyrine",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Person:
    """An invented person."""

    name: str
    gender: str


def invent_people(draw: random.Random, how_many: int) -> list[Person]:
    """Return people whose names all differ.

    Raises
    ------
    ValueError
        When more are wanted than there are pairs of names.
    """
    first = [(name, gender) for gender, names in GIVEN.items() for name in names]
    if how_many > len(first) * len(SURNAMES):
        raise ValueError(f"only {len(first) * len(SURNAMES)} people can be invented")
    found = []
    for pair in draw.sample(range(len(first) * len(SURNAMES)), how_many):
        given, surname = divmod(pair, len(SURNAMES))
        name, gender = first[given]
        found.append(Person(name=f"{name} {SURNAMES[surname]}", gender=gender))
    return found


def invent_phone(number: int) -> str:
    """Return a number of the range kept free for fiction (555-0100 to 555-0199); 0 to 299."""
    area = ("614", "380", "740")[number // 100]
    return f"+1 {area} 555 01{number % 100:02}"
