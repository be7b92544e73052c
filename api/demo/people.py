"""Invented people. The surnames are made up: nobody is meant."""

import random
from dataclasses import dataclass

# Given name and the gender that invented patients may ask for (f, m, x).
GIVEN = (
    ("Adaeze", "f"), ("Amara", "f"), ("Anjali", "f"), ("Beatriz", "f"), ("Camille", "f"), ("Chiara", "f"),
    ("Delphine", "f"), ("Eilidh", "f"), ("Esperanza", "f"), ("Farida", "f"), ("Greta", "f"), ("Hana", "f"),
    ("Imani", "f"), ("Ingrid", "f"), ("Jolene", "f"), ("Katarina", "f"), ("Keiko", "f"), ("Leilani", "f"),
    ("Lucinda", "f"), ("Marisol", "f"), ("Mei", "f"), ("Nadia", "f"), ("Nomvula", "f"), ("Odalys", "f"),
    ("Priya", "f"), ("Rosalind", "f"), ("Samira", "f"), ("Soledad", "f"), ("Tamsin", "f"), ("Wanjiru", "f"),
    ("Yolanda", "f"), ("Zofia", "f"), ("Abel", "m"), ("Alonzo", "m"), ("Anton", "m"), ("Bashir", "m"),
    ("Cedric", "m"), ("Dmitri", "m"), ("Emeka", "m"), ("Esteban", "m"), ("Farhan", "m"), ("Gideon", "m"),
    ("Hiroshi", "m"), ("Ignacio", "m"), ("Jamal", "m"), ("Joaquin", "m"), ("Kofi", "m"), ("Lamar", "m"),
    ("Leif", "m"), ("Mateo", "m"), ("Minh", "m"), ("Nikhil", "m"), ("Omar", "m"), ("Pavel", "m"),
    ("Rashid", "m"), ("Santiago", "m"), ("Tobias", "m"), ("Wendell", "m"), ("Yusuf", "m"), ("Zubair", "m"),
    ("Ariel", "x"), ("Quinn", "x"), ("Rowan", "x"), ("Sasha", "x"),
)  # fmt: skip
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
    if how_many > len(GIVEN) * len(SURNAMES):
        raise ValueError(f"only {len(GIVEN) * len(SURNAMES)} people can be invented")
    pairs = draw.sample(range(len(GIVEN) * len(SURNAMES)), how_many)
    return [
        Person(name=f"{GIVEN[pair // len(SURNAMES)][0]} {SURNAMES[pair % len(SURNAMES)]}",
               gender=GIVEN[pair // len(SURNAMES)][1])
        for pair in pairs
    ]  # fmt: skip


def invent_phone(number: int) -> str:
    """Return a number of the range kept free for fiction (555-0100 to 555-0199); 0 to 299."""
    area = ("614", "380", "740")[number // 100]
    return f"+1 {area} 555 01{number % 100:02}"
